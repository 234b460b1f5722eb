import type { ToolOutcome } from '../contracts/api/tool-call.ts';
import type { TrustedTool } from '../contracts/api/tool-handler.ts';
import { copyValue } from '../vocabulary/copy-value.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { GuestValue } from '../vocabulary/guest-value.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { NOTHING_USED, outcomeOf, type Verdict } from '../vocabulary/outcome-of.ts';
import type { Telling } from '../vocabulary/telling.ts';
import type { ToolCall } from './tool-call.ts';

export interface TrustedOptions {
  readonly monotonic: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** What is left of the run that the call is nested in, ms. */
  readonly leftMs: number;
  /** What the function tells of itself. */
  readonly tell: (operation: Telling, args: JsonObject) => void;
  /** Calls another tool within this call. */
  readonly call: (name: string, args: unknown, signal: AbortSignal) => Promise<ToolOutcome>;
}

/** Runs a function of the host's in its own thread: its deadline ends the call, not the function, which is told by its signal. */
export async function runTrusted(
  call: ToolCall,
  run: TrustedTool,
  { monotonic, sleep, leftMs, tell, call: callOther }: TrustedOptions,
): Promise<Outcome> {
  const limits = mergeLimits([call.limits]);
  const timeoutMs = Math.max(0, Math.min(limits.timeoutMs, leftMs));
  const started = monotonic();
  const end = new AbortController();
  let stop = (): void => undefined;
  const stopped = new Promise<typeof STOPPED>((resolve) => {
    stop = () => {
      resolve(STOPPED); // before its time is told to be over
      end.abort(ENDED);
    };
  });
  if (call.signal.aborted) stop();
  else call.signal.addEventListener('abort', stop, { once: true });
  const passed = (): number => monotonic() - started;
  const context = Object.freeze({
    callId: call.id,
    caller: call.caller,
    signal: end.signal,
    metadata: structuredClone(call.metadata),
    remainingMs: () => Math.max(0, timeoutMs - passed()),
    log: (level: string, message: string, data?: JsonValue) =>
      tell('sandglass.log', { level, message, ...defined({ data }) }),
    progress: (share: number, message?: string) =>
      tell('sandglass.progress', { share, ...defined({ message }) }),
    call: (name: string, args?: unknown) => callOther(name, args, end.signal),
  });
  const late = sleep(timeoutMs, end.signal).then(() => LATE);
  let verdict: Verdict;
  try {
    // A promise of its own, so that what is thrown at once is no other than what is thrown later.
    const answer = Promise.resolve(structuredClone(call.args)).then((args) => run(args, context));
    answer.catch(() => undefined); // whoever comes too late is not heard
    const first = await Promise.race([answer, stopped, late]);
    if (first === LATE) verdict = failed(overdue(call, timeoutMs));
    else if (first === STOPPED) verdict = failed(cancelled(call));
    else verdict = verdictOf(call, first, limits.outputBytes);
  } catch (error) {
    verdict = failed(thrown(call, error));
  } finally {
    call.signal.removeEventListener('abort', stop);
    end.abort(ENDED);
  }
  return outcomeOf(verdict, {
    runId: call.runId,
    level: call.level,
    limits,
    queuedMs: 0,
    attempts: call.attempts,
    stdout: '',
    stderr: '',
    usage: { ...NOTHING_USED, durationMs: passed() },
  });
}

/** Why a signal aborts: made once, as making one for each call takes longer than the call. */
const ENDED = new DOMException('The call has ended', 'AbortError');
const LATE = Symbol('late');
const STOPPED = Symbol('stopped');

const failed = (error: SandglassError): Verdict => ({ ok: false, error });

function verdictOf(call: ToolCall, answer: unknown, maxBytes: number): Verdict {
  let copied: { readonly value: GuestValue; readonly bytes: number };
  try {
    copied = copyValue(answer, maxBytes);
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    return failed(
      new SandglassError(
        tooLarge ? 'OUTPUT_EXCEEDED' : 'OUTPUT_INVALID',
        `Cannot take what ${call.shownName} answered: ${tooLarge ? `over ${maxBytes} bytes` : 'it is not JSON'}`,
      ),
    );
  }
  return { ok: true, value: copied.value, valueBytes: copied.bytes };
}

function thrown(call: ToolCall, error: unknown): SandglassError {
  if (error instanceof SandglassError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new SandglassError('GUEST_THREW', `${call.shownName} threw: ${text.slice(0, 4_096)}`, {
    cause: error,
  });
}

const overdue = ({ shownName }: ToolCall, timeoutMs: number): SandglassError =>
  new SandglassError('DEADLINE_EXCEEDED', `Stopped ${shownName}: it took over ${timeoutMs} ms`, {
    details: { limit: 'timeoutMs', timeoutMs },
    hint: 'Raise timeoutMs, or ask for less',
  });

const cancelled = ({ shownName }: ToolCall): SandglassError =>
  new SandglassError('CANCELLED', `Stopped ${shownName}: the call was cancelled`);
