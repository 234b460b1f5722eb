import type { Caller } from '../../vocabulary/caller.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { PrebuiltComponent } from '../engine.ts';
import type { Language } from './run.ts';
import type { ToolOutcome } from './tool-call.ts';

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
  /**
   * Tells whoever listens to `guest.logged` a line; a message is cut to 4,096 characters.
   * @throws {SandglassError} INPUT_INVALID on data over 64 KiB.
   */
  log(level: 'debug' | 'info' | 'warn' | 'error', message: string, data?: JsonValue): void;
  /** Tells whoever listens to `tool.progress` how much of the work is done, 0..1. */
  progress(share: number, message?: string): void;
  /** Calls another tool within this call: its deadline, its caller, its signal. */
  call(name: string, args?: unknown): Promise<ToolOutcome>;
}

export interface RegisterOptions {
  /** The handler is a function of the host's. */
  readonly trusted?: boolean;
  /** Takes the place of a tool of the same name. @default false: that is MANIFEST_INVALID */
  readonly replace?: boolean;
}
