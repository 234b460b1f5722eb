import { type Cell, type CellResult, type CellRun, type HeldCell, STOP_GRACE_MS } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { IdleMemory } from './idle-memory.ts';
import type { Seat } from './remote-seat.ts';

export interface PoolOptions {
  readonly kind: 'worker' | 'process';
  /** Starts a cell for an engine. */
  readonly spawn: (engine: Engine) => Promise<Seat>;
  /** Cells alive at once. */
  readonly maxCells: number;
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

interface Slot {
  readonly engine: Engine;
  readonly seat: Seat;
  state: 'starting' | 'idle' | 'busy';
  runs: number;
  idleTimer?: ReturnType<typeof setTimeout>;
}

/** A cell that is warmed before anybody asks for it. Until it is idle, a run may take it and wait for the rest of its start. */
interface Spare {
  readonly engine: Engine;
  readonly slot: Promise<Slot>;
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

/**
 * Gives each run a cell to itself: an idle one of its engine, a new one while there is room, else in order of asking. A cell serves again only
 * if its engine's realm is sealed, it is sound, and it has runs left; the others are ended, and a fresh one is warmed in their place once the
 * run has its answer, or while it goes on if it is a long one. Where runs come faster than cells start, cells are warmed beside those that runs
 * wait for, and more spares are kept, up to half of `maxCells`, until one has nothing to do. None is kept that would take the idle ones over what
 * they may hold, nor warmed where the last of its engine held too much for that. A cell that is held counts among those alive, and
 * is ended when its holder closes it.
 */
export function createPool(options: PoolOptions): PooledCell {
  const slots = new Set<Slot>();
  const waiting: (() => void)[] = [];
  const closing = new Set<Promise<void>>();
  const spares = new Set<Spare>();
  /** Spares to keep beyond `warm`, by engines whose runs found none. */
  const extra = new Map<Engine, number>();
  const mostExtra =
    options.warm === 0 ? 0 : Math.min(MOST_EXTRA, Math.floor(options.maxCells / 2) - options.warm);
  /** Refills that wait until the answer of a run has gone out. */
  const due = new Map<Engine, ReturnType<typeof setImmediate>>();
  /** What the last cell of an engine held once it was ready, bytes. */
  const sizes = new Map<Engine, number>();
  let closed = false;

  const leaveIdle = (slot: Slot): void => {
    clearTimeout(slot.idleTimer);
    if (slot.state === 'idle') options.idleMemory.remove(slot.seat.memoryBytes);
    slot.state = 'busy';
  };

  /** Cells that were told to end and whose threads go on: their room is nobody's yet. */
  const lingering = new Set<Slot>();
  /** Resolves when the cell is gone, or as soon as nobody should wait for it any longer. */
  const remove = (slot: Slot): Promise<void> => {
    leaveIdle(slot);
    slots.delete(slot);
    // One that had to be broken off may be in a call that V8 does not interrupt; any other is gone in no time.
    if (!slot.seat.sound) lingering.add(slot);
    const late = setTimeout(() => lingering.add(slot), STOP_GRACE_MS);
    late.unref();
    const gone = slot.seat.end().finally(() => {
      clearTimeout(late);
      closing.delete(ended);
      if (lingering.delete(slot)) passOn(slot.engine);
    });
    const ended = within(gone, options.endMs ?? MOST_END_MS);
    closing.add(ended);
    return ended;
  };

  const start = async (engine: Engine, state: Slot['state']): Promise<Slot> => {
    const reserved = { engine, state: 'starting' as const };
    starting.add(reserved);
    try {
      const seat = await options.spawn(engine);
      const slot: Slot = { engine, seat, state, runs: 0 };
      slots.add(slot);
      return slot;
    } finally {
      starting.delete(reserved);
    }
  };
  const starting = new Set<{ readonly engine: Engine; readonly state: 'starting' }>();
  const alive = (): number => slots.size + starting.size + lingering.size;
  const sparesOf = (engine: Engine): Spare[] => [...spares].filter((spare) => spare.engine === engine);
  const wanted = (engine: Engine): number => options.warm + (extra.get(engine) ?? 0);
  const wantMore = (engine: Engine): void => {
    const now = extra.get(engine);
    if (now !== undefined && now < mostExtra) extra.set(engine, now + 1);
  };
  const idleOf = (engine: Engine): Slot[] =>
    [...slots].filter((slot) => slot.engine === engine && slot.state === 'idle' && slot.seat.sound);

  const acquire = async (engine: Engine, signal: AbortSignal): Promise<{ slot: Slot; cold: boolean }> => {
    for (;;) {
      if (closed) throw new SandglassError('CANCELLED', 'Cannot run: the runtime is closed');
      if (signal.aborted)
        throw new SandglassError('CANCELLED', 'Cannot run: cancelled while waiting for a cell');
      const [idle] = idleOf(engine);
      if (idle !== undefined) {
        leaveIdle(idle);
        return { slot: idle, cold: false };
      }
      wantMore(engine);
      const [spare] = sparesOf(engine);
      if (spare !== undefined) {
        spares.delete(spare);
        refillIfShort(engine);
        const slot = await spare.slot;
        slot.state = 'busy';
        return { slot, cold: true };
      }
      const unused = [...slots].find((slot) => slot.state === 'idle');
      if (alive() >= options.maxCells && unused !== undefined) void remove(unused);
      clearImmediate(due.get(engine)); // this run starts the cell that was due, and has another warmed in its turn
      due.delete(engine);
      if (alive() < options.maxCells) {
        const own = start(engine, 'busy');
        refillIfShort(engine);
        return { slot: await own, cold: true };
      }
      await turn(signal);
    }
  };

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const next = (): void => {
        signal.removeEventListener('abort', give);
        resolve();
      };
      const give = (): void => {
        const at = waiting.indexOf(next);
        if (at >= 0) waiting.splice(at, 1);
        next();
      };
      signal.addEventListener('abort', give, { once: true });
      waiting.push(next);
    });

