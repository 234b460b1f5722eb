import type { Runtime } from '../../contracts/api/runtime.ts';
import type { ToolCallOptions, ToolOutcome } from '../../contracts/api/tool-call.ts';
import { checkField, checkFields, type FieldKind } from '../../vocabulary/check-fields.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import { unknownName } from '../../vocabulary/nearest.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import type { OutcomeJson } from '../../vocabulary/outcome-json.ts';
import { codeText, HOW_TO_CODE } from './code-text.ts';

/** Input of a tool as the AI SDK takes it: a Standard Schema with its JSON Schema. What is wrong with arguments the call itself says. */
export interface AiInput {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: 'sandglass';
    readonly validate: (value: unknown) => { readonly value: JsonObject };
    readonly jsonSchema: {
      readonly input: () => Record<string, unknown>;
      readonly output: () => Record<string, unknown>;
    };
  };
}

export type AiModelOutput = { readonly type: 'text' | 'error-text'; readonly value: string };

/** A tool of the AI SDK. */
export interface AiTool<Output> {
  readonly description: string;
  readonly inputSchema: AiInput;
  readonly execute: (input: unknown, options?: AiExecution) => Promise<Output>;
  readonly toModelOutput: (result: { readonly output: Output }) => AiModelOutput;
}

export interface AiExecution {
  readonly toolCallId?: string;
  readonly abortSignal?: AbortSignal | undefined;
}

export interface AiToolsOptions {
  /** Names or patterns. @default all */
  readonly names?: readonly string[];
  /** Also dangerous ones; `confirm` of the call, or of the runtime, decides over each. @default false */
  readonly dangerous?: boolean;
  /** What every call has: caller, limits, confirm. */
  readonly call?: Omit<ToolCallOptions, 'signal'>;
}

export interface AiCodeOptions extends Pick<AiToolsOptions, 'names' | 'dangerous'> {
  /** @default 'typescript' */
  readonly language?: 'typescript' | 'python';
  readonly caller?: ToolCallOptions['caller'];
  /** What the code itself may touch beside the tools. @default nothing */
  readonly grant?: Omit<Grant, 'tools'>;
  readonly limits?: Partial<Limits>;
}

const TOOLS: Readonly<Record<keyof AiToolsOptions, FieldKind>> = {
  names: 'list',
  dangerous: 'boolean',
  call: 'object',
};
const CODE: Readonly<Record<keyof AiCodeOptions, FieldKind>> = {
  names: 'list',
  dangerous: 'boolean',
  language: 'text',
  caller: 'object',
  grant: 'object',
  limits: 'object',
};

/**
 * The tools of a runtime as tools of the AI SDK: `generateText({ tools: toAiSdkTools(runtime) })`. A model reads the text of an outcome; your code
 * gets the outcome.
 * @example const { text } = await generateText({ model, prompt, tools: toAiSdkTools(runtime), stopWhen: stepCountIs(5) });
 */
export function toAiSdkTools(
  runtime: Pick<Runtime, 'tools'>,
  options: AiToolsOptions = {},
): Record<string, AiTool<ToolOutcome>> {
  checkField(runtime?.tools, 'runtime.tools', 'object!', 'make tools of the AI SDK');
  checkFields(options, TOOLS, 'make tools of the AI SDK');
  const { names, dangerous, call = {} } = options;
  const asked = defined({ names, dangerous, caller: call.caller });
  return Object.fromEntries(
    runtime.tools
      .forModel({ format: 'openai', ...asked })
      .map(({ function: { name, description, parameters } }) => [
        name,
        {
          description,
          inputSchema: inputOf(parameters),
          execute: (input, { abortSignal } = {}) =>
            runtime.tools.call(name, input, { ...call, ...defined({ signal: abortSignal }) }),
          toModelOutput: ({ output }) => ({ type: output.ok ? 'text' : 'error-text', value: output.text }),
        } satisfies AiTool<ToolOutcome>,
      ]),
  );
}

/**
 * Code mode as one tool of the AI SDK: the model writes a program over the tools of the runtime, which runs in a guest. The description has the typed
 * signatures of the tools.
 * @example generateText({ model, prompt, tools: { run_code: toAiSdkCode(runtime) }, stopWhen: stepCountIs(5) });
 */
export function toAiSdkCode(
  runtime: Pick<Runtime, 'tools' | 'run'>,
  options: AiCodeOptions = {},
): AiTool<Outcome> {
  checkField(runtime?.tools, 'runtime.tools', 'object!', 'make code mode of the AI SDK');
  checkField(runtime.run, 'runtime.run', 'function!', 'make code mode of the AI SDK');
  checkFields(options, CODE, 'make code mode of the AI SDK');
  const { names, dangerous, language = 'typescript', caller, grant, limits } = options;
  if (!Object.hasOwn(HOW_TO_CODE, language))
    throw unknownName('make code mode of the AI SDK: unknown language', language, Object.keys(HOW_TO_CODE));
  const asked = defined({ names, dangerous, caller });
  const signatures = runtime.tools.signatures({ format: language, ...asked });
  const granted = runtime.tools.forModel({ format: 'mcp', ...asked }).map(({ name }) => name);
  return {
    description: `${HOW_TO_CODE[language]}\n\n${signatures}`,
    inputSchema: inputOf({
      type: 'object',
      properties: {
        code: {
          type: 'string',
          description: `A program in ${language === 'python' ? 'Python' : 'TypeScript'}`,
        },
      },
      required: ['code'],
      additionalProperties: false,
    }),
    execute: (input, { abortSignal } = {}) =>
      runtime.run({
        language,
        code: codeOf(input),
        grant: { ...grant, tools: granted },
        ...defined({ caller, limits, signal: abortSignal }),
      }),
    toModelOutput: ({ output }) => modelOutputOf(output),
  };
}

function modelOutputOf(outcome: Outcome): AiModelOutput {
  const json = JSON.parse(JSON.stringify(outcome)) as OutcomeJson; // its own form of it
  return { type: outcome.ok ? 'text' : 'error-text', value: codeText(json) };
}

/** Whatever it is that is not a text, the run says what is wrong with it. */
const codeOf = (input: unknown): string => {
  const { code } = (input ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : String(code);
};

const inputOf = (schema: JsonSchema): AiInput => ({
  '~standard': {
    version: 1,
    vendor: 'sandglass',
    validate: (value) => ({ value: value as JsonObject }),
    jsonSchema: { input: () => ({ ...schema }), output: () => ({ ...schema }) },
  },
});
