import type { ToolOutcome } from '../contracts/api/tool-call.ts';
import type { TrustedTool } from '../contracts/api/tool-handler.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
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
  const end = lazyEnd();
  const passed = (): number => monotonic() - started;
  let metadata: JsonObject | undefined;
  const context = Object.freeze({
    callId: call.id,
    caller: call.caller,
    get signal() {
      return end.signal();
    },
    get metadata() {
      metadata ??= copyJson(call.metadata, 'metadata') as JsonObject; // an object, as it was read
      return metadata;
    },
    remainingMs: () => Math.max(0, timeoutMs - passed()),
    log: (level: string, message: string, data?: JsonValue) =>
      tell('sandglass.log', { level, message, ...defined({ data }) }),
    progress: (share: number, message?: string) =>
      tell('sandglass.progress', { share, ...defined({ message }) }),
    call: (name: string, args?: unknown) => callOther(name, args, end.signal()),
  });
  /** What is answered, unless its time is over or the call is cancelled before. */
  const firstOf = async (given: PromiseLike<unknown>): Promise<unknown> => {
    let stop = (): void => undefined;
    const stopped = new Promise<typeof STOPPED>((resolve) => {
      stop = () => {
        resolve(STOPPED); // before its time is told to be over
        end.abort();
      };
    });
    call.signal.addEventListener('abort', stop, { once: true });
    const late = sleep(timeoutMs, end.signal()).then(() => LATE);
    const answer = Promise.resolve(given);
    answer.catch(() => undefined); // whoever comes too late is not heard
    try {
      return await Promise.race([answer, stopped, late]);
    } finally {
      call.signal.removeEventListener('abort', stop);
    }
  };
  let verdict: Verdict;
  try {
    if (call.signal.aborted) verdict = failed(cancelled(call));
    else {
      const given: unknown = run(copyJson(call.args, 'arguments') as JsonObject, context); // an object, as it was checked
      // What is there already needs no clock: nothing could have stopped it.
      const first = isThenable(given) ? await firstOf(given) : given;
      if (first === LATE) verdict = failed(overdue(call, timeoutMs));
      else if (first === STOPPED) verdict = failed(cancelled(call));
      else verdict = verdictOf(call, first, limits.outputBytes);
    }
  } catch (error) {
    verdict = failed(thrown(call, error));
  } finally {
    end.abort();
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
/** Made when somebody asks for it: most functions do not, and to make and end one takes longer than the rest of a call. */
function lazyEnd(): { signal(): AbortSignal; abort(): void } {
  let controller: AbortController | undefined;
  let ended = false;
  return {
    signal: () => {
      if (controller === undefined) {
        controller = new AbortController();
        if (ended) controller.abort(ENDED);
      }
      return controller.signal;
    },
    abort: () => {
      ended = true;
      controller?.abort(ENDED);
    },
  };
}

const isThenable = (given: unknown): given is PromiseLike<unknown> =>
  typeof given === 'object' && given !== null && 'then' in given && typeof given.then === 'function';

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
