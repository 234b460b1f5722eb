import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../runtime/index.ts';
import { codeOf, thrownCode, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

verifies('RG-11');

const { runtime } = toolsRuntime();
afterAll(() => runtime.close());
const { tools } = runtime;

test('a map of parameters types the arguments', async () => {
  tools.register(
    ...defineTool(
      {
        name: 'map',
        description: 'x',
        input: {
          path: { type: 'string' },
          times: { type: 'integer', default: 2 },
          mode: { enum: ['up', 'down'], optional: true },
          tags: { type: 'array', items: { type: 'string' }, optional: true },
        },
      },
      {
        trusted: true,
        run: (args) => {
          // Each of these must fail to compile: `tsc` reports an unused expectation otherwise.
          // @ts-expect-error: a text has no such method
          expect(() => args.path.toFixed()).toThrow(TypeError);
          // @ts-expect-error: it is not one of the two
          expect(args.mode === 'sideways').toBe(false);
          // @ts-expect-error: it may be absent
          const count = (): number => args.tags.length;
          expect(count).toThrow(TypeError);
          // @ts-expect-error: nothing has this name
          expect(args.other).toBeUndefined();
          return args.path.toUpperCase().repeat(args.times) + (args.mode ?? '');
        },
      },
    ),
  );
  expect(await tools.call('map', { path: 'a' })).toMatchObject({ ok: true, value: 'AA' });
  expect(codeOf(await tools.call('map', { path: 'a', mode: 'sideways' }))).toBe('INPUT_INVALID');
});

test('JSON Schema does, fields in fields too', async () => {
  tools.register(
    ...defineTool(
      {
        name: 'schema',
        description: 'x',
        input: {
          type: 'object',
          properties: {
            rows: {
              type: 'array',
              items: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
            },
            note: { type: 'string' },
            any: { anyOf: [{ type: 'string' }, { type: 'number' }] },
          },
          required: ['rows'],
        },
      },
      {
        trusted: true,
        run: ({ rows, note }) => {
          // @ts-expect-error: it may be absent
          const length = (): number => note.length;
          expect(length).toThrow(TypeError);
          return rows.reduce((sum, { n }) => sum + n, 0);
        },
      },
    ),
  );
  expect(await tools.call('schema', { rows: [{ n: 1 }, { n: 2 }] })).toMatchObject({ ok: true, value: 3 });
});

test('JSON Schema that does not name its type does, too', async () => {
  const [manifest, handler] = defineTool(
    { name: 'bare', description: 'x', input: { properties: { n: { type: 'number' } }, required: ['n'] } },
    { trusted: true, run: ({ n }) => n.toFixed(1) },
  );
  tools.register(manifest, handler);
  expect(await tools.call('bare', { n: 1 })).toMatchObject({ ok: true, value: '1.0' });
  expect(codeOf(await tools.call('bare', {}))).toBe('INPUT_INVALID');
});

test('a schema of zod does', async () => {
  tools.register(
    ...defineTool(
      { name: 'zod', description: 'x', input: z.object({ n: z.number(), unit: z.enum(['m', 'km']) }) },
      {
        trusted: true,
        run: ({ n, unit }) => {
          // @ts-expect-error: a number has no such method
          expect(() => n.toUpperCase()).toThrow(TypeError);
          return `${n.toFixed(1)} ${unit}`;
        },
      },
    ),
  );
  expect(await tools.call('zod', { n: 1, unit: 'km' })).toMatchObject({ ok: true, value: '1.0 km' });
});

test('a function of the host is marked as one', () => {
  // @ts-expect-error: `trusted` is missing
  expect(defineTool({ name: 'a', description: 'x', input: {} }, { run: () => 1 })).toHaveLength(2);
});

test('a guest is defined the same way: its source, or its binary', async () => {
  const made = defineTool(
    { name: 'guest', description: 'x', input: { n: { type: 'number' } } },
    { language: 'js', code: 'export const run = ({ n }) => n * 2' },
  );
  tools.register(...made);
  expect(await tools.call('guest', { n: 2 })).toMatchObject({ ok: true, value: 4 });
  // @ts-expect-error: neither source, nor binary, nor marked as a function of the host
  expect(defineTool({ name: 'a', description: 'x' }, { code: '1' })).toHaveLength(2);
});

test.each<[object, RegExp]>([
  [{ descripton: 'x' }, /descripton.*description/],
  [{ description: 'x', dangerous: 'no' }, /dangerous/],
  [{ description: 'x', input: { n: { type: 'nubmer' } } }, /input.*n/],
  [
    { description: 'x', examples: [{ input: { n: 'one' } }], input: { n: { type: 'number' } } },
    /examples\[0\]\.input/,
  ],
  [
    { description: 'x', capabilities: [{ name: 'kv.read', paths: ['/a'] }] },
    /paths does not narrow "kv.read"/,
  ],
])('a manifest is checked as it is defined: %j', (more, text) => {
  const manifest = { name: 'wrong', ...more } as unknown as { description: string; name: string }; // a mistake that types would tell
  const thrown = (make: () => unknown): { code?: string; message: string } => {
    try {
      make();
    } catch (error) {
      return error as { code?: string; message: string };
    }
    throw new Error('nothing was thrown');
  };
  const defined = thrown(() => defineTool(manifest, { language: 'js', code: '1' }));
  expect([defined.code, defined.message]).toEqual(['MANIFEST_INVALID', expect.stringMatching(text)]);
  const registered = thrown(() => tools.register(manifest, { language: 'js', code: '1' }));
  expect([registered.code, registered.message]).toEqual(['MANIFEST_INVALID', expect.stringMatching(text)]);
});

test('which capabilities there are, the runtime says that takes the tool', () => {
  const manifest = {
    name: 'reaches',
    description: 'x',
    capabilities: ['fs.*', 'dice.roll', { name: 'http', methods: ['GET'] }],
  };
  const made = defineTool(manifest, { language: 'js', code: '1' });
  expect(thrownCode(() => tools.register(...made))).toBe('MANIFEST_INVALID');
});
