/** Who uses a file, one after the other: WASI has no locks, and also whoever reads may have to take back what a killed writer left half done. */
export interface FileTurns {
  /**
   * Does `work` when it is its turn at `key`.
   * @throws whatever `work` throws, and the reason of `signal` when that aborts before.
   */
  take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function createFileTurns(): FileTurns {
  /** Files in use → who waits for them, in order of asking. */
  const waiting = new Map<string, (() => void)[]>();

  const wait = (key: string, signal: AbortSignal | undefined): Promise<void> => {
    signal?.throwIfAborted();
    const queue = waiting.get(key);
    if (queue === undefined) {
      waiting.set(key, []);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        queue.splice(queue.indexOf(go), 1);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      queue.push(go);
    });
  };

  const passOn = (key: string): void => {
    const next = waiting.get(key)?.shift();
    if (next === undefined) waiting.delete(key);
    else next();
  };

  return {
    async take(key, work, signal) {
      await wait(key, signal);
      try {
        return await work();
      } finally {
        passOn(key);
      }
    },
  };
}
