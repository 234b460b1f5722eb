import { generateText, isStepCount, type ToolSet } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { type } from 'arktype';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { toAiSdkCode, toAiSdkTools } from '../../runtime/doors/ai/index.ts';
import { createRuntime, type Runtime, type StandardSchema } from '../../runtime/index.ts';
import { verifies } from '../support/verifies.ts';

let runtime: Runtime;
beforeAll(() => {
  runtime = createRuntime({ level: 'minimal', limits: { timeoutMs: 300_000 } });
  runtime.tools.register(
    {
      name: 'text.double',
      description: 'Doubles a number',
      input: z.object({ n: z.number().describe('Which') }) as unknown as StandardSchema,
    },
    { language: 'js', code: 'export const run = ({ n }) => n * 2' },
  );
  runtime.tools.register(
    {
      name: 'shout',
      description: 'Shouts',
      input: type({ text: 'string', 'loud?': 'boolean' }) as unknown as StandardSchema,
    },
    { language: 'js', code: 'export const run = ({ text }) => text.toUpperCase()' },
  );
});
afterAll(() => runtime.close());

type Call = { readonly toolName: string; readonly input: unknown };
/** A model that calls tools in turn, then repeats what it was told. */
function scripted(calls: readonly Call[]) {
  const prompts: unknown[] = [];
  const model = new MockLanguageModelV4({
    doGenerate: async ({ prompt, tools }) => {
      prompts.push({ prompt, tools });
      const call = calls[prompts.length - 1];
      return {
        content:
          call === undefined
            ? [{ type: 'text', text: JSON.stringify(prompt.at(-1)) }]
            : [
                {
                  type: 'tool-call',
                  toolCallId: `call-${prompts.length}`,
                  toolName: call.toolName,
                  input: JSON.stringify(call.input),
                },
              ],
        finishReason: { unified: call === undefined ? 'stop' : 'tool-calls', raw: undefined },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
        warnings: [],
      };
    },
  });
  return { model, prompts };
}
const generate = async (calls: readonly Call[], tools: unknown) => {
  const { model, prompts } = scripted(calls);
  const { text } = await generateText({
    model,
    prompt: 'go',
    tools: tools as ToolSet,
    stopWhen: isStepCount(5),
  });
  return { text, prompts };
};

test('schemas of zod and arktype are those of tools', verifies('RG-12'), async () => {
  expect(runtime.tools.info('text.double')?.input).toMatchObject({
    properties: { n: { type: 'number', description: 'Which' } },
    required: ['n'],
  });
  expect(runtime.tools.info('shout')?.input).toMatchObject({
    properties: { text: { type: 'string' } },
    required: ['text'],
  });
  expect(runtime.tools.validate('shout', { text: 1, loud: 'x' })).toMatchObject({ valid: false });
  expect(await runtime.tools.call('shout', { text: 'a' })).toMatchObject({ ok: true, value: 'A' });
});

test('a model of the AI SDK calls tools, and reads their text', async () => {
  const { text, prompts } = await generate(
    [
      { toolName: 'text__double', input: { n: 21 } },
      { toolName: 'shout', input: { txt: 'a' } },
    ],
    toAiSdkTools(runtime),
  );
  expect(JSON.stringify(prompts[0])).toContain('"Doubles a number"');
  expect(JSON.stringify(prompts[1])).toContain('"value":"42"');
  expect(text).toContain('INPUT_INVALID');
  expect(text).toContain('error-text');
});

test('code mode is one tool', verifies('XT-08'), async () => {
  for (const [language, code] of [
    [
      'typescript',
      `const all: number[] = await Promise.all([1, 2].map((n) => tools['text.double']({ n }))); all`,
    ],
    ['python', '[tools["text.double"](n=n) for n in (1, 2)]'],
  ] as const) {
    const run_code = toAiSdkCode(runtime, { language });
    expect(run_code.description).toContain('double');
    const { text } = await generate([{ toolName: 'run_code', input: { code } }], { run_code });
    expect(text).toContain('[2,4]');
  }
  const { text } = await generate([{ toolName: 'run_code', input: { code: 'await tools.nope({})' } }], {
    run_code: toAiSdkCode(runtime),
  });
  expect(text).toContain('CAPABILITY_DENIED');
});
