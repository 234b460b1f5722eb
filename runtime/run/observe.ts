import { defined } from '../vocabulary/defined.ts';
import type { EventStream } from '../vocabulary/event-stream.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { Observed, Outcome } from '../vocabulary/outcome.ts';
import { leastGrant } from './least-grant.ts';
import type { ObservedCall } from './observed-call.ts';

/** Calls that are looked at; with more of them, no grant is told. */
const MOST_CALLS = 100_000;

/** Watches the host calls of one run, those of runs that are nested in it left out: they have grants of their own. */
export function observeRun(
  runId: string,
  wide: Grant,
  events: EventStream,
): { ended(outcome: Outcome): Outcome; release(): void } {
  const calls = new Map<string, ObservedCall>();
  let isWhole = true;
  const stop = events.on(
    'host.called',
    ({ identity, operation, capability, resource, hops, decision, code }) => {
      if (identity.runId !== runId) return;
      const call: ObservedCall = {
        operation,
        capability,
        decision,
        ...defined({ resource, hops, code }),
      };
      const key = JSON.stringify(call);
      if (calls.size < MOST_CALLS) calls.set(key, call);
      else if (!calls.has(key)) isWhole = false;
    },
  );
  return {
    ended(outcome) {
      if (!isWhole) return outcome;
      const grant = leastGrant(wide, calls.values());
      const [first] = wide.fs ?? [];
      const cwd = first?.guest;
      const moved = cwd !== undefined && grant.fs?.[0]?.guest !== cwd;
      const observed: Observed = { grant, ...(moved ? { cwd } : {}) };
      return { ...outcome, meta: { ...outcome.meta, observed } };
    },
    release: () => stop(),
  };
}
