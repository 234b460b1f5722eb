import type { Unsubscribe } from '../../vocabulary/event-stream.ts';
import type { TextRules, ToolManifest } from '../../vocabulary/manifest.ts';
import type { ToolCacheStore } from './tool-cache.ts';
import type { ConfirmTool, ToolCallOptions, ToolCallRequest, ToolOutcome, Validation } from './tool-call.ts';
import type { ToolCheck, ToolExplanation } from './tool-check.ts';
import type { DiscoverOptions } from './tool-discover.ts';
import type { RegisterOptions, ToolHandler } from './tool-handler.ts';
import type { ToolHooks } from './tool-hooks.ts';
import type { LoadReport, ToolFilter, ToolInfo, ToolRegistry } from './tool-registry.ts';
import type {
  ForModelOptions,
  ModelFormat,
  ModelTool,
  SignatureOptions,
  ToolMatch,
  ToolSearchOptions,
} from './tool-select.ts';
import type { ToolServer, ToolServersApi } from './tool-servers.ts';
import type { ToolValidator } from './tool-validator.ts';

/** `runtime.tools`: what a model can call by name. */
export interface ToolsApi {
  /**
   * Adds a tool. A manifest approves what it asks for within the policy, and no more.
   * @param manifest `undefined` for a `.wasm` that carries its own, or whose exports tell what it takes: each of them becomes a tool.
   * @throws {TypeError} on misuse, such as a plain function that is not marked `trusted`.
   * @throws {SandglassError} MANIFEST_INVALID naming the field; MODULE_INVALID; CAPABILITY_DENIED when it wants more than the policy has;
   * UNSUPPORTED.
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
   * Told after tools came or went; what a listener throws harms nobody. The answer takes the listener back, as the end of a `using` block does.
   * @throws {TypeError} for what is not a function.
   */
  onChange(listener: () => void): Unsubscribe;
  /**
   * Registers the tools of a file or a folder: `.wasm`, `.js`, `.ts`, `.py`, each with its manifest inside, in its head comment or beside it.
   * @throws {SandglassError} UNSUPPORTED where there are no files; for a single file whatever `register` throws. Of a folder, what is not a
   * tool is skipped with its reason.
   */
  load(path: string | URL, options?: RegisterOptions): Promise<LoadReport>;
  /**
   * Looks through folders for tools, folders in them too, and registers what it finds; what is not a tool is told with its reason, and what the
   * options leave out is not told. A file that is found again takes the place of its former tool.
   * @throws {TypeError | RangeError} on misuse of the options. @throws {SandglassError} UNSUPPORTED where there are no files.
   * @example await runtime.tools.discover({ dirs: ['./tools'], exclude: ['*.test.js'], kind: 'python' });
   */
  discover(options: DiscoverOptions): Promise<LoadReport>;
  /** Resolves once the folders of `tools.dirs` have been read, to what was last found in them. Calls wait for it by themselves. */
  ready(): Promise<LoadReport>;
  /** Tools in order of name; filters combine. With a caller, only what it may use. */
  list(filter?: ToolFilter): readonly ToolInfo[];
  /** One of them, by name or alias; `undefined` for a name that none has. */
  info(name: string): ToolInfo | undefined;
  /**
   * Calls a tool; every failure is an outcome.
   * @param args A copy of them is checked, coerced and filled with defaults. A text alone fills the field that the manifest names as `pipe`.
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
  /** Servers whose tools stand among those here. */
  readonly servers: ToolServersApi;
}

/** The option `tools` of a runtime. */
export interface ToolsOptions {
  /** The tools that ship, each a guest of its own; see `docs/tools.md`. UNSUPPORTED where there are no files. @default false */
  readonly builtin?: boolean;
  /** Folders whose tools are registered; see `load`. */
  readonly dirs?: readonly (string | URL)[];
  /**
   * Reads `dirs` again when something in them changes. What is not a tool any more leaves the former one in force, and is told by `onNotice` as
   * `tools-refused`. UNSUPPORTED where there are no files. @default false
   */
  readonly watch?: boolean;
  /**
   * Servers of MCP, and other tool hosts, by name: their tools stand among those here, under a prefix. `ready` waits until they were heard.
   * UNSUPPORTED where there is no way to them.
   */
  readonly servers?: Readonly<Record<string, ToolServer>>;
  /**
   * File that remembers what servers told of their tools: one that tells otherwise is held until it is confirmed. The first time is taken as it is.
   * @default remembered for as long as the runtime lasts
   */
  readonly pins?: string | URL;
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
  readonly cache?: {
    readonly entries?: number;
    readonly ttlMs?: number;
    /** In place of memory; `entries` is its own affair then. */
    readonly store?: ToolCacheStore;
  };
  /** Rules of the embedder's over arguments, asked after the schema. @default none */
  readonly validators?: readonly ToolValidator[];
  /** How results become text, where neither manifest nor call says. */
  readonly text?: TextRules;
}
