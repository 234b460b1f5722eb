import type { HostAnswer } from '../contracts/engine.ts';
import type { GateUsage } from '../contracts/gate.ts';
import type { HostReply } from '../contracts/host-function.ts';
import type { Budget } from '../vocabulary/budget.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import type { Resource } from '../vocabulary/events.ts';

/** Calls beyond the budget that a guest is told of. One that goes on all the same is ended. */
const MOST_OVERRUNS = 10;
/** Refusals of a run, when it may make fewer calls than that: those of calls that do not count, too, end in the end. */
const LEAST_REFUSALS = 1000;
/** Refusals that are kept. A guest that lets an older one through is told by its own error. */
const MOST_KEPT = 256;

/** One call as the ledger writes it down. */
export interface CallRecord {
  readonly operation: string;
  capability: string;
  /** As far as it is known by now. */
  resource: Resource | undefined;
  /** What its host function stated, each once, in order. */
  readonly stated: Resource[];
  /** Monotonic milliseconds. */
  readonly started: number;
}

/** What the host calls of one run cost, and which of them were refused. */
export interface Ledger {
  /** Whether anybody is told what calls are about. */
  readonly wantsResources: boolean;
  /**
   * Counts a call, also one that is refused.
   * @throws {SandglassError} HOST_CALLS_EXCEEDED when there are no more.
   */
  count(call: CallRecord): void;
  /** Counts the bytes of an answer, also of one that the guest does not get. */
  receive(reply: HostReply): void;
  /** Writes down that a call was answered. */
  allowed(call: CallRecord, reply: HostReply): void;
  /** Writes down that a call was refused. The answer says so. */
  refused(call: CallRecord, error: SandglassError): HostAnswer;
  /** The answer that says so, under an id that only this ledger gives. */
  refuse(error: SandglassError): HostAnswer;
  /** The refusal under this id. */
  refusal(id: number): SandglassError | undefined;
  lastDenial(): SandglassError | undefined;
  /** Set once the guest has gone on calling for too long with its budget spent: the error that the run ends with. */
  readonly overspent: SandglassError | undefined;
  usage(): GateUsage;
}

export interface LedgerOptions {
  readonly identity: RunIdentity;
  readonly budget: Budget;
  readonly events: EventStream;
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called once, when there is an `overspent`. */
  readonly onOverspent?: (() => void) | undefined;
}

/** Codes of what a run may not do; others tell of calls that failed. */
const DENIALS: ReadonlySet<string> = new Set(['CAPABILITY_DENIED', 'HOST_CALLS_EXCEEDED']);

const tooManyRefused = (refused: number): SandglassError =>
  new SandglassError('HOST_CALLS_EXCEEDED', `Stopped the guest: ${refused} of its host calls were refused`, {
    hint: 'Do not repeat a call that was refused',
    details: { refused },
  });

function refusalOf({ code, message, hint, details }: SandglassError, id: number): HostAnswer {
  return {
    ok: false,
    refusal: {
      id,
      code,
      message,
      ...defined({ hint, details }),
    },
  };
}

export function createLedger(options: LedgerOptions): Ledger {
  const { identity, budget, events, monotonic, now, onOverspent } = options;
  const refusals = new Map<number, SandglassError>();
  let refusedCalls = 0;
  let last: SandglassError | undefined;
  let overspent: SandglassError | undefined;
  let overruns = 0;

  const tellCalled = (call: CallRecord, reply: HostReply | undefined, error?: SandglassError): void => {
    if (!events.wants('host.called')) return;
    events.emit({
      kind: 'host.called',
      time: now(),
      identity,
      operation: call.operation,
      capability: call.capability,
      ...defined({ resource: call.resource }),
      ...(call.stated.length < 2 ? {} : { hops: call.stated }),
      decision: error === undefined ? 'allowed' : 'refused',
      ...(error === undefined ? {} : { code: error.code }),
      durationMs: monotonic() - call.started,
      egressBytes: reply?.egressBytes ?? 0,
      ingressBytes: reply?.ingressBytes ?? 0,
    });
  };
  const tellDenied = ({ operation, capability, resource }: CallRecord, error: SandglassError): void => {
    if (error.code !== 'CAPABILITY_DENIED' || !events.wants('denied')) return;
    const { code, message } = error;
    events.emit({
      kind: 'denied',
      time: now(),
      identity,
      code,
      message,
      capability,
      operation,
      ...defined({ resource }),
    });
  };
  const overspend = (error: SandglassError): void => {
    if (overspent !== undefined) return;
    overspent = error;
    onOverspent?.();
  };

  const refuse = (error: SandglassError): HostAnswer => {
    refusedCalls += 1;
    if (DENIALS.has(error.code)) last = error;
    refusals.set(refusedCalls, error);
    refusals.delete(refusedCalls - MOST_KEPT);
    if (refusedCalls > Math.max(budget.limits.hostCalls, LEAST_REFUSALS) + MOST_OVERRUNS)
      overspend(tooManyRefused(refusedCalls));
    return refusalOf(error, refusedCalls);
  };

  return {
    get wantsResources() {
      return events.wants('host.called') || events.wants('denied');
    },
    count({ operation, capability }) {
      const over = budget.spendCall(capability);
      if (over === undefined) return;
      overruns += 1;
      const error = new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot call ${operation}: the run's ${over} host calls are spent`,
        { hint: 'Raise limits.hostCalls, or make fewer calls', details: { limit: over } },
      );
      if (overruns > MOST_OVERRUNS) overspend(error);
      throw error;
    },
    receive: ({ egressBytes = 0, ingressBytes = 0 }) => budget.spendBytes(egressBytes, ingressBytes),
    allowed: tellCalled,
    refused(call, error) {
      const answer = refuse(error);
      if (overspent !== undefined) return answer;
      tellCalled(call, undefined, error);
      tellDenied(call, error);
      return answer;
    },
    refuse,
    refusal: (id) => refusals.get(id),
    lastDenial: () => last,
    get overspent() {
      return overspent;
    },
    usage() {
      const { hostCalls, egressBytes, ingressBytes } = budget.spent();
      return { hostCalls, egressBytes, ingressBytes };
    },
  };
}
