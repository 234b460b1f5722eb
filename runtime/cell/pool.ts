import type { Cell, CellEnd, CellResult, CellRun, HeldCell } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { type Acquired, acquireSlot } from './acquire-slot.ts';
import type { IdleMemory } from './idle-memory.ts';
import type { RemoteCell } from './remote-channel.ts';
import { createRoom } from './room.ts';
import { createSlots, type Slot } from './slots.ts';
import { createSpares } from './spares.ts';
import { createTurns } from './turns.ts';
import { createWaiters, isAlone, type Wanted } from './waiters.ts';

export interface PoolOptions {
  readonly kind: 'worker' | 'process';
  /** Starts a cell for an engine. */
  readonly spawn: (engine: Engine) => Promise<RemoteCell>;
  /** Cells alive at once, those aside whose guests only wait. */
  readonly maxCells: number;
  /** Cells alive beside them while as many rest; 0: cells that rest keep their place, and nobody joins them. */
  readonly maxWaiting: number;
  /** What cells that rest may hold together for others to be started beside them, bytes. */
  readonly waitingBytes: number;
  /** Idle warm cells kept per engine once it has been used. */
  readonly warm: number;
  /** Runs a reusable cell serves before it is replaced. */
  readonly maxReuse: number;
  /** Cells of this pool are never used twice. */
  readonly singleUse: boolean;
  /** Shared by the pools of a runtime. */
  readonly idleMemory: IdleMemory;
  /** How long a cell beyond `warm` may idle, ms. @default 10_000 */
  readonly idleMs?: number;
  /** How long anybody waits for a cell that was told to end, ms. @default 2_000 */
  readonly endMs?: number;
}

export interface PooledCell extends Cell {
  /** One entry per cell that is alive. */
  readonly cells: () => readonly { readonly engine: string; readonly state: 'starting' | 'idle' | 'busy' }[];
  /** Ends all cells; runs still going end as cancelled. Idempotent. */
  close(): Promise<void>;
}

/**
 * How long a run may go on before a cell is warmed beside it, ms. To start one takes milliseconds of the host's own thread, and then as many
 * processors as it finds: a shorter run would wait for that longer than it takes itself.
 */
const OVERLAP_MS = 25;
/** A thread that V8 does not interrupt ends when it comes back from there; `close()` does not wait for it for ever. */
const MOST_END_MS = 2_000;
/** How many spares runs that found none may bring about, beyond `warm`. */
const MOST_EXTRA = 3;
const IDLE_MS = 10_000;

/**
 * Gives each run a cell to itself: an idle one of its engine, a new one while there is room, else in order of asking. A cell serves again only
 * if its engine's realm is sealed, it is sound, and it has runs left (one that renews itself does so first, as if it were started); the
 * others are ended, and a fresh one is warmed in their place once the run has its answer, or while it goes on if it is a long one. Where
 * runs come faster than cells start, cells are warmed beside those that runs wait for, and more spares are kept, up to half of `maxCells`,
 * until one has nothing to do. None is kept that would take the idle ones over what they may hold, nor warmed where the last of its engine
 * held too much for that. A cell that is held counts among those alive, and is ended when its holder closes it.
 *
 * A cell whose guest waits, for a timer or for the host, leaves its place to others and asks before it goes on. Where guests of an engine can
 * share a thread, a run joins those that wait: a program that was seen to wait before another cell is started for it, any other after that.
 */
