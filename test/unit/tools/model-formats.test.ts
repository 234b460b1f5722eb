import type Anthropic from '@anthropic-ai/sdk';
import { ToolSchema } from '@modelcontextprotocol/core';
import type OpenAI from 'openai';
import { expect, test } from 'vitest';
import type { ModelTool } from '../../../runtime/index.ts';
import { ECHO, toolsRuntime } from '../../support/tools-runtime.ts';
import { verifies } from '../../support/verifies.ts';

verifies('RG-22');

/** Ours is for reading only, which theirs do not say. */
type Writable<T> = T extends (infer Item)[] | readonly (infer Item)[]
  ? Writable<Item>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;

/** Types of the vendors' own packages take what is given: this does not compile otherwise. */
const forOpenAi = (tool: Writable<ModelTool['openai']>): OpenAI.ChatCompletionFunctionTool => tool;
const forAnthropic = (tool: Writable<ModelTool['anthropic']>): Omit<Anthropic.Tool, 'allowed_callers'> =>
  tool;

const { runtime } = toolsRuntime();
runtime.tools.register(
  {
    name: 'files.count',
    description: 'Counts',
    capabilities: ['fs.read', 'http'],
    idempotent: true,
    input: { path: { type: 'string', description: 'é' }, deep: { type: 'boolean', default: false } },
    output: { type: 'object', properties: { n: { type: 'number' } } },
    examples: [{ description: 'All', input: { path: '/a' } }],
  },
  ECHO,
);
runtime.tools.register({ name: 'plain', description: 'Takes nothing' }, ECHO);
runtime.tools.register(
  { name: 'risky', description: 'x', dangerous: true, capabilities: ['fs.delete'] },
  ECHO,
);

test('the format of MCP fits the schema of its own SDK', () => {
  const tools = runtime.tools.forModel({ format: 'mcp', dangerous: true });
  expect(tools).toHaveLength(3);
  for (const tool of tools) expect(ToolSchema.parse(tool)).toEqual(tool);
  expect(ToolSchema.safeParse({ ...tools[0], inputSchema: { type: 'string' } }).success).toBe(false);
});

test('only what is known to change nothing is said to read only', () => {
  const { runtime: own } = toolsRuntime();
  const trusted = { trusted: true } as const;
  const plain = { description: 'x' };
  own.tools.register({ ...plain, name: 'unknown' }, () => 1, trusted);
  own.tools.register({ ...plain, name: 'pure', cacheable: true }, () => 1, trusted);
  own.tools.register({ ...plain, name: 'reads', capabilities: ['fs.read'] }, () => 1, trusted);
  own.tools.register({ ...plain, name: 'writes', capabilities: ['fs.write'] }, () => 1, trusted);
  own.tools.register({ ...plain, name: 'guest' }, ECHO);
  const hints = own.tools
    .forModel({ format: 'mcp' })
    .map(({ name, annotations }) => [name, annotations.readOnlyHint]);
  expect(Object.fromEntries(hints)).toEqual({
    unknown: false,
    pure: true,
    reads: true,
    writes: false,
    guest: true,
  });
});

test('the format of OpenAI fits the types of its SDK and what the service says of names', () => {
  for (const tool of runtime.tools.forModel({ format: 'openai' })) {
    const given = forOpenAi(structuredClone(tool) as Writable<typeof tool>);
    expect(given.type).toBe('function');
    expect(given.function.name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(given.function.parameters).toMatchObject({ type: 'object' });
    expect(Object.keys(given.function).sort()).toEqual(['description', 'name', 'parameters']);
  }
});

test('the format of Anthropic fits the types of its SDK and what the service says of names', () => {
  const asked = {
    format: 'anthropic',
    allowedCallers: ['code_execution_20260120'],
    deferLoading: true,
  } as const;
  for (const tool of runtime.tools.forModel(asked)) {
    const given = forAnthropic(structuredClone(tool) as Writable<typeof tool>);
    expect(given.name).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
    expect(given.input_schema.type).toBe('object');
    expect(tool).toMatchObject({ allowed_callers: ['code_execution_20260120'], defer_loading: true });
  }
  // Without being asked for, nothing stands in it that a service may not know.
  const [plain] = runtime.tools.forModel({ format: 'anthropic', names: ['plain'] });
  expect(plain).toEqual({
    name: 'plain',
    description: 'Takes nothing',
    input_schema: expect.objectContaining({ type: 'object' }),
  });
});

test('a name from any of them finds its tool', async () => {
  const names = [
    runtime.tools.forModel({ format: 'openai' })[0]?.function.name,
    runtime.tools.forModel({ format: 'anthropic' })[0]?.name,
    runtime.tools.forModel({ format: 'mcp' })[0]?.name,
  ];
  expect(names).toEqual(['files__count', 'files__count', 'files.count']);
  for (const name of names) expect(runtime.tools.check(name ?? '').missing).toEqual(['fs.read', 'http']);
  await runtime.close();
});
