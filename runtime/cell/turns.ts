import type { Wanted } from './waiters.ts';

/** Runs that wait for a cell, in the order in which they asked. */
export interface Turns {
  /** Resolves when it is this one's turn to look again, or on abort. `again`: it has looked, and keeps its place at the front. */
  wait(wanted: Wanted, signal: AbortSignal, again: boolean): Promise<void>;
  /** Lets the first one look for which there is room; false: there is none. */
  next(): boolean;
  /** Lets everybody look. */
  all(): void;
  readonly waiting: number;
}

/** @param mayLook Whether who waits would find a cell, or the room for one. */
export function createTurns(mayLook: (wanted: Wanted) => boolean): Turns {
  const waiting: { readonly wanted: Wanted; readonly go: () => void }[] = [];
  return {
    wait: (wanted, signal, again) =>
      new Promise((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', give);
          resolve();
        };
        const entry = { wanted, go };
        const give = (): void => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1);
          go();
        };
        signal.addEventListener('abort', give, { once: true });
        if (again) waiting.unshift(entry);
        else waiting.push(entry);
      }),
    next: () => {
      const at = waiting.findIndex(({ wanted }) => mayLook(wanted));
      if (at < 0) return false;
      waiting.splice(at, 1)[0]?.go();
      return true;
    },
    all: () => {
      for (const { go } of waiting.splice(0)) go();
    },
    get waiting() {
      return waiting.length;
    },
  };
}
