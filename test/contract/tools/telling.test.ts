import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRuntime, type EventOf, type Runtime } from '../../../runtime/index.ts';
import { TEST_CACHE } from '../../support/test-cache.ts';
import { codeOf } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

let runtime: Runtime;
const told: EventOf<'guest.logged' | 'tool.progress'>[] = [];
beforeAll(() => {
  runtime = createRuntime({ cache: TEST_CACHE });
  for (const kind of ['guest.logged', 'tool.progress'] as const)
    runtime.on(kind, (event) => void told.push(event));
});
afterAll(() => runtime.close());

const EXPECTED = [
  { kind: 'guest.logged', level: 'info', message: 'begun', data: { n: [1, null] } },
  { kind: 'tool.progress', total: 1, progress: 0, message: 'first' },
  { kind: 'tool.progress', total: 1, progress: 0.5 },
  { kind: 'tool.progress', total: 1, progress: 1 },
];

const JAVASCRIPT = `export const run = () => {
  sandglass.log('info', 'begun', { n: [1, null] });
  sandglass.progress(-1, 'first'); sandglass.progress(0.5); sandglass.progress(7);
  return sandglass.remainingMs();
}`;
const PYTHON = `import sandglass
def run(args):
    sandglass.log("info", "begun", {"n": [1, None]})
    sandglass.progress(-1, "first"); sandglass.progress(0.5); sandglass.progress(7)
    return sandglass.remaining_ms()`;

describe('what a tool tells of itself', verifies('RG-26'), () => {
  test.each([
    ['JavaScript', { language: 'js', code: JAVASCRIPT }, 'minimal'],
    ['JavaScript in a worker', { language: 'js', code: JAVASCRIPT }, 'standard'],
    ['Python', { language: 'python', code: PYTHON }, 'standard'],
    [
      'a trusted tool',
      {
        trusted: true,
        run: (_: unknown, context: import('../../../runtime/index.ts').TrustedContext) => {
          context.log('info', 'begun', { n: [1, null] });
          context.progress(-1, 'first');
          context.progress(0.5);
          context.progress(7);
          return context.remainingMs();
        },
      },
      'minimal',
    ],
  ] as const)('%s: in order, with the id of the run, without a grant', async (name, handler, level) => {
    const runId = name.replaceAll(' ', '-');
    told.length = 0;
    runtime.tools.register({ name: 'tells', description: 'x' }, handler as never, { replace: true });
    const caller = { id: 'ana', permissions: [] };
    const outcome = await runtime.tools.call('tells', {}, { runId: runId, level, caller, timeoutMs: 9_000 });
    expect(outcome).toMatchObject({ ok: true });
    expect(told.map(({ time, identity, callId, tool, ...rest }) => rest)).toEqual(EXPECTED);
    expect(new Set(told.map(({ tool, callId }) => `${tool} ${callId}`))).toEqual(
      new Set([`tells ${outcome.callId}`]),
    );
    expect(new Set(told.map(({ identity }) => identity.runId))).toEqual(new Set([runId]));
    const left = Number(outcome.ok && outcome.value);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(9_000);
  });

  test('a run whose clock stands still is told the same time each time', async () => {
    const options = { deterministic: { seed: 1, now: 0 }, limits: { timeoutMs: 60_000 } };
    const code = 'import sandglass\nlog = sandglass.log("info", "x")\nsandglass.remaining_ms()';
    expect(await runtime.run({ language: 'python', code, ...options })).toMatchObject({
      ok: true,
      value: 60_000,
    });
  });

  test('is bounded as calls of the host are, and refused by what is none of it', async () => {
    const many = await runtime.run({
      language: 'js',
      code: 'for (let n = 0; n < 20; n++) sandglass.progress(n / 20)',
      limits: { hostCalls: 10 },
    });
    expect(codeOf(many)).toBe('HOST_CALLS_EXCEEDED');
    expect(many.usage.hostCalls).toMatchObject({ 'sandglass.tell': 11 });
    told.length = 0;
    const wrong = await runtime.run({
      language: 'js',
      code: `const tries = [() => sandglass.log('loud', 'x'), () => sandglass.progress(NaN), () => sandglass.progress('1'),
        () => sandglass.log('info', 'x', 'y'.repeat(70_000)), () => sandglass.log('info', 'm'.repeat(10_000))];
        tries.map((run) => { try { run(); return 'ok' } catch (error) { return error.code } })`,
    });
    expect(wrong).toMatchObject({
      ok: true,
      value: ['INPUT_INVALID', 'INPUT_INVALID', 'INPUT_INVALID', 'INPUT_INVALID', 'ok'],
    });
    expect(told.map(({ message }) => message?.length)).toEqual([4_097]);
  });
});

describe('scripts as others write them', verifies('RG-01', 'EX-32'), () => {
  test.each([
    [
      'module.exports = { run }',
      'js',
      'const { join } = require("node:path"); module.exports = { run: ({ a }) => join(a, "b") }',
      'x/b',
    ],
    ['module.exports = function', 'js', 'module.exports = async ({ a }) => a + 1', 'x1'],
    ['exports.run', 'js', 'exports.run = ({ a }) => a', 'x'],
    [
      'a function beside other exports',
      'js',
      'function run({ a }) { return a + help() }\nconst help = () => "!"; module.exports = { help };',
      'x!',
    ],
    ['module.exports in a text', 'js', 'export const run = ({ a }) => a + "module.exports".length', 'x14'],
    ['parameters by name', 'python', 'def run(a, b=2):\n    return a * b', 'xx'],
    ['args and more', 'python', 'def run(args, more="-"):\n    return args["a"] + more', 'x-'],
    ['one parameter of any name', 'python', 'def run(a):\n    return a["a"]', 'x'],
    [
      'a function that @tool decorates',
      'python',
      'from sandglass import tool\n@tool(category="x")\ndef any_name(a: str) -> str:\n    return a + "."',
      'x.',
    ],
  ])('%s', async (_, language, code, value) => {
    runtime.tools.register(
      { name: 'written', description: 'x', input: { a: { type: 'string' } } },
      { language: language as 'js', code },
      { replace: true },
    );
    expect(await runtime.tools.call('written', { a: 'x' })).toMatchObject({ ok: true, value });
  });

  test('one without any says what it wants', async () => {
    runtime.tools.register({ name: 'empty', description: 'x' }, { language: 'python', code: 'x = 1' });
    const outcome = await runtime.tools.call('empty');
    expect(outcome.ok ? '' : outcome.error.message).toMatch(/no function run\(args\)/);
  });
});
