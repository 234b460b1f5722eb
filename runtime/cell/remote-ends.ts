import type { CellEnd } from '../contracts/cell.ts';
import type { RemoteRun } from './remote-run.ts';
import type { RemoteState } from './remote-state.ts';
import type { RemoteUse } from './remote-use.ts';

/** How long a cell with other guests in it has to come back from one that did not stop, ms; then all of it ends. */
const MOST_STUCK_MS = 2000;

/** How runs of a cell end that do not end by themselves. */
export interface RemoteEnds {
  stopped(run: RemoteRun, reason: NonNullable<CellEnd['reason']>): CellEnd;
  crashed(run: RemoteRun, message: string): CellEnd;
  /** Ends a run here, whatever it does in the cell, which serves no other afterwards. */
  breakOff(run: RemoteRun, result: CellEnd): void;
  /** Whatever is in it ends. */
  breakAll(endOf: (run: RemoteRun) => CellEnd): void;
  /** The cell no longer runs our code. */
  tampered(message: string): void;
  /** One did not stop in time. Others of its cell go on if it still does; else they end with it. */
  leaveBehind(run: RemoteRun, result: CellEnd, cpuMs: number | null): void;
  /** One that was left behind has ended after all. */
  cameBack(token: number): void;
}

/** @param end Ends the cell. */
export function createRemoteEnds(state: RemoteState, use: RemoteUse, end: () => Promise<void>): RemoteEnds {
  const { running } = state;
  /** Runs that were broken off beside others: what to do when they end after all. */
  const stuck = new Map<number, () => void>();

  const breakOff = (run: RemoteRun, result: CellEnd, cpuMs: number | null = null): void => {
    state.sound = false;
    if (!running.delete(run.token)) return;
    if (running.size === 0) state.listening = false;
    run.settle(result, cpuMs);
  };
  const breakAll = (endOf: (run: RemoteRun) => CellEnd): void => {
    state.sound = false;
    for (const run of [...running.values()]) breakOff(run, endOf(run));
    state.listening = false;
  };
  const stopped: RemoteEnds['stopped'] = (run, reason) => ({
    kind: 'stopped',
    reason,
    ...use.lastUsed(run),
    growthRefused: false,
  });
  const crashed: RemoteEnds['crashed'] = (run, message) => ({
    kind: 'crashed',
    message,
    ...use.lastUsed(run),
    growthRefused: false,
  });

  return {
    stopped,
    crashed,
    breakOff,
    breakAll,
    // A run that is being stopped ends as that, whatever its cell does meanwhile.
    tampered: (message) =>
      breakAll((run) => (run.stopping === undefined ? crashed(run, message) : stopped(run, run.stopping))),
    leaveBehind: (run, result, cpuMs) => {
      breakOff(run, result, cpuMs);
      if (running.size === 0) return;
      const timer = setTimeout(() => void end(), MOST_STUCK_MS);
      stuck.set(run.token, () => {
        clearTimeout(timer);
        stuck.delete(run.token);
      });
    },
    cameBack: (token) => stuck.get(token)?.(),
  };
}
