import { afterAll, describe, expect, test } from 'vitest';
import { codeOf, ECHO, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

const { runtime, guests } = toolsRuntime({ policy: { env: { A: '1' } } });
afterAll(() => runtime.close());
const { tools } = runtime;

const HOST = { trusted: true, run: (args: unknown) => args } as const;
tools.register({ name: 'host', description: 'x', input: { n: { type: 'integer', optional: true } } }, HOST);
tools.register(
  {
    name: 'strict',
    description: 'x',
    input: {
      timeoutMs: { type: 'integer', minimum: 1_000, maximum: 5_000, optional: true },
      operation: { enum: ['add', 'subtract', 'multiply', 'divide'], optional: true },
      email: { type: 'string', format: 'email', optional: true },
      day: { type: 'string', format: 'date', optional: true },
      id: { type: 'string', format: 'uuid', optional: true },
      address: { type: 'string', format: 'ipv4', optional: true },
      tags: { type: 'array', items: { type: 'string', maxLength: 3 }, maxItems: 2, optional: true },
    },
  },
  ECHO,
);

test(
  'a call fills in its ids, all different, and its outcome goes through JSON without loss',
  verifies('RG-09'),
  async () => {
    const outcomes = await tools.callMany(
      Array.from({ length: 1_000 }, (_, n) => ({ name: 'host', args: { n } })),
    );
    expect(new Set(outcomes.map(({ callId }) => callId)).size).toBe(1_000);
    expect(new Set(outcomes.map(({ meta }) => meta.runId)).size).toBe(1_000);
    const seen: unknown[] = [];
    tools.hooks.add({ name: 'look', on: 'before', run: (call) => void seen.push(structuredClone(call)) });
    await tools.call('host', { n: 1 }, { callId: 'c-1', sessionId: 's-1', metadata: { a: [1, null] } });
    await tools.call('host');
    tools.hooks.remove('look');
    expect(seen[0]).toMatchObject({
      id: 'c-1',
      tool: 'host',
      args: { n: 1 },
      sessionId: 's-1',
      metadata: { a: [1, null] },
    });
    expect(seen[1]).toMatchObject({
      id: expect.stringMatching(/^call-/),
      caller: null,
      sessionId: null,
      time: expect.any(Number),
    });
    expect(JSON.parse(JSON.stringify(seen))).toEqual(seen);
  },
);

describe(
  'all that is wrong with arguments is told in one answer, each with its place and what is allowed',
  verifies('RG-14', 'RG-18'),
  () => {
    const faults = (args: object) =>
      tools.validate('strict', args).errors.map(({ path, message }) => `${path} ${message}`);

    test.each([
      [{ timeoutMs: 999 }, [/^timeoutMs .*>= 1000/]],
      [{ timeoutMs: 1.5 }, [/^timeoutMs .*>= 1000/, /^timeoutMs .*integer/]],
      [{ operation: 'pow' }, [/^operation .*"add", "subtract", "multiply", "divide"/]],
      [{ email: 'nope', day: '2026-02-30' }, [/^email .*format email/, /^day .*format date/]],
      [{ id: 'x', address: '1.2.3.256' }, [/^id .*uuid/, /^address .*ipv4/]],
      [
        { tags: ['abcd', 'b', 'c'] },
        [/^tags has 3 items, at most 2/, /^tags\[0\] has 4 characters, at most 3/],
      ],
      [{ operatoin: 'add' }, [/^operatoin .*did you mean "operation"/]],
    ])('%j', (args, expected) => {
      const found = faults(args);
      expect(found).toHaveLength(expected.length);
      for (const pattern of expected) expect(found.some((fault) => pattern.test(fault))).toBe(true);
    });

    test('and nothing runs', async () => {
      const before = guests();
      expect(tools.validate('strict', { operation: 'pow' })).toMatchObject({ valid: false });
      expect(tools.validate('strict', { timeoutMs: '2000' })).toEqual({
        valid: true,
        errors: [],
        args: { timeoutMs: 2_000 },
      });
      expect(codeOf(await tools.call('strict', { operation: 'pow' }))).toBe('INPUT_INVALID');
      expect(guests()).toBe(before);
    });
  },
);

test(
  'what a guest is shown of its grant is a copy: changing it gains nothing',
  verifies('RG-24'),
  async () => {
    tools.register(
      { name: 'grabs', description: 'x', capabilities: ['env'] },
      {
        language: 'js',
        code: "export const run = async () => { const mine = sandglass.grant(); try { mine.run = {}; mine.tools = ['*']; } catch {} return sandglass.call('run.start', { language: 'js', code: '1' }) }",
      },
    );
    expect(codeOf(await tools.call('grabs'))).toBe('CAPABILITY_DENIED');
  },
);

test("the environment of a tool is what is granted, and never the host's", verifies('RG-25'), async () => {
  const code = 'export const run = () => ({ ...process.env })';
  tools.register({ name: 'env', description: 'x', capabilities: ['env'] }, { language: 'js', code });
  tools.register({ name: 'none', description: 'x' }, { language: 'js', code });
  expect(await tools.call('env')).toMatchObject({ ok: true, value: { A: '1' } });
  expect(await tools.call('none')).toMatchObject({ ok: true, value: {} });
});
