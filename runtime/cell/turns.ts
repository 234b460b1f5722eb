/** Runs that wait for a cell, in the order in which they asked. */
export interface Turns {
  /** Resolves when it is this one's turn to look again, or on abort. */
  wait(depth: number, signal: AbortSignal): Promise<void>;
  /** Lets the first one look for which there is room; false: there is none. */
  next(): boolean;
  /** Lets everybody look. */
  all(): void;
  readonly waiting: number;
}

/** @param mayLook Whether a run that is nested so deeply would find a cell, or the room for one. */
export function createTurns(mayLook: (depth: number) => boolean): Turns {
  const waiting: { readonly depth: number; readonly go: () => void }[] = [];
  return {
    wait: (depth, signal) =>
      new Promise((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', give);
          resolve();
        };
        const entry = { depth, go };
        const give = (): void => {
          const at = waiting.indexOf(entry);
          if (at >= 0) waiting.splice(at, 1);
          go();
        };
        signal.addEventListener('abort', give, { once: true });
        waiting.push(entry);
      }),
    next: () => {
      const at = waiting.findIndex(({ depth }) => mayLook(depth));
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
