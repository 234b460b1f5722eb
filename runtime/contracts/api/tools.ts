import type { Caller, RunIdentity } from '../../vocabulary/caller.ts';
import type { GuestValue, JsonObject, JsonValue } from '../../vocabulary/codec.ts';
import type { RunError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { LimitName, Limits } from '../../vocabulary/limits.ts';
import type { JsonSchema, TextRules, ToolExample, ToolManifest } from '../../vocabulary/manifest.ts';
import type { IsolationLevel, Outcome } from '../../vocabulary/outcome.ts';
import type { Rate } from '../../vocabulary/policy.ts';
import type { PrebuiltComponent } from '../engine.ts';
import type { Language } from './run.ts';

/** `runtime.tools`: what a model can call by name. */
export interface ToolsApi {
  /**
   * Adds a tool. A manifest approves what it asks for within the policy, and no more.
   * @param manifest `undefined` for a `.wasm` that carries its own, or whose exports tell what it takes: each of them becomes a tool.
   * @throws {TypeError} on misuse, such as a plain function that is not marked `trusted`.
   * @throws {SandglassError} MANIFEST_INVALID naming the field; MODULE_INVALID; CAPABILITY_DENIED when it wants more than the policy has; UNSUPPORTED.
   * @example
   * runtime.tools.register(
   *   { name: 'double', description: 'Doubles a number', input: { n: { type: 'number' } } },
   *   { language: 'js', code: 'export const run = ({ n }) => n * 2' },
   * );
   */
  register(
    manifest: ToolManifest | undefined,
    handler: ToolHandler,
    options?: RegisterOptions,
  ): readonly ToolInfo[];
  /** Takes a tool away, by its name. Calls that go on end as they would. Answers whether there was one. */
  unregister(name: string): boolean;
  /**
   * Registers the tools of a file or a folder: `.wasm`, `.js`, `.ts`, `.py`, each with its manifest inside, in its head comment or beside it.
   * @throws {SandglassError} UNSUPPORTED where there are no files; for a single file whatever `register` throws. Of a folder, what is not a
   * tool is skipped with its reason.
   */
  load(path: string | URL, options?: RegisterOptions): Promise<LoadReport>;
  /** Resolves once the folders of `tools.dirs` have been read. Calls wait for it by themselves. */
  ready(): Promise<LoadReport>;
  /** Tools in order of name; filters combine. With a caller, only what it may use. */
  list(filter?: ToolFilter): readonly ToolInfo[];
  /** One of them, by name or alias; `undefined` for a name that none has. */
  info(name: string): ToolInfo | undefined;
  /**
   * Calls a tool; every failure is an outcome.
   * @param args A copy of them is checked, coerced and filled with defaults.
   * @throws {TypeError | RangeError} on misuse of the options only.
   */
  call(name: string, args?: unknown, options?: ToolCallOptions): Promise<ToolOutcome>;
  /** Several at once; outcomes in the order of the calls. */
  callMany(calls: readonly ToolCallRequest[], options?: ToolCallOptions): Promise<readonly ToolOutcome[]>;
  /** Whether arguments fit, without running anything. */
  validate(name: string, args: unknown, options?: { readonly coerce?: boolean }): Validation;
  /** What a call would be granted and what is missing, without running anything. */
  check(name: string, options?: ToolCallOptions): ToolCheck;
  /** Which of policy, level, manifest, caller and call decides each capability and each figure of a call. */
  explain(name: string, options?: ToolCallOptions): ToolExplanation;
  /** Tools by words of their names, descriptions, keywords, tags and examples, best first. */
  search(query: string, options?: ToolSearchOptions): readonly ToolMatch[];
  /** Typed signatures for a prompt: the same text for the same tools, whatever the order they came in. */
  signatures(options: SignatureOptions): string;
  /** Definitions in the form that a model's API takes. Dangerous tools only when asked for. */
  forModel<F extends ModelFormat>(options: ForModelOptions<F>): readonly ModelTool[F][];
  readonly hooks: ToolHooks;
}

/** Guest source, a `.wasm`, or a function of the host's. */
export type ToolHandler = ScriptHandler | ModuleHandler | TrustedHandler | Uint8Array | TrustedTool;

/** Source of a guest: `run(args)`, or what its default export is. */
export interface ScriptHandler {
  readonly language: Language;
  readonly code: string;
  /** Shown in stack traces. @default the name of the tool */
  readonly filename?: string;
  /** Sources that it may import by these specifiers. */
  readonly modules?: Readonly<Record<string, string>>;
  /** Packages of Python. */
  readonly packages?: readonly string[];
}

/** A component, or a preview1 command that reads JSON from stdin and writes JSON to stdout. */
export interface ModuleHandler {
  readonly module: Uint8Array | string | URL | PrebuiltComponent;
  /** Export that the tool is, where it is not of our world: parameters by name. */
  readonly invoke?: string;
}

/** Runs on the host with all its power. Listings show it, and from level `strict` on it is refused. */
export interface TrustedHandler {
  readonly trusted: true;
  readonly run: TrustedTool;
}

/** Passed on its own it needs `{ trusted: true }` among the options. What it throws is GUEST_THREW; a SandglassError keeps its code. */
export type TrustedTool = (args: JsonObject, context: TrustedContext) => unknown;

export interface TrustedContext {
  readonly callId: string;
  readonly caller: Caller | undefined;
  readonly signal: AbortSignal;
  readonly metadata: JsonObject;
  /** What is left of the deadline, ms. */
  remainingMs(): number;
  /** Calls another tool within this call: its deadline, its caller, its signal. */
  call(name: string, args?: unknown): Promise<ToolOutcome>;
}

export interface RegisterOptions {
  /** The handler is a function of the host's. */
  readonly trusted?: boolean;
  /** Takes the place of a tool of the same name. @default false: that is MANIFEST_INVALID */
  readonly replace?: boolean;
}

export interface LoadReport {
  readonly registered: readonly ToolInfo[];
  readonly skipped: readonly SkippedFile[];
}

export interface SkippedFile {
  readonly path: string;
  readonly error: RunError;
}

export type ToolKind = 'component' | 'command' | 'script' | 'trusted';

export interface ToolInfo {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly kind: ToolKind;
  readonly trusted: boolean;
  /** Language of a script. */
  readonly language?: string;
  readonly aliases: readonly string[];
  readonly category: string | null;
  readonly tags: readonly string[];
  readonly keywords: readonly string[];
  readonly input: JsonSchema;
  readonly output: JsonSchema | null;
  readonly examples: readonly ToolExample[];
  readonly capabilities: readonly string[];
  readonly limits: Partial<Limits>;
  readonly dangerous: boolean;
  readonly cacheable: boolean;
  readonly idempotent: boolean;
  readonly requiresAuth: boolean;
  readonly pipe: string | null;
  /** Imports of a `.wasm`, as its binary says. */
  readonly imports: readonly string[];
  /** The file it was loaded from. */
  readonly path?: string;
  readonly uses: ToolUses;
}

export interface ToolUses {
  readonly count: number;
  readonly failures: number;
  /** Of calls that ran; `null` before one. */
  readonly meanMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
}

export interface ToolFilter {
  readonly category?: string;
  readonly tag?: string;
  /** Only tools that need nothing outside of these. */
  readonly permissions?: readonly string[];
  /** Words, as `search` takes them. */
  readonly search?: string;
  readonly caller?: Caller;
}

/** The context of a call. */
export interface ToolCallOptions {
  /** Who calls. @default the embedder itself */
  readonly caller?: Caller;
  /** Narrows the policy for this call. Without a policy it is all there is. */
  readonly grant?: Grant;
  readonly limits?: Partial<Limits>;
  /** The same as `limits.timeoutMs`: the smaller holds. */
  readonly timeoutMs?: number;
  readonly level?: IsolationLevel;
  readonly signal?: AbortSignal;
  /** The run that the call is nested in: it shares its budget, its end, its caller. */
  readonly parent?: RunIdentity;
  /** Further attempts after a failure that may pass, of idempotent tools only, 0..10. @default 2 */
  readonly retries?: number;
  /** `false`: neither read from memory nor kept in it. @default true, for cacheable tools */
  readonly cache?: boolean;
  /** `false`: `"2000"` is not taken for a number. @default true */
  readonly coerce?: boolean;
  /** The answer to a dangerous tool's question, or who gives it. @default `tools.confirm` of the runtime */
  readonly confirm?: boolean | ConfirmTool;
  /** Sorts calls that wait for a place. @default 'normal' */
  readonly priority?: 'low' | 'normal' | 'high' | 'critical';
  /** @default a fresh one */
  readonly callId?: string;
  readonly runId?: string;
  /** Of the conversation that the call belongs to. */
  readonly sessionId?: string;
  /** Told to hooks, trusted tools and events. */
  readonly metadata?: JsonObject;
  /** Overrides the manifest's rules for `text`. */
  readonly text?: TextRules;
  /** Tells in `meta.observed` the smallest grant with which the tool would have ended the same. Not of trusted tools. @default false */
  readonly observe?: boolean;
}

export interface ToolCallRequest extends ToolCallOptions {
  readonly name: string;
  readonly args?: unknown;
}

/** Asked once for each call of a dangerous tool. */
export type ConfirmTool = (call: ToolCallView) => boolean | Promise<boolean>;

/** A call as hooks and confirmations see it: plain JSON, frozen. */
export interface ToolCallView {
  readonly id: string;
  readonly tool: string;
  readonly args: JsonObject;
  readonly caller: Caller | null;
  readonly sessionId: string | null;
  readonly metadata: JsonObject;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** How a call ended: the outcome of its run, and what concerns the tool. */
export type ToolOutcome = Outcome & ToolFacts;

export interface ToolFacts {
  /** Main name of the tool; what was asked for, where there is no such tool. */
  readonly tool: string;
  readonly callId: string;
  readonly sessionId?: string;
  /** What a model reads: the value as text, shortened; of a failure its message and hint. */
  readonly text: string;
  /** `text` is shorter than the result was. */
  readonly truncated?: true;
  /** Characters of the whole text, where it was shortened. */
  readonly originalLength?: number;
  /** Where the whole text is: `runtime.artifacts.read(id)`. */
  readonly artifact?: string;
  /** The stages that the call passed, in order. */
  readonly trace: readonly StageTrace[];
}

export interface StageTrace {
  readonly stage: string;
  readonly ms: number;
  /** The code with which the stage refused. */
  readonly code?: string;
}

export interface Validation {
  readonly valid: boolean;
  readonly errors: readonly ArgumentFault[];
  /** The arguments as a run would get them; absent when they do not fit. */
  readonly args?: JsonObject;
}

/** One thing that is wrong with arguments. */
export interface ArgumentFault {
  /** `operation`, `items[2].name`; empty for the arguments as a whole. */
  readonly path: string;
  readonly message: string;
  readonly rule: string;
  readonly given?: JsonValue;
  readonly allowed?: readonly JsonValue[];
  /** The nearest name or value that is allowed. */
  readonly nearest?: string;
}

export interface ToolCheck {
  readonly allowed: boolean;
  readonly granted: readonly string[];
  readonly missing: readonly string[];
  readonly error?: RunError;
}

/** What of the rules decided. */
export type Decider = 'default' | 'runtime' | 'policy' | 'level' | 'profile' | 'manifest' | 'caller' | 'call';

export interface ToolExplanation {
  readonly tool: string;
  readonly allowed: boolean;
  readonly level: { readonly value: IsolationLevel; readonly decidedBy: Decider };
  /** What kind of tool the policy takes it for; absent where it has no profiles. */
  readonly profile?: string;
  /** How often it may be called, by whose rule. */
  readonly rates: readonly (Rate & { readonly decidedBy: Decider })[];
  readonly capabilities: readonly {
    readonly capability: string;
    readonly allowed: boolean;
    readonly decidedBy: Decider;
  }[];
  /** Only what anybody said something about; all others have their defaults. */
  readonly limits: Readonly<
    Partial<Record<LimitName, { readonly value: number; readonly decidedBy: Decider }>>
  >;
}

export interface ToolSearchOptions {
  /** 1..100. @default 10 */
  readonly limit?: number;
  readonly caller?: Caller;
}

export interface ToolMatch {
  readonly name: string;
  readonly description: string;
  readonly score: number;
}

export interface SignatureOptions {
  readonly format: 'typescript' | 'python';
  /** Names or patterns like `web_*`. @default all */
  readonly names?: readonly string[];
  readonly caller?: Caller;
  /** Also dangerous ones. @default false */
  readonly dangerous?: boolean;
}

export type ModelFormat = 'openai' | 'anthropic' | 'mcp';

export interface ForModelOptions<F extends ModelFormat = ModelFormat> {
  readonly format: F;
  /** Names or patterns. @default all */
  readonly names?: readonly string[];
  readonly caller?: Caller;
  /** Also dangerous ones. @default false */
  readonly dangerous?: boolean;
  /** Anthropic only: who may call, e.g. `code_execution_20250825`. */
  readonly allowedCallers?: readonly string[];
  /** Anthropic only: found by the model's own tool search, not loaded ahead. */
  readonly deferLoading?: boolean;
}

/** By format: one tool as that API takes it. */
export interface ModelTool {
  readonly openai: {
    readonly type: 'function';
    readonly function: {
      readonly name: string;
      readonly description: string;
      readonly parameters: JsonSchema;
    };
  };
  readonly anthropic: {
    readonly name: string;
    readonly description: string;
    readonly input_schema: JsonSchema;
    readonly input_examples?: readonly JsonObject[];
    readonly allowed_callers?: readonly string[];
    readonly defer_loading?: boolean;
  };
  readonly mcp: {
    readonly name: string;
    readonly title?: string;
    readonly description: string;
    readonly inputSchema: JsonSchema;
    readonly outputSchema?: JsonSchema;
    readonly annotations: {
      readonly readOnlyHint: boolean;
      readonly destructiveHint: boolean;
      readonly idempotentHint: boolean;
      readonly openWorldHint: boolean;
    };
  };
}

/** What embedders put around calls. Higher priority first; ties in the order they came. */
export interface ToolHooks {
  /** @throws {TypeError} on a malformed hook, or a name that one has already. */
  add(hook: ToolHook): void;
  /** Answers whether there was one. */
  remove(name: string): boolean;
  list(): readonly string[];
}

interface HookBase {
  readonly name: string;
  /** @default 0 */
  readonly priority?: number;
  /** ms, 1..60_000. @default 5_000 */
  readonly timeoutMs?: number;
  /** Only for these tools: names or patterns. @default all */
  readonly tools?: readonly string[];
}

export type ToolHook =
  | (HookBase & {
      readonly on: 'before';
      /** Goes on with nothing, changes the arguments, which are checked again, or stops the call. What it throws refuses the call. */
      readonly run: (call: ToolCallView) => BeforeAnswer | Promise<BeforeAnswer>;
    })
  | (HookBase & {
      readonly on: 'after';
      /** Sees every outcome; may replace its value. What it throws changes nothing. */
      readonly run: (call: ToolCallView, outcome: ToolResultView) => ValueAnswer | Promise<ValueAnswer>;
    })
  | (HookBase & {
      readonly on: 'error';
      /** Sees failures; may supply a value in their place. What it throws changes nothing. */
      readonly run: (call: ToolCallView, outcome: ToolResultView) => ValueAnswer | Promise<ValueAnswer>;
    });

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that says nothing returns nothing
export type BeforeAnswer = void | undefined | { readonly args: JsonObject } | { readonly stop: string };
// biome-ignore lint/suspicious/noConfusingVoidType: a hook that says nothing returns nothing
export type ValueAnswer = void | undefined | { readonly value: GuestValue };

export interface ToolResultView {
  readonly ok: boolean;
  readonly value?: GuestValue;
  readonly error?: RunError;
  readonly durationMs: number;
}

/** The option `tools` of a runtime. */
export interface ToolsOptions {
  /** The tools that ship: none yet, so that `true` is UNSUPPORTED. @default false */
  readonly builtin?: boolean;
  /** Folders whose tools are registered; see `load`. */
  readonly dirs?: readonly (string | URL)[];
  /** Shared with other runtimes. @default one of its own */
  readonly registry?: ToolRegistry;
  /** No dangerous tool is callable. @default false */
  readonly safeOnly?: boolean;
  /** Only these are callable: names, aliases, patterns. @default all */
  readonly allow?: readonly string[];
  /** These are not; wins over `allow`. */
  readonly deny?: readonly string[];
  /** Asked before dangerous tools. @default nobody: CONFIRMATION_REQUIRED */
  readonly confirm?: ConfirmTool;
  /** Calls that run at once, 1..10_000. @default 10 */
  readonly maxConcurrent?: number;
  /** Of one tool. @default as many as of all */
  readonly maxConcurrentPerTool?: number;
  /** Of one caller. @default as many as of all */
  readonly maxConcurrentPerCaller?: number;
  /** Calls that wait for a place, 0..1_000_000. Over it: QUEUE_FULL. @default 1_000 */
  readonly maxQueued?: number;
  /** Calls of one tool by one caller in a span of time. Over it: RATE_LIMITED. @default no limit */
  readonly rate?: { readonly calls: number; readonly perMs: number };
  /** Results that are remembered: how many, and how long, ms. @default 1,000 for 300,000 */
  readonly cache?: { readonly entries?: number; readonly ttlMs?: number };
  /** How results become text, where neither manifest nor call says. */
  readonly text?: TextRules;
}

/** Tools that several runtimes can share; made by `createToolRegistry`. */
export interface ToolRegistry {
  /** Counts changes: what was made of its tools is stale when it moves. */
  readonly version: number;
  readonly size: number;
}

/** `runtime.artifacts`: whole results of which a model was given a part. */
export interface Artifacts {
  /**
   * A page of one; `undefined` for an id that none has, or that was dropped.
   * @throws {RangeError} on an offset or length out of range.
   */
  read(id: string, page?: ArtifactPage): ArtifactPart | undefined;
}

export interface ArtifactPage {
  /** Characters from the start, 0.. @default 0 */
  readonly offset?: number;
  /** Characters, 1..1_000_000. @default 20_000 */
  readonly length?: number;
}

export interface ArtifactPart {
  readonly text: string;
  readonly offset: number;
  /** Characters of the whole. */
  readonly total: number;
  readonly mime: string;
}
