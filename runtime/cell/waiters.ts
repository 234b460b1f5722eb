import type { CellRun } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import { Recent } from '../vocabulary/recent.ts';

/** Programs that are remembered, and how long a text of one may be, characters. */
const MOST_KNOWN = 256;
const LONGEST = 65_536;

/** Whom a cell is wanted for. */
export interface Wanted {
  readonly engine: Engine;
  /** Whether it may join guests that wait: `first` before another cell is started, `last` where none may be, or not at all. */
  readonly joins: 'first' | 'last' | 'never';
  /** How deep the run is nested in others. */
  readonly depth: number;
}

/** Programs that were seen to wait. A run of one is put beside others that wait; of any other it is not known whether it will. */
export interface Waiters {
  note(request: CellRun): void;
  wanted(request: CellRun): Wanted;
}

export function createWaiters(): Waiters {
  const known = new Recent<true>(MOST_KNOWN);
  const textOf = ({ guest }: CellRun): string | undefined => {
    const { likeness } = guest;
    return likeness === undefined || likeness.length > LONGEST ? undefined : likeness;
  };
  return {
    note: (request) => {
      const text = textOf(request);
      if (text !== undefined) known.set(text, true);
    },
    wanted: (request) => {
      const text = textOf(request);
      const waits = text !== undefined && known.get(text) === true;
      const joins = isAlone(request) ? 'never' : waits ? 'first' : 'last';
      return { engine: request.engine, joins, depth: request.depth ?? 0 };
    },
  };
}

/** A guest with a share of the processor rests by blocking its thread: nobody can join it. */
export const isAlone = ({ spec }: CellRun): boolean => spec.limits.cpuShare < 1;