export function createPool(options: PoolOptions): PooledCell {
  const { idleMemory, maxCells, warm } = options;
  const turns = createTurns((wanted) => room.serves(wanted) || spares.coming(wanted.engine));
  let closed = false;
  /** The room of a cell that has become free or has ended. */
  const passOn = (engine: Engine): void => {
    room.freed();
    if (!turns.next()) spares.refillSoon(engine);
  };
  const slots = createSlots({
    spawn: options.spawn,
    idleMemory,
    endMs: options.endMs ?? MOST_END_MS,
    maxReuse: options.singleUse ? 1 : options.maxReuse,
    watcherOf: (engine) => ({ waits: waiters.note, rested: () => passOn(engine), wakes: room.goOn }),
    onRoom: passOn,
  });
  const waiters = createWaiters();
  const room = createRoom({ ...options, slots });
  const spares = createSpares({
    slots,
    idleMemory,
    warm,
    mostExtra: warm === 0 ? 0 : Math.min(MOST_EXTRA, Math.floor(maxCells / 2) - warm),
    idleMs: options.idleMs ?? IDLE_MS,
    mayWarm: () => !closed && turns.waiting === 0 && slots.alive() < maxCells,
    isClosed: () => closed,
    onReady: () => turns.next(),
  });

  const acquire = (wanted: Wanted, signal: AbortSignal): Promise<Acquired> =>
    acquireSlot({ slots, spares, turns, room, isClosed: () => closed }, wanted, signal);

  const release = (slot: Slot, ended: string): void => {
    slot.guests -= 1;
    if (slot.guests === 0) {
      spares.noteSize(slot);
      if (!closed && slots.servesAgain(slot, ended)) spares.keepAfterRun(slot);
      else void slots.remove(slot);
    }
    slot.runs += 1;
    if (!slots.lingers(slot)) passOn(slot.engine);
  };

  const run = async (request: CellRun): Promise<CellResult> => {
    const { slot, cold } = await acquire(waiters.wanted(request), request.signal);
    let refilling: ReturnType<typeof setTimeout> | undefined;
    let ended = 'crashed';
    try {
      slot.alone = isAlone(request);
      slot.cell.hold(true);
      await slot.cell.ready;
      const running = slot.cell.run(request, cold);
      if (!slots.servesAgain(slot)) {
        spares.expect(slot.engine);
        refilling = setTimeout(() => spares.refill(slot.engine), OVERLAP_MS);
        refilling.unref();
      }
      const result = await running;
      ended = result.end.kind;
      return result;
    } finally {
      clearTimeout(refilling);
      release(slot, ended);
    }
  };

  const hold = async (engine: Engine, signal: AbortSignal): Promise<HeldCell> => {
    const acquired = await acquire({ engine, joins: 'never', depth: 0 }, signal);
    acquired.slot.alone = true;
    const held = holdCell(options.kind, acquired, room.goOn, () => {
      const gone = slots.remove(acquired.slot);
      if (!slots.lingers(acquired.slot)) passOn(engine);
      return gone;
    });
    try {
      acquired.slot.cell.hold(true);
      await acquired.slot.cell.ready;
      acquired.slot.cell.hold(false);
      passOn(engine); // it rests until its first run
      if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot open the session: cancelled');
    } catch (error) {
      await held.close();
      throw error;
    }
    return held;
  };

  return {
    kind: options.kind,
    run,
    hold,
    cells: slots.list,
    close: async () => {
      closed = true;
      turns.all();
      await slots.removeAll();
    },
  };
}

const CANCELLED: CellEnd = {
  kind: 'stopped',
  reason: 'cancelled',
  memoryBytes: 0,
  fuel: null,
  growthRefused: false,
};

/** A slot that its holder alone has, until it closes it. */
function holdCell(
  kind: PoolOptions['kind'],
  { slot, cold }: Acquired,
  goOn: (go: () => void) => void,
  end: () => Promise<void>,
): HeldCell {
  let starts = cold;
  let gone: Promise<void> | undefined;
  return {
    kind,
    run: async (request) => {
      const first = starts;
      starts = false;
      await new Promise<void>((resolve) => {
        request.signal.addEventListener('abort', () => resolve(), { once: true });
        goOn(resolve);
      });
      if (gone !== undefined) return { end: CANCELLED, cpuMs: null, coldStart: first };
      return slot.cell.run({ ...request, kept: true }, first);
    },
    close: () => {
      gone ??= end();
      return gone;
    },
  };
}
