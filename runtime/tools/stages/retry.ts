import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { ErrorCode } from '../../vocabulary/errors.ts';
import type { Next, Settled, Stage } from '../pipeline.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';

export interface RetryOptions {
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** 0..1 */
  readonly random: () => number;
}

/** Failures that another attempt may not meet. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  'DEADLINE_EXCEEDED',
  'HOST_CALL_FAILED',
  'RATE_LIMITED',
  'QUEUE_FULL',
]);

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Tries again, with growing pauses. Only what may be repeated: an idempotent tool, a dangerous one only when the call says how often. */
export const retryStage = ({ sleep, random }: RetryOptions): Stage<ToolOutcome> => ({
  name: 'retry',
  when: 'before',
  handle: (call, next) => {
    const attempts = 1 + retriesOf(call);
    call.attempts = 1;
    return attempts === 1 ? next() : upTo(attempts, call, next, { sleep, random });
  },
});

async function upTo(
  attempts: number,
  call: ToolCall,
  next: Next<ToolOutcome>,
  { sleep, random }: RetryOptions,
): Promise<Settled<ToolOutcome>> {
  for (let attempt = 1; ; attempt++) {
    call.attempts = attempt;
    const settled = await next();
    const { result } = settled;
    if (result.ok || attempt >= attempts || call.signal.aborted) return settled;
    if (!result.error.retryable || !PASSING.has(result.error.code)) return settled;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    await sleep(pause * (0.75 + random() / 2), call.signal);
  }
}

function retriesOf(call: ToolCall): number {
  const { idempotent, dangerous } = toolOf(call).manifest;
  if (!idempotent) return 0;
  return call.options.retries ?? (dangerous ? 0 : 2);
}
