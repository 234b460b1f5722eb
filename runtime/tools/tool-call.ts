import type { StageTrace, ToolCallOptions, ToolCallView } from '../contracts/api/tool-call.ts';
import type { CalledTools } from '../vocabulary/called-tools.ts';
import type { Caller, RunIdentity } from '../vocabulary/caller.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import type { IsolationLevel } from '../vocabulary/levels.ts';
import type { Limits } from '../vocabulary/limits.ts';
import type { Held } from './held.ts';
import type { Tool } from './tool.ts';

/** One call on its way through the pipeline. What stages find out stands here for those after them. */
export interface ToolCall {
  readonly id: string;
  readonly runId: string;
  /** As the caller said it. */
  readonly name: string;
  /** The same, for messages. */
  readonly shownName: string;
  readonly options: ToolCallOptions;
  /** Who calls, with no permission that the caller of the outer run does not have. */
  readonly caller: Caller | undefined;
  readonly parent: RunIdentity | undefined;
  /** Calls that it is nested in. */
  readonly depth: number;
  /** A profile may make it stricter. */
  level: IsolationLevel;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly started: number;
  readonly metadata: JsonObject;
  readonly trace: StageTrace[];
  /** What was passed as arguments. */
  readonly given: unknown;
  /** Copied and checked. */
  args: JsonObject;
  tool: Tool | undefined;
  /** What the policy holds it to, beside its grant. */
  held: Held | undefined;
  /** What it may touch. */
  grant: Grant;
  limits: Partial<Limits>;
  attempts: number;
  queuedMs: number;
  /** The tools that it called itself, where it is a trusted one: a guest's run tells of its own. */
  readonly called: CalledTools;
  /** Set once it runs. */
  ranAt: number | undefined;
}

/** The tool, in a stage that comes after it was found. */
export function toolOf(call: ToolCall): Tool {
  if (call.tool === undefined) throw new Error('the tool of a call is found by its first stage');
  return call.tool;
}

export const viewOf = (call: ToolCall): ToolCallView =>
  Object.freeze({
    id: call.id,
    tool: call.tool?.manifest.name ?? call.name,
    args: structuredClone(call.args),
    caller: call.caller ?? null,
    sessionId: call.options.sessionId ?? null,
    metadata: structuredClone(call.metadata),
    time: call.time,
  });
