import { afterAll, expect, test } from 'vitest';
import { nodePlatform } from '../../runtime/platform/node.ts';
import { createRuntimeOn } from '../../runtime/runtime.ts';
import { hostileEngine } from '../support/hostile-engine.ts';

const told: string[] = [];
const runtime = createRuntimeOn(
  {
    ...nodePlatform,
    engines: [hostileEngine],
    hostFunctions: [],
  },
  {
    cache: false,
    cells: { warm: 0 },
    onError: (error) => {
      for (let next: unknown = error; next instanceof Error; next = next.cause) told.push(next.message);
    },
  },
);
afterAll(() => runtime.close());

const thrown = (made: string): string =>
  `export const attack = () => { setTimeout(() => { throw ${made}; }); return new Promise(() => {}); }`;

/** Objects as a guest could make them in a realm of its own; whatever Node calls of them, it calls with functions of the cell's realm. */
test.each([
  [
    'what says how to inspect it',
    "{ [Symbol.for('nodejs.util.inspect.custom')]: (depth, options, inspect) => 'canary ' + typeof inspect }",
  ],
  ['what has a text of its own', "{ toString: () => 'canary', get message() { return 'canary'; } }"],
  [
    'what has a stack of its own',
    "{ get stack() { return 'canary'; }, get [Symbol.toStringTag]() { return 'Error'; } }",
  ],
])('thrown and caught by nobody, %s is not read', async (_name, made) => {
  told.length = 0;
  const outcome = await runtime.run({ language: 'hostile', code: thrown(made) });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
  expect(JSON.stringify(outcome)).not.toContain('canary');
  expect(told.join('\n')).toContain('caught by nobody');
  expect(told.join('\n')).not.toContain('canary');
});

test('an error of our own is told by its name and message', async () => {
  told.length = 0;
  const outcome = await runtime.run({ language: 'hostile', code: thrown("new TypeError('ours')") });
  expect(outcome).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
  expect(told.join('\n')).toContain('TypeError: ours');
});

test.each(['standard', 'maximum'] as const)(
  'a heap that is full ends the run, not the host: at %s, and the next run works',
  async (level) => {
    const fill =
      'export const attack = () => { const kept = []; for (;;) kept.push(new Array(100000).fill(0.5)); }';
    expect(await runtime.run({ language: 'hostile', level, code: fill })).toMatchObject({
      ok: false,
      error: { code: 'MEMORY_EXCEEDED' },
    });
    expect(
      await runtime.run({ language: 'hostile', level, code: 'export const attack = () => 1' }),
    ).toMatchObject({
      ok: true,
    });
  },
);
