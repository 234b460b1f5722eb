/** Runs that wait for a cell, in the order in which they asked. */
export interface Turns {
  /** Resolves when it is this one's turn to look again, or on abort. */
  wait(signal: AbortSignal): Promise<void>;
  /** Lets the first one look; false: nobody waits. */
  next(): boolean;
  /** Lets everybody look. */
  all(): void;
  readonly waiting: number;
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  return {
    wait: (signal) =>
      new Promise((resolve) => {
        const go = (): void => {
          signal.removeEventListener('abort', give);
          resolve();
        };
        const give = (): void => {
          const at = waiting.indexOf(go);
          if (at >= 0) waiting.splice(at, 1);
          go();
        };
        signal.addEventListener('abort', give, { once: true });
        waiting.push(go);
      }),
    next: () => {
      const go = waiting.shift();
      go?.();
      return go !== undefined;
    },
    all: () => {
      for (const go of waiting.splice(0)) go();
    },
    get waiting() {
      return waiting.length;
    },
  };
}
