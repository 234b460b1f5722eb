import type { Engine } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Slot, Slots } from './slots.ts';
import type { Spares } from './spares.ts';
import type { Turns } from './turns.ts';

/** The cell that a run was given; `cold`: it was not idle, the run waits for its start. */
export interface Acquired {
  readonly slot: Slot;
  readonly cold: boolean;
}

export interface Pool {
  readonly slots: Slots;
  readonly spares: Spares;
  readonly turns: Turns;
  /** Cells alive at once. */
  readonly maxCells: number;
  readonly isClosed: () => boolean;
}

/**
 * A cell for a run: an idle one of its engine, else one that is being warmed, else a new one, for which an idle cell of another engine
 * makes room; where there is none, in order of asking. A run that is nested in others does not wait for the cells of such as are nested less
 * deeply: those may be waiting for it. So at most `maxCells` are alive for each depth, and no run waits for ever. @throws SandglassError CANCELLED: closed, or aborted while it waited
 */
export async function acquireSlot(
  pool: Pool,
  engine: Engine,
  depth: number,
  signal: AbortSignal,
): Promise<Acquired> {
  const { slots, spares, turns } = pool;
  for (;;) {
    if (pool.isClosed()) throw new SandglassError('CANCELLED', 'Cannot run: the runtime is closed');
    if (signal.aborted)
      throw new SandglassError('CANCELLED', 'Cannot run: cancelled while waiting for a cell');
    putOut(pool, engine, depth, 0);
    const [idle] = slots.idleOf(engine);
    if (idle !== undefined && roomFor(pool, depth) >= 0) {
      slots.take(idle);
      idle.depth = depth;
      return { slot: idle, cold: false };
    }
    spares.wantMore(engine);
    const spare = spares.take(engine);
    if (spare !== undefined) {
      spares.refillIfShort(engine);
      const slot = await spare;
      slot.state = 'busy';
      slot.depth = depth;
      return { slot, cold: true };
    }
    putOut(pool, engine, depth, 1);
    spares.dropSoon(engine); // this run starts the cell that was due, and has another warmed in its turn
    if (roomFor(pool, depth) > 0) {
      const own = slots.start(engine, 'busy');
      spares.refillIfShort(engine);
      const slot = await own;
      slot.depth = depth;
      return { slot, cold: true };
    }
    await turns.wait(depth, signal);
  }
}

/** Cells that may still be started for a run that is nested so deeply; negative where there are more than such runs may have. */
export const roomFor = ({ slots, maxCells }: Pick<Pool, 'slots' | 'maxCells'>, depth: number): number =>
  maxCells - (slots.alive() - slots.outerThan(depth));

/** Ends idle cells, those of other engines first, until there is so much room or none is left. */
function putOut(pool: Pool, engine: Engine, depth: number, room: number): void {
  const { slots } = pool;
  while (roomFor(pool, depth) < room) {
    const idle = slots.allIdle();
    const unused = idle.find((slot) => slot.engine !== engine) ?? idle[0];
    if (unused === undefined) return;
    void slots.remove(unused);
  }
}
