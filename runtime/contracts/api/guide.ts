import type { Caller } from '../../vocabulary/caller.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { ToolCallOptions, ToolOutcome } from './tool-call.ts';

/** A model behind an endpoint that speaks the protocol of OpenAI's chat completions. */
export interface ModelEndpoint {
  /** Up to and without `/chat/completions`: `https://api.example.com/v1`. */
  readonly url: string;
  /** Name of the model. */
  readonly model: string;
  /** Sent as `Authorization: Bearer`, and nowhere else. */
  readonly key?: string;
  /** ms, 1..600,000. @default 60,000 */
  readonly timeoutMs?: number;
  /** @default the platform's own */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** `runtime.guide`: from a task in words to a call of a tool. Without a model, the index of `tools.search` chooses. */
export interface GuideApi {
  /**
   * The tool for a task, of those that the caller may use.
   * @throws {SandglassError} TOOL_NOT_FOUND when none fits, or the model names none that there is, twice; HOST_CALL_FAILED when it cannot be asked.
   */
  select(task: string, options?: GuideOptions): Promise<Selection>;
  /**
   * Arguments for a task, which fit the schema of the tool; faults are told to the model once.
   * @throws {SandglassError} INPUT_INVALID when they do not fit; UNSUPPORTED without a model, where the tool wants arguments.
   */
  params(task: string, tool: string, options?: GuideOptions): Promise<JsonObject>;
  /** Chooses, fills in, calls; a failure is explained to the model, which tries again. */
  run(task: string, options?: GuideRunOptions): Promise<GuidedOutcome>;
  /** Tools for a task by how well they match and how often their calls have succeeded, best first. */
  recommend(task: string, count?: number, options?: GuideOptions): readonly Recommendation[];
}

export interface GuideOptions {
  readonly caller?: Caller;
  readonly signal?: AbortSignal;
}

export interface GuideRunOptions extends GuideOptions {
  /** Calls at most, 1..10. @default 3 */
  readonly maxAttempts?: number;
  /** What each call has. */
  readonly call?: Omit<ToolCallOptions, 'caller' | 'signal'>;
}

export interface Selection {
  readonly tool: string;
  /** 0..1 */
  readonly confidence: number;
  readonly reason: string;
  readonly alternatives: readonly string[];
}

export interface GuidedOutcome {
  readonly selection: Selection;
  readonly args: JsonObject;
  /** Calls that were made. */
  readonly attempts: number;
  readonly outcome: ToolOutcome;
}

export interface Recommendation {
  readonly tool: string;
  readonly description: string;
  /** 0..1 */
  readonly score: number;
}
