import type { HostAnswer } from '../contracts/engine.ts';
import type { GateUsage } from '../contracts/gate.ts';
import type { HostReply } from '../contracts/host-function.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { AuditLine } from '../vocabulary/events.ts';

/** How many refusals after the call budget is spent still get an audit line each. */
const AUDITED_OVERRUNS = 10;

/** One call as the ledger writes it down. */
export interface CallRecord {
  readonly operation: string;
  readonly capability: string;
  /** Monotonic milliseconds. */
  readonly started: number;
}

/** What the host calls of one run cost, and which of them were refused. */
export interface Ledger {
  /**
   * Counts a call, also one that is refused.
   * @throws {SandglassError} HOST_CALLS_EXCEEDED when there are no more.
   */
  count(operation: string, capability: string): void;
  /** Counts the bytes of an answer, also of one that the guest does not get. */
  receive(reply: HostReply): void;
  /** Writes down that a call was answered. */
  allowed(call: CallRecord, reply: HostReply): void;
  /** Writes down that a call was refused. */
  refused(call: CallRecord, answer: HostAnswer): void;
  /** The answer that says so, under an id that only this ledger gives. */
  refuse(error: SandglassError): HostAnswer;
  /** The refusal under this id. */
  refusal(id: number): SandglassError | undefined;
  lastRefusal(): SandglassError | undefined;
  usage(): GateUsage;
}

export interface LedgerOptions {
  readonly runId: string;
  /** Calls of all capabilities together. */
  readonly maxCalls: number;
  readonly monotonic: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onAudit: ((line: AuditLine) => void) | undefined;
}

export function createLedger({ runId, maxCalls, monotonic, now, onAudit }: LedgerOptions): Ledger {
  const refusals: SandglassError[] = [];
  const hostCalls = new Map<string, number>();
  let calls = 0;
  let egressBytes = 0;
  let ingressBytes = 0;

  const line = ({ operation, capability, started }: CallRecord) => ({
    time: now(),
    runId,
    operation,
    capability,
    durationMs: monotonic() - started,
  });

  return {
    count(operation, capability) {
      hostCalls.set(capability, (hostCalls.get(capability) ?? 0) + 1);
      calls += 1;
      if (calls <= maxCalls) return;
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot call ${operation}: the run's ${maxCalls} host calls are spent`,
        { hint: 'Raise limits.hostCalls, or make fewer calls', details: { limit: maxCalls } },
      );
    },
    receive(reply) {
      egressBytes += reply.egressBytes ?? 0;
      ingressBytes += reply.ingressBytes ?? 0;
    },
    allowed(call, reply) {
      onAudit?.({
        ...line(call),
        decision: 'allowed',
        egressBytes: reply.egressBytes ?? 0,
        ingressBytes: reply.ingressBytes ?? 0,
      });
    },
    refused(call, answer) {
      if (onAudit === undefined || answer.ok) return;
      const { code } = answer.refusal;
      if (code === 'HOST_CALLS_EXCEEDED' && calls > maxCalls + AUDITED_OVERRUNS) return;
      onAudit({ ...line(call), decision: 'refused', code, egressBytes: 0, ingressBytes: 0 });
    },
    refuse(error) {
      refusals.push(error);
      const { code, message, hint, details } = error;
      return {
        ok: false,
        refusal: {
          id: refusals.length,
          code,
          message,
          ...(hint === undefined ? {} : { hint }),
          ...(details === undefined ? {} : { details }),
        },
      };
    },
    refusal: (id) => refusals[id - 1],
    lastRefusal: () => refusals.at(-1),
    usage: () => ({ hostCalls: Object.fromEntries(hostCalls), egressBytes, ingressBytes }),
  };
}
