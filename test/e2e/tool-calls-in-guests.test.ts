import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createRuntime,
  type Grant,
  type Outcome,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { codeOf } from '../support/tools-runtime.ts';
import { verifies } from '../support/verifies.ts';

verifies('XT-08', 'WF-11');

const NUMBER = { n: { type: 'number' } } as const;

/** Tools of every kind that is a guest, and one of the host's. */
function withTools(): Runtime {
  const runtime = createRuntime({
    limits: { timeoutMs: 300_000 }, // the machine may be slow
    policy: {
      fs: [{ host: './examples/data', guest: '/data', access: ['read'] }],
      tools: ['*'],
      env: { LANG: 'C.UTF-8' },
    },
  });
  const { tools } = runtime;
  const add = (name: string, code: string, more: object = {}): void => {
    tools.register({ name, description: `Does ${name}`, ...more }, { language: 'js', code });
  };
  add('double', 'export const run = ({ n }) => n * 2', {
    input: NUMBER,
    output: { type: 'number' },
    keywords: ['twice'],
    examples: [{ input: { n: 4 }, output: 8 }],
  });
  tools.register(
    { name: 'triple', description: 'Three times a number', input: NUMBER },
    { language: 'py', code: 'def run(args): return args["n"] * 3' },
  );
  tools.register(
    { name: 'add_one', description: 'One more', input: NUMBER },
    { trusted: true, run: ({ n }) => Number(n) + 1 },
  );
  add('fail', "export const run = () => { throw new Error('no luck') }");
  add('spin', 'export const run = () => { for (;;); }');
  add('down', 'export const run = async ({ n }) => n === 0 ? 0 : 1 + await tools.down({ n: n - 1 })', {
    input: NUMBER,
    capabilities: ['tools.call'],
  });
  add(
    'read_first',
    "import { readFileSync, readdirSync } from 'node:fs'; export const run = () => readdirSync('/data').length > 0 && readFileSync('/data/' + readdirSync('/data')[0]).length > 0",
    { capabilities: ['fs.read'] },
  );
  add('ask', 'export const run = () => tools.read_first()', { capabilities: ['tools.call'] });
  add('ask_and_read', 'export const run = () => tools.read_first()', {
    capabilities: ['tools.call', 'fs.read'],
  });
  add('guess', 'export const run = () => 1', { dangerous: true });
  return runtime;
}

let runtime: Runtime;
beforeAll(() => {
  runtime = withTools();
});
afterAll(() => runtime.close());

const GRANT: Grant = { tools: ['*'] };
const run = (language: string, code: string, more: Partial<RunOptions> = {}): Promise<Outcome> =>
  runtime.run({ language, code, grant: GRANT, ...more } as RunOptions);
async function answerOf(outcome: Promise<Outcome>): Promise<unknown> {
  const ended = await outcome;
  if (!ended.ok) throw new Error(`${ended.error.code} ${ended.error.message}\n${ended.stderr}`);
  return ended.value;
}

const TEN = {
  javascript: 'let sum = 0; for (let n = 0; n < 10; n++) sum += await tools.double({ n }); sum',
  typescript: `const all: number[] = await Promise.all(Array.from({ length: 10 }, (_, n: number) => tools.double({ n })));
    all.reduce((sum: number, one: number): number => sum + one, 0)`,
  python: `
import asyncio
one = [tools.double(n=n) for n in range(5)]
others = await asyncio.gather(*(tools.acall("double", n=n) for n in range(5, 10)))
sum(one) + sum(others)`,
};

describe.each(Object.entries(TEN))('%s', (language, code) => {
  test(
    'ten calls are one run: one outcome, one bill, each call in its trace',
    verifies('LM-15'),
    async () => {
      const ended: string[] = [];
      const called: string[] = [];
      using _ended = runtime.on(
        'run.ended',
        ({ identity }) => void (identity.depth === 0 && ended.push(identity.runId)),
      );
      using _called = runtime.on('tool.called', ({ callId }) => void called.push(callId));
      const outcome = await run(language, code);
      expect(outcome).toMatchObject({ ok: true, value: 90 });
      const { usage, meta } = outcome;
      expect(ended).toEqual([meta.runId]);
      expect(usage.hostCalls).toEqual({ 'tools.call': 10 });
      expect(meta.calls).toHaveLength(10);
      expect(meta.calls?.map(({ callId }) => callId).toSorted()).toEqual(called.toSorted());
      const spent = (meta.calls ?? []).map(({ tool, ok, fuel, outputBytes }) => {
        expect(outputBytes).toBeGreaterThan(0);
        expect([tool, ok]).toEqual(['double', true]);
        return fuel ?? 0;
      });
      expect(Math.min(...spent)).toBeGreaterThan(0);
      expect(usage.fuel).toBeGreaterThan(spent.reduce((sum, fuel) => sum + fuel, 0));
      expect(JSON.parse(JSON.stringify(outcome)).meta.calls).toHaveLength(10);
    },
  );
});

