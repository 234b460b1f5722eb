import type { Engine } from '../contracts/engine.ts';
import type { IdleMemory } from './idle-memory.ts';
import type { Slot, Slots } from './slots.ts';

/** A cell that is warmed before anybody asks for it. Until it is idle, a run may take it and wait for the rest of its start. */
interface Spare {
  readonly engine: Engine;
  readonly slot: Promise<Slot>;
}

/** Which cells are warmed and kept, and how many. */
export interface Spares {
  /** A run of the engine found no idle cell: where runs come faster than cells start, more are kept. */
  wantMore(engine: Engine): void;
  /** From now on `wantMore` counts: a run goes on whose cell is replaced after it. */
  expect(engine: Engine): void;
  /** The spare that has been on its way for longest, if there is one. */
  take(engine: Engine): Promise<Slot> | undefined;
  /** Whether there is one on its way that a run of the engine could take. */
  coming(engine: Engine): boolean;
  /** Warms a cell in the background when an engine in use has fewer idle ones than wanted and nobody waits for the room. */
  refill(engine: Engine): void;
  /** A run that has to wait for a start anyway has the next cells started beside it: runs come faster than they are warmed one by one. */
  refillIfShort(engine: Engine): void;
  /** Refills once the answer of the run that ends now has gone out. */
  refillSoon(engine: Engine): void;
  /** The run that asks starts the cell itself that was due. */
  dropSoon(engine: Engine): void;
  /** Keeps a cell that has served a run; one that makes itself ready for the next counts as one that starts. */
  keepAfterRun(slot: Slot): void;
  /** Keeps a cell idle, if the idle ones together do not hold too much. */
  keep(slot: Slot): void;
  /** What the last cell of an engine held is what the next will. */
  noteSize(slot: Slot): void;
}

export interface SparesOptions {
  readonly slots: Slots;
  readonly idleMemory: IdleMemory;
  /** Idle warm cells kept per engine once it has been used. */
  readonly warm: number;
  /** How many more are kept where runs find none. */
  readonly mostExtra: number;
  /** How long one beyond `warm` may idle, ms. */
  readonly idleMs: number;
  /** Whether a cell may be started that nobody asked for. */
  readonly mayWarm: () => boolean;
  readonly isClosed: () => boolean;
  /** A spare is idle now; false: no run waited for it. */
  readonly onReady: () => boolean;
}

export function createSpares(options: SparesOptions): Spares {
  const { slots, idleMemory, warm } = options;
  const spares = new Set<Spare>();
  /** Spares to keep beyond `warm`, by engines whose runs found none. */
  const extra = new Map<Engine, number>();
  /** Refills that wait until the answer of a run has gone out. */
  const due = new Map<Engine, ReturnType<typeof setImmediate>>();
  /** What the last cell of an engine held once it was ready, bytes. */
  const sizes = new Map<Engine, number>();
  const sparesOf = (engine: Engine): Spare[] => [...spares].filter((spare) => spare.engine === engine);
  const noteSize = (slot: Slot): void => void sizes.set(slot.engine, slot.cell.memoryBytes);

  const refill = (engine: Engine): void => {
    if (!options.mayWarm()) return;
    if (slots.idleOf(engine).length + sparesOf(engine).length >= warm + (extra.get(engine) ?? 0)) return;
    const coming = [...spares].reduce((sum, spare) => sum + (sizes.get(spare.engine) ?? 0), 0);
    if (!idleMemory.fits(sizes.get(engine) ?? 0, coming)) return;
    const spare: Spare = { engine, slot: slots.start(engine, 'starting') };
    spares.add(spare);
    warmUp(spare).catch(() => undefined); // a run that needs this engine starts a cell itself and reports why it cannot
  };

  const warmUp = async (spare: Spare): Promise<void> => {
    let slot: Slot | undefined;
    try {
      slot = await spare.slot;
      if (!spares.has(spare)) return; // taken: what becomes of it is its run's affair
      slot.cell.hold(false);
      await slot.cell.ready;
      if (!spares.delete(spare)) return;
      if (options.isClosed()) await slots.remove(slot);
      else keep(slot);
      if (!options.onReady()) refill(spare.engine);
    } catch (error) {
      if (slot !== undefined && spares.has(spare)) await slots.remove(slot);
      throw error;
    } finally {
      spares.delete(spare);
    }
  };

  const keep = (slot: Slot): void => {
    noteSize(slot);
    if (!idleMemory.fits(slot.cell.memoryBytes)) {
      void slots.remove(slot);
      return;
    }
    slots.setIdle(slot);
    if (slots.idleOf(slot.engine).length <= warm) return;
    slot.idleTimer = setTimeout(() => {
      extra.delete(slot.engine);
      if (slots.idleOf(slot.engine).length > warm) void slots.remove(slot);
    }, options.idleMs);
    if (typeof slot.idleTimer === 'object') slot.idleTimer.unref();
  };

  return {
    wantMore: (engine) => {
      const now = extra.get(engine);
      if (now !== undefined && now < options.mostExtra) extra.set(engine, now + 1);
    },
    expect: (engine) => void extra.set(engine, extra.get(engine) ?? 0),
    take: (engine) => {
      const [spare] = sparesOf(engine);
      if (spare !== undefined) spares.delete(spare);
      return spare?.slot;
    },
    coming: (engine) => sparesOf(engine).length > 0,
    refill,
    refillIfShort: (engine) => {
      if (extra.has(engine)) refill(engine);
    },
    refillSoon: (engine) => {
      if (due.has(engine)) return;
      const soon = setImmediate(() => {
        due.delete(engine);
        refill(engine);
      });
      soon.unref();
      due.set(engine, soon);
    },
    dropSoon: (engine) => {
      clearImmediate(due.get(engine));
      due.delete(engine);
    },
    keepAfterRun: (slot) => {
      if (slot.engine.renews !== true) {
        keep(slot);
        return;
      }
      slot.state = 'starting';
      const spare: Spare = { engine: slot.engine, slot: Promise.resolve(slot) };
      spares.add(spare);
      warmUp(spare).catch(() => refill(slot.engine));
    },
    keep,
    noteSize,
  };
}
