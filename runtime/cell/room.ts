import type { Slot, Slots } from './slots.ts';
import type { Wanted } from './waiters.ts';

export interface RoomOptions {
  readonly slots: Slots;
  /** Cells alive at once whose guests do not all wait, for each depth of nested runs. */
  readonly maxCells: number;
  /** Cells alive beside them while as many rest. */
  readonly maxWaiting: number;
  /** What cells that rest may hold together for others to be started beside them, bytes. */
  readonly waitingBytes: number;
}

/**
 * How many cells may run: those whose guests only wait leave their place to others, and ask before they go on. A cell that was started beside
 * such is kept like any other once it is idle, for a start costs more than many runs: it is ended when it has nothing to do for a while,
 * or for the start of another where more than `maxCells` are alive.
 */
export interface Room {
  /** Cells that may still be alive for a run which is nested so deeply, idle ones counted; negative where more are. */
  left(depth: number): number;
  /** Whether a run which is nested so deeply may have an idle cell, or another in its place: fewer than `maxCells` run. */
  mayTake(depth: number): boolean;
  /** So many idle cells more than `maxCells` allows are kept: those that were started while others rested. */
  readonly mostBeside: number;
  /** Whether another cell may be started. */
  mayStart(wanted: Wanted): boolean;
  /** Whether a run would find a cell now, or the room for one. */
  serves(wanted: Wanted): boolean;
  /** The cell that the run may join: all of its guests wait. The one with the fewest. */
  company(wanted: Wanted): Slot | undefined;
  /** Lets guests of a cell that rests go on, at once or when others have ended or rest. */
  goOn(go: () => void): void;
  /** A cell ended or rests: those that would go on come first. */
  freed(): void;
}

/**
 * What goes on after a wait may take the running cells to twice `maxCells`: it began earlier than those that were let in meanwhile, and must
 * not stand behind the longest of them.
 */
const GOING_ON = 2;
/** A cell takes another guest while those in it hold less than this, bytes: three quarters of what it lets them hold together. */
const MOST_HELD = 576 * 2 ** 20;

export function createRoom({ slots, maxCells, maxWaiting, waitingBytes }: RoomOptions): Room {
  const wanting: (() => void)[] = [];
  const left = (depth: number): number =>
    maxCells - slots.alive() + slots.count((slot) => slots.isOuter(slot, depth) || slots.rests(slot));
  const mayTake = (depth: number): boolean => left(depth) + slots.allIdle().length > 0;
  /** One that has served, and is kept or makes itself ready for the next run, burns little or nothing, and nobody waits for it to end. */
  const runsNothing = (slot: Slot): boolean => slot.state !== 'busy' || slots.rests(slot);
  const mayGoOn = (): boolean => slots.alive() - slots.count(runsNothing) < GOING_ON * maxCells;
  const mayStart = ({ engine, joins, depth }: Wanted): boolean => {
    if (left(depth) <= 0) return false;
    const alive = slots.alive() - slots.count((slot) => slots.isOuter(slot, depth));
    if (alive < maxCells) return true;
    // Its own kind waits again soon; and guests that can share a thread need fewer of them.
    if (joins === 'first' && slots.count((slot) => slot.engine === engine && slots.hasPlace(slot)) > 0)
      return false;
    const most = engine.sharesThread === true ? Math.min(maxWaiting, maxCells) : maxWaiting;
    return alive < maxCells + most && slots.restingBytes() < waitingBytes;
  };
  const company = ({ engine, joins }: Wanted): Slot | undefined => {
    if (engine.sharesThread !== true || joins === 'never' || maxWaiting === 0) return undefined;
    let best: Slot | undefined;
    for (const slot of slots.ofEngine(engine)) {
      if (!slots.takesMore(slot) || slot.cell.guestBytes >= MOST_HELD) continue;
      if (best === undefined || slot.guests < best.guests) best = slot;
    }
    return best;
  };
  return {
    left,
    mayTake,
    mostBeside: maxWaiting,
    mayStart,
    serves: (wanted) => {
      if (mayTake(wanted.depth) && (slots.allIdle().length > 0 || mayStart(wanted))) return true;
      return company(wanted) !== undefined;
    },
    company,
    goOn: (go) => {
      if (mayGoOn()) go();
      else wanting.push(go);
    },
    freed: () => {
      while (wanting.length > 0 && mayGoOn()) wanting.shift()?.();
    },
  };
}