test('tools of every kind are called alike; one that was denied or unknown is in the trace, too', async () => {
  const outcome = await run(
    'python',
    `
seen = [tools.double(n=1), tools.triple(n=1), tools.add_one({"n": 1})]
for name in ["fail", "nope", "guess"]:
    try:
        tools[name]()
    except sandglass.ToolError as error:
        seen.append(error.code)
seen`.replace('\n', '\nimport sandglass\n'),
  );
  expect(outcome).toMatchObject({
    ok: true,
    value: [2, 3, 2, 'GUEST_THREW', 'TOOL_NOT_FOUND', 'CONFIRMATION_REQUIRED'],
  });
  expect(outcome.meta.calls?.map(({ tool, ok, code = 'ok' }) => `${tool} ${ok} ${code}`)).toEqual([
    'double true ok',
    'triple true ok',
    'add_one true ok',
    'fail false GUEST_THREW',
    'nope false TOOL_NOT_FOUND',
    'guess false CONFIRMATION_REQUIRED',
  ]);
});

test(
  'a failing call is an error with code, message and hint; nobody need catch it',
  verifies('WF-12'),
  async () => {
    const caught = `const seen = [];
    for (const call of [() => tools.double({ n: 'x' }), () => tools.fail({}), () => tools.duble({ n: 1 })]) {
      try { await call() } catch ({ code, message, hint }) { seen.push([code, message.length > 0, hint !== undefined]) }
    }
    seen`;
    expect(await answerOf(run('javascript', caught))).toEqual([
      ['INPUT_INVALID', true, true],
      ['GUEST_THREW', true, false],
      ['TOOL_NOT_FOUND', true, true],
    ]);
    const python = `
from sandglass import ToolError
try:
    tools.double(n="x")
except ToolError as error:
    seen = [error.code, "n" in error.message, error.details["errors"][0]["path"]]
seen`;
    expect(await answerOf(run('python', python))).toEqual(['INPUT_INVALID', true, 'n']);
    expect(codeOf(await run('javascript', 'await tools.duble({ n: 1 })'))).toBe('TOOL_NOT_FOUND');
    expect(codeOf(await run('python', 'tools.double(n=1, m=2)'))).toBe('INPUT_INVALID');
  },
);

test('a guest finds tools and reads their signatures', async () => {
  const js = `const [first] = await tools.search('twice');
    const { input, examples, signature } = await tools.describe(first.name);
    [first.name, input.properties.n.type, examples[0].output, signature.includes('double(')]`;
  expect(await answerOf(run('javascript', js))).toEqual(['double', 'number', 8, true]);
  const py = `
first = tools.search("three times", 1)[0]
about = tools.describe(first["name"])
[first["name"], about["description"], "def triple" in about["signature"]]`;
  expect(await answerOf(run('python', py))).toEqual(['triple', 'Three times a number', true]);
  const narrow = `[(await tools.search('double')).length, (await tools.search('times')).map(({ name }) => name)]`;
  expect(await answerOf(run('javascript', narrow, { grant: { tools: ['triple'] } }))).toEqual([
    0,
    ['triple'],
  ]);
});

test('calls are nested 8 deep at most, and the calls of calls are told', verifies('LM-15'), async () => {
  const outcome = await run('javascript', 'await tools.down({ n: 3 })');
  expect(outcome).toMatchObject({ ok: true, value: 3 });
  const depthOf = (calls: Outcome['meta']['calls']): number =>
    calls === undefined ? 0 : 1 + depthOf(calls[0]?.calls);
  expect(depthOf(outcome.meta.calls)).toBe(4);
  expect(outcome.usage.hostCalls).toEqual({ 'tools.call': 4 });
  expect(await run('javascript', 'await tools.down({ n: 7 })')).toMatchObject({ ok: true, value: 7 });
  const tooDeep = await run('javascript', 'await tools.down({ n: 8 })');
  expect(codeOf(tooDeep)).toBe('UNSUPPORTED');
});

