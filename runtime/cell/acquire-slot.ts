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
 * makes room; where there is none, in order of asking. @throws SandglassError CANCELLED: closed, or aborted while it waited
 */
export async function acquireSlot(pool: Pool, engine: Engine, signal: AbortSignal): Promise<Acquired> {
  const { slots, spares, turns, maxCells } = pool;
  for (;;) {
    if (pool.isClosed()) throw new SandglassError('CANCELLED', 'Cannot run: the runtime is closed');
    if (signal.aborted)
      throw new SandglassError('CANCELLED', 'Cannot run: cancelled while waiting for a cell');
    const [idle] = slots.idleOf(engine);
    if (idle !== undefined) {
      slots.take(idle);
      return { slot: idle, cold: false };
    }
    spares.wantMore(engine);
    const spare = spares.take(engine);
    if (spare !== undefined) {
      spares.refillIfShort(engine);
      const slot = await spare;
      slot.state = 'busy';
      return { slot, cold: true };
    }
    const unused = slots.oldestIdle();
    if (slots.alive() >= maxCells && unused !== undefined) void slots.remove(unused);
    spares.dropSoon(engine); // this run starts the cell that was due, and has another warmed in its turn
    if (slots.alive() < maxCells) {
      const own = slots.start(engine, 'busy');
      spares.refillIfShort(engine);
      return { slot: await own, cold: true };
    }
    await turns.wait(signal);
  }
}
