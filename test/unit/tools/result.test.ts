import { expect, test } from 'vitest';
import { shorten } from '../../../runtime/tools/result/shorten.ts';
import { codeOf, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

test(
  'text is shortened by its strategy, says so, and the whole is an artifact',
  verifies('RS-03', 'RS-04'),
  async () => {
    const { runtime } = toolsRuntime();
    const whole = Array.from({ length: 10_000 }, (_, index) => `${index}`.padStart(9, 'x')).join(' ');
    runtime.tools.register({ name: 'long', description: 'x' }, { trusted: true, run: () => whole });
    runtime.tools.register({ name: 'short', description: 'x' }, { trusted: true, run: () => ({ a: 1 }) });
    for (const [strategy, keepsEnd] of [
      ['end', false],
      ['middle', true],
      ['smart', true],
    ] as const) {
      const outcome = await runtime.tools.call('long', {}, { text: { maxChars: 10_000, shorten: strategy } });
      expect(outcome.text.length).toBeLessThanOrEqual(10_000);
      expect(outcome).toMatchObject({
        ok: true,
        value: whole,
        truncated: true,
        originalLength: whole.length,
      });
      expect(outcome.text).toMatch(/\[\d+ of 99999 characters left out\]/);
      expect([
        outcome.text.startsWith(whole.slice(0, 1_000)),
        outcome.text.endsWith(whole.slice(-1_000)),
      ]).toEqual([true, keepsEnd]);
      const id = outcome.artifact ?? '';
      expect(runtime.artifacts.read(id, { offset: 5, length: 10 })).toEqual({
        text: whole.slice(5, 15),
        offset: 5,
        total: whole.length,
        mime: 'text/plain',
      });
    }
    const short = await runtime.tools.call('short');
    expect([JSON.parse(short.text), short.truncated, short.originalLength, short.artifact]).toEqual([
      { a: 1 },
      undefined,
      undefined,
      undefined,
    ]);
    expect(runtime.artifacts.read('nobody')).toBeUndefined();
  },
);

test('a file that a tool answers is an artifact; a model reads what it is, not its bytes', async () => {
  const { runtime } = toolsRuntime();
  let value: object = {};
  runtime.tools.register({ name: 'draw', description: 'x' }, { trusted: true, run: () => value });
  const base64 = 'AAEC'.repeat(50_000);
  value = { mime: 'image/png', width: 3, base64 };
  const outcome = await runtime.tools.call('draw');
  const { artifact = '' } = outcome;
  expect(outcome).toMatchObject({ ok: true, value });
  expect(JSON.parse(outcome.text)).toEqual({ mime: 'image/png', width: 3, artifact });
  expect(runtime.artifacts.read(artifact, { offset: 4, length: 4 })).toEqual({
    text: 'AAEC',
    offset: 4,
    total: base64.length,
    mime: 'image/png',
    encoding: 'base64',
  });
  for (const none of [
    { mime: 'image/png', base64: 'AAE' },
    { mime: 'image/png', base64: 'A<EC' },
    { mime: 'a<b', base64: 'AAEC' },
    { mime: 1, base64: 'AAEC' },
    { base64: 'AAEC' },
  ]) {
    value = none;
    const whole = await runtime.tools.call('draw');
    expect([JSON.parse(whole.text), whole.artifact]).toEqual([none, undefined]);
  }
});

test('shorten() keeps JSON JSON, signatures of code, ends of logs', verifies('RS-05', 'RS-06'), () => {
  const json = JSON.stringify({
    rows: Array.from({ length: 20_000 }, (_, id) => ({ id, name: 'n'.repeat(40) })),
    text: 'y'.repeat(100_000),
    last: true,
  });
  const shortJson = shorten(json, 'smart', 5_000);
  expect(Object.keys(JSON.parse(shortJson))).toEqual(['rows', 'text', 'last']);
  expect(shortJson.length).toBeLessThanOrEqual(5_000);
  const body = Array.from({ length: 200 }, (_, line) => `  const v${line} = ${line};`).join('\n');
  const code = ['one', 'two', 'three'].map((name) => `export function ${name}(a) {\n${body}\n}`).join('\n\n');
  const shortCode = shorten(code, 'smart', 2_000);
  expect(shortCode.match(/^export function \w+/gm)).toHaveLength(3);
  expect(shortCode.match(/^\}$/gm)).toHaveLength(3);
  const log = Array.from({ length: 5_000 }, (_, line) => `2026-01-01T00:00:00Z INFO line ${line}`).join('\n');
  const shortLog = shorten(log, 'smart', 2_000).split('\n');
  expect([shortLog[0], shortLog.at(-1)]).toEqual([
    '2026-01-01T00:00:00Z INFO line 0',
    '2026-01-01T00:00:00Z INFO line 4999',
  ]);
  expect(shortLog.some((line) => /\[\d+ of 5000 lines left out\]/.test(line))).toBe(true);
});