test('nested calls end with the budget of the run', verifies('LM-15'), async () => {
  const fuel = await run('javascript', 'try { await tools.spin({}) } catch ({ code }) { code }', {
    limits: { fuel: 50_000_000 },
  });
  expect(codeOf(fuel)).toBe('FUEL_EXHAUSTED');
  expect(fuel.usage.fuel).toBeGreaterThanOrEqual(50_000_000);
  const calls = await run('javascript', 'for (let n = 0; n < 20; n++) await tools.double({ n })', {
    limits: { hostCalls: 5 },
  });
  expect(codeOf(calls)).toBe('HOST_CALLS_EXCEEDED');
  expect(calls.meta.calls).toHaveLength(5);
});

test('nested calls end with the signal of the run', async () => {
  const abort = new AbortController();
  using _ = runtime.on('run.started', ({ identity }) => void (identity.depth === 1 && abort.abort()));
  const outcome = await run('javascript', 'await tools.spin({})', {
    signal: abort.signal,
    limits: { fuel: Number.MAX_SAFE_INTEGER },
  });
  expect(codeOf(outcome)).toBe('CANCELLED');
  expect(await runtime.runs.list()).toEqual([]);
});

describe('permissions only narrow', () => {
  const caller = (...permissions: string[]) => ({ id: 'ana', permissions });
  test('a tool has what policy and caller have, whatever the code around it has', async () => {
    const code = 'await tools.read_first({})';
    expect(await run('javascript', code)).toMatchObject({ ok: true, value: true });
    expect(await run('python', 'tools.read_first()')).toMatchObject({ ok: true, value: true });
    const permitted = await run('javascript', code, { caller: caller('tools.call', 'fs.*') });
    expect(permitted).toMatchObject({ ok: true, value: true });
    const denied = await run('javascript', code, { caller: caller('tools.call') });
    expect(denied).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { missing: ['fs.read'] } },
    });
    expect(codeOf(await run('javascript', code, { caller: caller('fs.read') }))).toBe('CAPABILITY_DENIED');
  });

  test('what the grant of the run names bounds the tools that it calls', async () => {
    const outcome = await run('javascript', 'await tools.read_first({})', {
      grant: { tools: ['*'], fs: [] },
    });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'CAPABILITY_DENIED' } });
  });

  test('a tool that calls tools lends only what it asked for itself', async () => {
    expect(codeOf(await run('javascript', 'await tools.ask({})'))).toBe('CAPABILITY_DENIED');
    expect(await run('javascript', 'await tools.ask_and_read({})')).toMatchObject({ ok: true, value: true });
  });

  test('without a policy, the grant of the run is all there is', verifies('WF-11'), async () => {
    await using own = createRuntime({ level: 'minimal', limits: { timeoutMs: 300_000 } });
    own.tools.register(
      { name: 'read_it', description: 'x', input: { path: { type: 'string' } }, capabilities: ['fs.read'] },
      {
        language: 'js',
        code: "import { readFileSync } from 'node:fs'; export const run = ({ path }) => readFileSync(path, 'utf8').length > 0",
      },
    );
    const { readdirSync } = await import('node:fs');
    const [file] = readdirSync('./examples/data');
    const code = `await tools.read_it({ path: '/data/${file}' })`;
    const fs = [{ host: './examples/data', guest: '/data' }];
    expect(await own.run({ language: 'js', code, grant: { tools: ['read_it'], fs } })).toMatchObject({
      ok: true,
      value: true,
    });
    const denied = await own.run({ language: 'js', code, grant: { tools: ['read_it'] } });
    expect(denied).toMatchObject({
      ok: false,
      error: { code: 'CAPABILITY_DENIED', details: { missing: ['fs.read'] } },
    });
  });
});

test('a guest reads its own grant', verifies('XT-09'), async () => {
  const grant: Grant = { tools: ['double', 'tri*'], env: { LANG: 'C.UTF-8' } };
  const expected = { tools: ['double', 'tri*'], env: { LANG: 'C.UTF-8' } };
  expect(await answerOf(run('javascript', 'sandglass.grant()', { grant }))).toMatchObject(expected);
  expect(await answerOf(run('python', 'import sandglass\nsandglass.grant()', { grant }))).toMatchObject(
    expected,
  );
});
