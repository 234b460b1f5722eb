import type { OutputChunk } from '../contracts/api/run.ts';
import type { ToolCallOptions, ToolOutcome } from '../contracts/api/tool-call.ts';
import type { ToolsApi } from '../contracts/api/tools.ts';
import type { JobHandler } from '../contracts/queue.ts';
import { defined } from '../vocabulary/defined.ts';
import type { SandglassError } from '../vocabulary/errors.ts';
import { inSlices, type Slices } from '../vocabulary/in-slices.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import { type OutcomeJson, outcomeSlices, outcomeToJson } from '../vocabulary/outcome-json.ts';
import { NOTHING_USED, outcomeOf } from '../vocabulary/outcome-of.ts';
import type { RunJournal } from './run-journal.ts';
import { type RecordsOptions, readFault } from './run-records.ts';

/** What a call may say that is data. */
export type QueuedCallOptions = Omit<ToolCallOptions, 'signal' | 'parent' | 'confirm' | 'onOutput'> & {
  readonly confirm?: boolean;
  /** Its question was answered with no. */
  readonly declined?: true;
};

export interface QueuedCall {
  readonly tool: string;
  /** @default an object without fields */
  readonly args?: unknown;
  readonly options?: QueuedCallOptions;
}

/** The outcome of a call as text doors show it: that of its run, and what concerns the tool. */
export interface ToolOutcomeJson extends OutcomeJson {
  readonly tool: string;
  readonly callId: string;
  readonly text: string;
  readonly sessionId?: string;
  readonly truncated?: true;
  readonly originalLength?: number;
  readonly artifact?: string;
  readonly trace: ToolOutcome['trace'];
}

interface CallPayload {
  readonly tool: string;
  readonly args: JsonValue;
  readonly options: QueuedCallOptions & { readonly runId: string; readonly callId: string };
}

/** A call as a job. The queue checks that it is data when it takes its copy. */
export function toolPayload({ tool, args = {}, options = {} }: QueuedCall): {
  readonly payload: JsonValue;
  readonly runId: string;
  readonly options: QueuedCallOptions;
} {
  const runId = options.runId ?? `run-${crypto.randomUUID()}`;
  const callId = options.callId ?? `call-${crypto.randomUUID()}`;
  const payload: CallPayload = {
    tool,
    args: args as JsonValue,
    options: { ...defined(options), runId, callId },
  };
  return { payload: payload as unknown as JsonObject, runId, options }; // an interface, so TypeScript sees no index signature
}

/** Does the jobs: what it answers is always an outcome. */
export function createToolHandler(
  tools: Pick<ToolsApi, 'call'>,
  onFault: RecordsOptions['onFault'],
  journal?: Pick<RunJournal, 'began'>,
): JobHandler {
  return async (payload, { id, signal, queuedMs, emit }) => {
    const { tool, args, options: asked } = payload as unknown as CallPayload; // what toolPayload has made
    const { declined, ...options } = asked;
    journal?.began(id);
    const onOutput = ({ stream, text }: OutputChunk): void => {
      if (text !== '') emit({ stream, text });
    };
    try {
      const outcome = await tools.call(tool, args, {
        ...options,
        ...(declined === true ? { confirm: () => false } : {}),
        signal,
        onOutput,
      });
      const { meta, ...rest } = await inSlices(toolOutcomeSlices(outcome));
      // interfaces, so TypeScript sees no index signature
      return { ...rest, meta: { ...meta, queuedMs: meta.queuedMs + queuedMs } } as unknown as JsonValue;
    } catch (error) {
      return neverCalled(payload, queuedMs, readFault(error, options.runId, onFault)) as unknown as JsonValue;
    }
  };
}

function* toolOutcomeSlices(outcome: ToolOutcome): Slices<ToolOutcomeJson> {
  const { tool, callId, text, sessionId, truncated, originalLength, artifact, trace } = outcome;
  const run = yield* outcomeSlices(outcome);
  return {
    ...run,
    tool,
    callId,
    text,
    ...defined({ sessionId, truncated, originalLength, artifact }),
    trace,
  };
}

/** A call that was cancelled while it waited, or whose options are none. */
export function neverCalled(payload: JsonValue, queuedMs: number, error: SandglassError): ToolOutcomeJson {
  const { tool, options } = payload as unknown as CallPayload; // what toolPayload has made
  const outcome = outcomeOf(
    { ok: false, error },
    {
      runId: options.runId,
      level: options.level ?? 'standard',
      limits: mergeLimits([options.limits ?? {}, options.grant?.limits ?? {}]),
      queuedMs,
      attempts: 0,
      stdout: '',
      stderr: '',
      usage: NOTHING_USED,
    },
  );
  const { code, message, hint } = error;
  return {
    ...outcomeToJson(outcome),
    tool,
    callId: options.callId,
    text: `${code}: ${message}${hint === undefined ? '' : `\n${hint}`}`,
    trace: [],
  };
}
