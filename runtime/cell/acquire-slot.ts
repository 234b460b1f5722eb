import { SandglassError } from '../vocabulary/errors.ts';
import type { Room } from './room.ts';
import type { Slot, Slots } from './slots.ts';
import type { Spares } from './spares.ts';
import type { Turns } from './turns.ts';
import type { Wanted } from './waiters.ts';

/** The cell that a run was given; `cold`: it was not idle, the run waits for its start. */
export interface Acquired {
  readonly slot: Slot;
  readonly cold: boolean;
}

export interface Pool {
  readonly slots: Slots;
  readonly spares: Spares;
  readonly turns: Turns;
  readonly room: Room;
  readonly isClosed: () => boolean;
}

/**
 * A cell for a run: an idle one of its engine, else one that is being warmed, else a new one, for which an idle cell of another engine
 * makes room, else one whose guests all wait, if it may join them; where there is none, in order of asking. A run that is nested in others
 * does not wait for the cells of such as are nested less deeply: those may be waiting for it. So at most `maxCells` run for each depth, and no
 * run waits for ever. @throws SandglassError CANCELLED: closed, or aborted while it waited
 */
export async function acquireSlot(pool: Pool, wanted: Wanted, signal: AbortSignal): Promise<Acquired> {
  for (let waited = false; ; waited = true) {
    if (pool.isClosed()) throw new SandglassError('CANCELLED', 'Cannot run: the runtime is closed');
    if (signal.aborted)
      throw new SandglassError('CANCELLED', 'Cannot run: cancelled while waiting for a cell');
    const found = findSlot(pool, wanted);
    if (found !== undefined) {
      if (waited) pool.turns.next(); // there may be room for more than the one that was told of it
      const { slot, cold } = found;
      return { slot: await slot, cold };
    }
    await whileAwake(pool.turns.wait(wanted, signal, waited));
  }
}

/** The longest that a timer takes, ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** Whoever waits keeps the process up: a cell that makes itself ready for the next run does not. */
async function whileAwake(turn: Promise<void>): Promise<void> {
  const timer = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    await turn;
  } finally {
    clearInterval(timer);
  }
}

interface Found {
  readonly slot: Promise<Slot> | Slot;
  readonly cold: boolean;
}

function findSlot(pool: Pool, wanted: Wanted): Found | undefined {
  const { slots, spares, room } = pool;
  const { engine, joins, depth } = wanted;
  putOut(pool, wanted, -room.mostBeside);
  const [idle] = slots.idleOf(engine);
  if (idle !== undefined && room.mayTake(depth)) {
    slots.take(idle, depth);
    return { slot: idle, cold: false };
  }
  const join = (): Found | undefined => {
    const slot = room.company(wanted);
    if (slot !== undefined) slots.join(slot, depth);
    return slot === undefined ? undefined : { slot, cold: false };
  };
  const joined = joins === 'first' ? join() : undefined;
  if (joined !== undefined) return joined;
  spares.wantMore(engine);
  const spare = spares.take(engine);
  if (spare !== undefined) {
    spares.refillIfShort(engine);
    return { slot: taken(slots, spare, depth), cold: true };
  }
  if (room.mayTake(depth)) putOut(pool, wanted, 1);
  spares.dropSoon(engine); // this run starts the cell that was due, and has another warmed in its turn
  if (!room.mayStart(wanted)) return join();
  const own = slots.start(engine, 'busy');
  spares.refillIfShort(engine);
  return { slot: taken(slots, own, depth), cold: true };
}

async function taken(slots: Slots, coming: Promise<Slot>, depth: number): Promise<Slot> {
  const slot = await coming;
  slots.take(slot, depth);
  return slot;
}

/** Ends idle cells, those of other engines first, until there is so much room or none is left. */
function putOut({ slots, room }: Pool, { engine, depth }: Wanted, wanted: number): void {
  while (room.left(depth) < wanted) {
    const idle = slots.allIdle();
    const unused = idle.find((slot) => slot.engine !== engine) ?? idle[0];
    if (unused === undefined) return;
    void slots.remove(unused);
  }
}
