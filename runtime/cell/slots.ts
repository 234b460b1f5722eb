import { STOP_GRACE_MS } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import type { IdleMemory } from './idle-memory.ts';
import type { RemoteCell } from './remote-cell.ts';

/** A cell of a pool, and what the pool knows of it. */
export interface Slot {
  readonly engine: Engine;
  readonly cell: RemoteCell;
  state: 'starting' | 'idle' | 'busy';
  /** How deep its run is nested in others; 0 while it has none. */
  depth: number;
  runs: number;
  idleTimer?: ReturnType<typeof setTimeout>;
}

/** The cells of a pool that are alive: started, told to end, counted. */
export interface Slots {
  start(engine: Engine, state: Slot['state']): Promise<Slot>;
  /** It serves again: its memory counts among that of the idle ones. */
  setIdle(slot: Slot): void;
  /** A run has it now, or it is to end. */
  take(slot: Slot): void;
  /** Ends it. Resolves when the cell is gone, or as soon as nobody should wait for it any longer. */
  remove(slot: Slot): Promise<void>;
  /** Ends all of them, and waits for those that are ending. */
  removeAll(): Promise<void>;
  /** Idle ones that a run of the engine can have. */
  idleOf(engine: Engine): readonly Slot[];
  /** Idle ones of all engines, the oldest first. */
  allIdle(): readonly Slot[];
  /** Those that run, those that start, and those whose threads go on after they were told to end. */
  alive(): number;
  /** Those whose runs are nested less deeply: they may wait for one that is nested so deeply. */
  outerThan(depth: number): number;
  /** It was told to end, and its thread goes on: its room is nobody's yet. */
  lingers(slot: Slot): boolean;
  list(): readonly { readonly engine: string; readonly state: Slot['state'] }[];
}

export interface SlotsOptions {
  readonly spawn: (engine: Engine) => Promise<RemoteCell>;
  readonly idleMemory: IdleMemory;
  /** How long anybody waits for a cell that was told to end, ms. */
  readonly endMs: number;
  /** A cell that lingered is gone: its room is free. */
  readonly onRoom: (engine: Engine) => void;
}

export function createSlots({ spawn, idleMemory, endMs, onRoom }: SlotsOptions): Slots {
  const slots = new Set<Slot>();
  const starting = new Set<Pick<Slot, 'engine' | 'state'>>();
  const lingering = new Set<Slot>();
  const closing = new Set<Promise<void>>();

  const take = (slot: Slot): void => {
    clearTimeout(slot.idleTimer);
    if (slot.state === 'idle') idleMemory.remove(slot.cell.memoryBytes);
    slot.state = 'busy';
    slot.depth = 0;
  };

  const remove = (slot: Slot): Promise<void> => {
    take(slot);
    slots.delete(slot);
    // One that had to be broken off may be in a call that V8 does not interrupt; any other is gone in no time.
    if (!slot.cell.sound) lingering.add(slot);
    const late = setTimeout(() => lingering.add(slot), STOP_GRACE_MS);
    late.unref();
    const gone = slot.cell.end().finally(() => {
      clearTimeout(late);
      closing.delete(ended);
      if (lingering.delete(slot)) onRoom(slot.engine);
    });
    const ended = within(gone, endMs);
    closing.add(ended);
    return ended;
  };

  return {
    start: async (engine, state) => {
      const reserved = { engine, state: 'starting' as const };
      starting.add(reserved);
      try {
        const slot: Slot = { engine, cell: await spawn(engine), state, depth: 0, runs: 0 };
        slots.add(slot);
        return slot;
      } finally {
        starting.delete(reserved);
      }
    },
    setIdle: (slot) => {
      slot.state = 'idle';
      idleMemory.add(slot.cell.memoryBytes);
    },
    take,
    remove,
    removeAll: async () => {
      await Promise.all([...slots].map(remove));
      await Promise.all(closing);
    },
    idleOf: (engine) =>
      [...slots].filter((slot) => slot.engine === engine && slot.state === 'idle' && slot.cell.sound),
    allIdle: () => [...slots].filter((slot) => slot.state === 'idle'),
    alive: () => slots.size + starting.size + lingering.size,
    outerThan: (depth) =>
      depth === 0 ? 0 : [...slots].filter((slot) => slot.state === 'busy' && slot.depth < depth).length,
    lingers: (slot) => lingering.has(slot),
    list: () => [...slots, ...starting].map(({ engine, state }) => ({ engine: engine.name, state })),
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
