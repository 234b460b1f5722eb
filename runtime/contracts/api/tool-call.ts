import type { Caller, RunIdentity } from '../../vocabulary/caller.ts';
import type { PassedStage } from '../../vocabulary/events.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import type { TextRules } from '../../vocabulary/manifest.ts';
import type { IsolationLevel, Outcome } from '../../vocabulary/outcome.ts';
import type { OutputChunk } from './run.ts';

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
  /** Of the conversation that the call belongs to: its calls share artifacts, and one page of a browser. */
  readonly sessionId?: string;
  /** Told to hooks, trusted tools and events. */
  readonly metadata?: JsonObject;
  /** Overrides the manifest's rules for `text`. */
  readonly text?: TextRules;
  /** Tells in `meta.observed` the smallest grant with which the tool would have ended the same. Not of trusted tools. @default false */
  readonly observe?: boolean;
  /** Tells in `meta.trace` what the run of the tool did, beside the stages of its call in `trace`. Not of trusted tools. @default false */
  readonly trace?: boolean;
  /** W3C `traceparent` of what calls, for those who trace its events; no guest sees it. */
  readonly traceparent?: string;
  /** Output of its guest as it comes. Not of trusted tools, and not of answers from memory. What it throws harms nobody. */
  readonly onOutput?: (chunk: OutputChunk) => void;
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
  /** Where the whole text is, or the file that the tool answered: `runtime.artifacts.read(id)`. */
  readonly artifact?: string;
  /** The stages that the call passed, in order. */
  readonly trace: readonly StageTrace[];
}

export type StageTrace = PassedStage;

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
  /** The keyword of the schema that it breaks, or `validator` for a rule of the embedder's. */
  readonly rule: string;
  /** What it offends against beside its schema: the formats `path`, `sql`, `http-url`, and bounds of size. */
  readonly kind?: 'path' | 'sql' | 'url' | 'size';
  readonly given?: JsonValue;
  readonly allowed?: readonly JsonValue[];
  /** The nearest name or value that is allowed. */
  readonly nearest?: string;
}
