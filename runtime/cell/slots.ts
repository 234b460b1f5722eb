import { STOP_GRACE_MS } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import { within } from '../vocabulary/within.ts';
import type { IdleMemory } from './idle-memory.ts';
import { ENDED_BY_ITSELF, MOST_GUESTS } from './protocol.ts';
import type { CellWatcher, RemoteCell } from './remote-channel.ts';

/** A cell of a pool, and what the pool knows of it. */
export interface Slot {
  readonly engine: Engine;
  readonly cell: RemoteCell;
  state: 'starting' | 'idle' | 'busy';
  /** How deep its runs are nested in others, the outermost of them; 0 while it has none. */
  depth: number;
  /** Runs that it was given and that have ended. */
  runs: number;
  /** Runs that it was given and that have not. */
  guests: number;
  /** Nobody joins its guest: it is kept, or it is to have a share of the processor only. */
  alone: boolean;
  idleTimer?: ReturnType<typeof setTimeout>;
}

/** The cells of a pool that are alive: started, told to end, counted. */
export interface Slots {
  start(engine: Engine, state: Slot['state']): Promise<Slot>;
  /** It serves again: its memory counts among that of the idle ones. */
  setIdle(slot: Slot): void;
  /** A run that is nested so deeply has it now. */
  take(slot: Slot, depth: number): void;
  /** Ends it. Resolves when the cell is gone, or as soon as nobody should wait for it any longer. */
  remove(slot: Slot): Promise<void>;
  /** Ends all of them, and waits for those that are ending. */
  removeAll(): Promise<void>;
  /** Idle ones that a run of the engine can have. */
  idleOf(engine: Engine): readonly Slot[];
  /** Idle ones of all engines, the oldest first. */
  allIdle(): readonly Slot[];
  /** Whether the cell may serve another run once the present one has ended. */
  servesAgain(slot: Slot, ended?: string): boolean;
  /** Another run joins the guests of the slot. */
  join(slot: Slot, depth: number): void;
  /** Whether the slot takes another guest beside those that it has, once these rest; `takesMore`: all of them have begun. */
  hasPlace(slot: Slot): boolean;
  takesMore(slot: Slot): boolean;
  ofEngine(engine: Engine): readonly Slot[];
  /** A run has it, or a holder, and it burns nothing: all in it wait. */
  rests(slot: Slot): boolean;
  /** What the cells that rest hold together, bytes. */
  restingBytes(): number;
  /** Its runs are nested less deeply: they may wait for one that is nested so deeply. */
  isOuter(slot: Slot, depth: number): boolean;
  count(which: (slot: Slot) => boolean): number;
  /** Those that run, those that start, and those whose threads go on after they were told to end. */
  alive(): number;
  /** It was told to end, and its thread goes on: its room is nobody's yet. */
  lingers(slot: Slot): boolean;
  list(): readonly { readonly engine: string; readonly state: Slot['state'] }[];
}

export interface SlotsOptions {
  readonly spawn: (engine: Engine) => Promise<RemoteCell>;
  readonly idleMemory: IdleMemory;
  /** Runs that a reusable cell serves. */
  readonly maxReuse: number;
  /** Who is told of the waits in a cell. */
  readonly watcherOf: (engine: Engine) => CellWatcher;
  /** How long anybody waits for a cell that was told to end, ms. */
  readonly endMs: number;
  /** A cell that lingered is gone: its room is free. */
  readonly onRoom: (engine: Engine) => void;
}

export function createSlots({ spawn, idleMemory, endMs, onRoom, ...options }: SlotsOptions): Slots {
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
    const ended = within(gone, endMs).then(() => undefined); // in time or not
    closing.add(ended);
    return ended;
  };

  const rests = ({ alone, cell, guests, state }: Slot): boolean =>
    state === 'busy' && (cell.resting ? guests === cell.guests || alone : alone && cell.guests === 0);
  const count = (which: (slot: Slot) => boolean): number => {
    let sum = 0;
    for (const slot of slots) if (which(slot)) sum += 1;
    return sum;
  };
  const hasPlace = ({ alone, cell, guests, runs }: Slot): boolean =>
    !alone && cell.sound && guests > 0 && guests < MOST_GUESTS && runs + guests < options.maxReuse;

  return {
    start: async (engine, state) => {
      const reserved = { engine, state: 'starting' as const };
      starting.add(reserved);
      try {
        const cell = await spawn(engine);
        const guests = state === 'busy' ? 1 : 0;
        const slot: Slot = { engine, cell, state, depth: 0, runs: 0, guests, alone: false };
        cell.watch(options.watcherOf(engine));
        slots.add(slot);
        return slot;
      } finally {
        starting.delete(reserved);
      }
    },
    setIdle: (slot) => {
      slot.state = 'idle';
      slot.guests = 0;
      idleMemory.add(slot.cell.memoryBytes);
    },
    take: (slot, depth) => {
      take(slot);
      slot.depth = depth;
      slot.guests = 1;
    },
    servesAgain: ({ cell, engine, runs }, ended) =>
      engine.realm === 'sealed' &&
      cell.sound &&
      runs + 1 < options.maxReuse &&
      !(engine.renews === true && ended !== undefined && !ENDED_BY_ITSELF.has(ended)),
    join: (slot, depth) => {
      slot.depth = Math.min(slot.depth, depth);
      slot.guests += 1;
    },
    hasPlace,
    ofEngine: (engine) => [...slots].filter((slot) => slot.engine === engine),
    takesMore: (slot) =>
      // One that was given a run which has not begun in it only seems to rest; and in one that blocks nobody else gets on.
      slot.guests === slot.cell.guests && slot.cell.resting && !slot.cell.blocked && hasPlace(slot),
    rests,
    restingBytes: () => {
      let held = 0;
      for (const slot of slots) if (rests(slot)) held += slot.cell.heldBytes;
      return held;
    },
    isOuter: ({ depth, state }, than) => state === 'busy' && depth < than,
    count,
    remove,
    removeAll: async () => {
      await Promise.all([...slots].map(remove));
      await Promise.all(closing);
    },
    idleOf: (engine) =>
      [...slots].filter((slot) => slot.engine === engine && slot.state === 'idle' && slot.cell.sound),
    allIdle: () => [...slots].filter((slot) => slot.state === 'idle'),
    alive: () => slots.size + starting.size + lingering.size,
    lingers: (slot) => lingering.has(slot),
    list: () => [...slots, ...starting].map(({ engine, state }) => ({ engine: engine.name, state })),
  };
}
