import type { HostAnswer } from '../contracts/engine.ts';
import type { Budget } from '../vocabulary/budget.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import {
  isTelling,
  type OfTool,
  READ_TIME,
  TELLING,
  type Telling,
  tell as tellOf,
} from '../vocabulary/telling.ts';
import { checkArgs } from './check-call.ts';
import type { CallRecord, Ledger } from './ledger.ts';
import { grantReader, READ_GRANT, type ShownGrantOptions } from './shown-grant.ts';

export interface OwnOperationsOptions extends ShownGrantOptions {
  readonly identity: RunIdentity;
  readonly budget: Budget;
  readonly events: EventStream;
  readonly ofTool?: OfTool | undefined;
  /** Nothing that the run is told may depend on real time. */
  readonly deterministic?: boolean;
  readonly monotonic: () => number;
  readonly ledger: Ledger;
  readonly services: { readonly closed: boolean };
  readonly reject: (call: CallRecord, error: unknown) => HostAnswer;
}

/** What the gate answers itself, without a grant: what a run may know of itself, and what it tells. `undefined` for any other operation. */
export function ownOperations(
  options: OwnOperationsOptions,
): (name: string, args: unknown) => HostAnswer | undefined {
  const { identity, budget, events, ofTool, deterministic, context, monotonic, ledger, services, reject } =
    options;
  const { limits } = budget;
  const readGrant = grantReader(options);
  /** In a run whose clock stands still all of its time is left. */
  const timeLeft = (): number =>
    deterministic === true ? limits.timeoutMs : Math.max(0, Math.floor(budget.left().timeoutMs));
  /** Counted and bounded as any call, so that nobody is flooded; no grant is asked for, as it reaches nothing but listeners. */
  const tell = (operation: Telling, given: unknown): HostAnswer => {
    const record: CallRecord = {
      operation,
      capability: TELLING,
      resource: undefined,
      stated: [],
      started: monotonic(),
    };
    try {
      if (services.closed)
        throw new SandglassError('CANCELLED', `Cannot call ${operation}: the run has ended`);
      ledger.count(record);
      if (ledger.overspent !== undefined) throw ledger.overspent;
      const args = checkArgs(operation, given, limits.hostCallBytes);
      if (args instanceof SandglassError) throw args;
      tellOf({ events, identity, ofTool, now: context.now }, operation, args);
      return { ok: true, value: null };
    } catch (error) {
      return reject(record, error);
    }
  };
  return (name, args) => {
    if (name === READ_GRANT) return readGrant();
    if (name === READ_TIME) return { ok: true, value: timeLeft() };
    return isTelling(name) ? tell(name, args) : undefined;
  };
}