test('a text must be in the format that its tool claims', verifies('RS-07', 'RS-09'), async () => {
  const { runtime } = toolsRuntime();
  const call = async (format: 'json' | 'mermaid' | 'text', text: string) => {
    runtime.tools.register(
      { name: 'say', description: 'x', text: { format } },
      { trusted: true, run: () => text },
      { replace: true },
    );
    return runtime.tools.call('say');
  };
  expect(codeOf(await call('json', '{"a":1}'))).toBe('ok');
  expect(codeOf(await call('json', '{a'))).toBe('OUTPUT_INVALID');
  expect(codeOf(await call('mermaid', 'hello'))).toBe('OUTPUT_INVALID');
  expect((await call('mermaid', 'flowchart TD\n  A-->B\n  click A "javascript:alert(1)"')).text).toBe(
    'flowchart TD\n  A-->B',
  );
  expect((await call('text', 'a\u001b[31mred\u001b[0m\u0007')).text).toBe('ared');
});

test('each format for models, search and signatures tell of the same tools', verifies('RG-22'), () => {
  const { runtime } = toolsRuntime();
  const { tools } = runtime;
  const input = {
    operation: { enum: ['add', 'subtract'], description: 'What to do' },
    a: { type: 'number' },
    b: { type: 'number', default: 1 },
  };
  const examples = [{ input: { operation: 'add', a: 1 } }];
  for (const name of ['zeta', 'my.calculator'])
    tools.register(
      {
        name,
        description: `The tool ${name}`,
        input,
        examples,
        keywords: ['arithmetic'],
        output: { type: 'number' },
      },
      { trusted: true, run: () => 1 },
    );
  tools.register(
    { name: 'wipe', description: 'Deletes all', dangerous: true },
    { trusted: true, run: () => 1 },
  );
  expect(tools.forModel({ format: 'openai' })).toMatchObject([
    { type: 'function', function: { name: 'my__calculator', parameters: { required: ['operation', 'a'] } } },
    { function: { name: 'zeta' } },
  ]);
  expect(tools.forModel({ format: 'anthropic', deferLoading: true })[1]).toMatchObject({
    name: 'zeta',
    input_schema: { type: 'object' },
    input_examples: [{ operation: 'add' }],
    defer_loading: true,
  });
  expect(
    tools
      .forModel({ format: 'mcp', dangerous: true })
      .map(({ name, annotations }) => [name, annotations.destructiveHint]),
  ).toEqual([
    ['my.calculator', false],
    ['wipe', true],
    ['zeta', false],
  ]);
  expect(
    tools
      .search('arithmetic')
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['my.calculator', 'zeta']);
  expect(tools.signatures({ format: 'typescript', names: ['zeta'] })).toBe(`declare const tools: {
  /** The tool zeta */
  zeta(args: {
    /** What to do */
    operation: "add" | "subtract";
    a: number;
    /** Default: 1 */
    b?: number;
  }): Promise<number>;
};`);
  expect(tools.signatures({ format: 'python', names: ['zeta'] })).toContain(
    'def zeta(*, operation: Literal["add", "subtract"], a: float, b: float = 1) -> float:',
  );
});
