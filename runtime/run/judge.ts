import type { CellResult } from '../contracts/cell.ts';
import type { Gate } from '../contracts/gate.ts';
import type { Budget } from '../vocabulary/budget.ts';
import { type ErrorCode, SandglassError } from '../vocabulary/errors.ts';
import type { Verdict } from '../vocabulary/outcome-of.ts';
import { classify, stopError } from './classify.ts';

/** A run that was cancelled, or is over its deadline, is that, whatever its guest managed to answer meanwhile. */
export const STOPPED: Verdict = {
  ok: false,
  error: new SandglassError('CANCELLED', 'Stopped the guest: the run was cancelled'),
};

/** What became of a run whose guest has ended. */
export function judge(
  { end }: CellResult,
  gate: Gate,
  budget: Budget,
  outputBytes: number,
): Verdict | Promise<Verdict> {
  const overspent = gate.overspent();
  if (overspent !== undefined) return { ok: false, error: overspent };
  // Nested runs that went on side by side can have spent more than there was.
  if (budget.left().fuel < 0) return outOfFuel(budget);
  return classify(end, gate, budget.limits, outputBytes);
}

export const outOfFuel = ({ limits }: Budget): Verdict => ({ ok: false, error: stopError('fuel', limits) });

/** What its cell was told to stop for, whether the guest ended by itself in that moment or not. */
export function toldToStop(gate: Gate, { isOutspent }: { isOutspent(): boolean }): ErrorCode | undefined {
  if (gate.overspent() !== undefined) return 'HOST_CALLS_EXCEEDED';
  return isOutspent() ? 'FUEL_EXHAUSTED' : undefined;
}

export const internal = (error: unknown): SandglassError =>
  new SandglassError('INTERNAL', 'Cannot finish the run: the runtime failed', { cause: error });