  /** Warms a cell in the background when an engine in use has fewer idle ones than wanted and nobody waits for the room. */
  const refill = (engine: Engine): void => {
    if (closed || waiting.length > 0 || alive() >= options.maxCells) return;
    if (idleOf(engine).length + sparesOf(engine).length >= wanted(engine)) return;
    const coming = [...spares].reduce((sum, spare) => sum + (sizes.get(spare.engine) ?? 0), 0);
    if (!options.idleMemory.fits(sizes.get(engine) ?? 0, coming)) return;
    const spare: Spare = { engine, slot: start(engine, 'starting') };
    spares.add(spare);
    warmUp(spare).catch(() => undefined); // a run that needs this engine starts a cell itself and reports why it cannot
  };

  /** A run that has to wait for a start anyway has the next cells started beside it: runs come faster than they are warmed one by one. */
  const refillIfShort = (engine: Engine): void => {
    if (extra.has(engine)) refill(engine);
  };

  const warmUp = async (spare: Spare): Promise<void> => {
    let slot: Slot | undefined;
    try {
      slot = await spare.slot;
      if (!spares.has(spare)) return; // taken: what becomes of it is its run's affair
      slot.seat.hold(false);
      await slot.seat.ready;
      if (!spares.delete(spare)) return;
      if (closed) await remove(slot);
      else setIdle(slot);
      const next = waiting.shift();
      if (next === undefined) refill(spare.engine);
      else next();
    } catch (error) {
      if (slot !== undefined && spares.has(spare)) await remove(slot);
      throw error;
    } finally {
      spares.delete(spare);
    }
  };

  const setIdle = (slot: Slot): void => {
    const { memoryBytes } = slot.seat;
    sizes.set(slot.engine, memoryBytes);
    if (!options.idleMemory.fits(memoryBytes)) {
      void remove(slot);
      return;
    }
    slot.state = 'idle';
    options.idleMemory.add(memoryBytes);
    if (idleOf(slot.engine).length <= options.warm) return;
    slot.idleTimer = setTimeout(() => {
      extra.delete(slot.engine);
      if (idleOf(slot.engine).length > options.warm) void remove(slot);
    }, options.idleMs ?? 10_000);
    if (typeof slot.idleTimer === 'object') slot.idleTimer.unref();
  };

  const servesAgain = (slot: Slot): boolean =>
    !options.singleUse &&
    slot.engine.realm === 'sealed' &&
    slot.seat.sound &&
    slot.runs + 1 < options.maxReuse;

  const release = (slot: Slot): void => {
    const again = servesAgain(slot);
    slot.runs += 1;
    sizes.set(slot.engine, slot.seat.memoryBytes);
    if (closed || !again) void remove(slot);
    else setIdle(slot);
    if (!lingering.has(slot)) passOn(slot.engine);
  };

  /** The room of a cell that has become free or has ended. */
  const passOn = (engine: Engine): void => {
    const next = waiting.shift();
    if (next !== undefined) next();
    else if (!due.has(engine)) {
      const soon = setImmediate(() => {
        due.delete(engine);
        refill(engine);
      });
      soon.unref();
      due.set(engine, soon);
    }
  };

  const run = async (request: CellRun): Promise<CellResult> => {
    const { slot, cold } = await acquire(request.engine, request.signal);
    let refilling: ReturnType<typeof setTimeout> | undefined;
    try {
      slot.seat.hold(true);
      await slot.seat.ready;
      const result = slot.seat.run(request, cold);
      if (!servesAgain(slot)) {
        if (!extra.has(slot.engine)) extra.set(slot.engine, 0);
        refilling = setTimeout(() => refill(slot.engine), OVERLAP_MS);
        refilling.unref();
      }
      return await result;
    } finally {
      clearTimeout(refilling);
      release(slot);
    }
  };

  const hold = async (engine: Engine, signal: AbortSignal): Promise<HeldCell> => {
    const { slot, cold } = await acquire(engine, signal);
    let gone: Promise<void> | undefined;
    const end = (): Promise<void> => {
      if (gone === undefined) {
        gone = remove(slot);
        if (!lingering.has(slot)) passOn(engine);
      }
      return gone;
    };
    try {
      slot.seat.hold(true);
      await slot.seat.ready;
      slot.seat.hold(false);
      if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot open the session: cancelled');
    } catch (error) {
      await end();
      throw error;
    }
    let starts = cold;
    return {
      kind: options.kind,
      run: (request) => {
        const first = starts;
        starts = false;
        return slot.seat.run({ ...request, kept: true }, first);
      },
      close: end,
    };
  };

  return {
    kind: options.kind,
    run,
    hold,
    cells: () => [...slots, ...starting].map(({ engine, state }) => ({ engine: engine.name, state })),
    close: async () => {
      closed = true;
      for (const next of waiting.splice(0)) next();
      await Promise.all([...slots].map(remove));
      await Promise.all(closing);
    },
  };
}

/** Resolves with the promise, or after so many milliseconds without it. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
