/** How long what guests ask for may hold the host's thread in one turn of its event loop, ms. One piece of work is never cut short. */
const TURN_MS = 4;

/** Shares the host's thread between what the guests of one runtime ask for and everything else that it does: timers, other runs, a server. */
export interface Serving {
  /** A place in the queue for one run. */
  open(): Desk;
}

export interface Desk {
  /** Does a piece of work at once if this turn has time for it, else in a later turn. Pieces of one desk are done in their order. */
  serve(work: () => void): void;
  /** Pieces that wait. */
  readonly waiting: number;
  /** Drops what waits; nothing is done any more. */
  close(): void;
}

/**
 * Work of one run beside its calls, piece by piece. It goes on to its end, whatever becomes of the run: who asks for the next piece looks at
 * that.
 */
export function piecesOf({ serve }: Pick<Desk, 'serve'>): <T>(work: () => T) => Promise<T> {
  return (work) =>
    new Promise((resolve, reject) => {
      serve(() => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      });
    });
}

interface Queue {
  readonly work: (() => void)[];
  /** Time that it had, ms; one that comes back after a rest starts level with the others. */
  had: number;
  open: boolean;
}

/**
 * Whoever has had least goes first, so that a run that asks for little is not kept waiting by those that flood.
 * @param schedule Calls back after the timers and I/O that are due.
 */
export function createServing(monotonic: () => number, schedule: (callback: () => void) => void): Serving {
  const waiting = new Set<Queue>();
  let spent = 0;
  let scheduled = false;
  /** What the one that was served last had before. */
  let level = 0;

  const run = (queue: Queue, work: () => void): void => {
    const start = monotonic();
    try {
      work();
    } finally {
      const took = monotonic() - start;
      queue.had += took;
      spent += took;
    }
  };
  const next = (): Queue | undefined => {
    let least: Queue | undefined;
    for (const queue of waiting) if (least === undefined || queue.had < least.had) least = queue;
    return least;
  };
  const turn = (): void => {
    scheduled = false;
    spent = 0;
    try {
      for (let queue = next(); queue !== undefined && spent < TURN_MS; queue = next()) {
        const work = queue.work.shift();
        if (queue.work.length === 0) waiting.delete(queue);
        level = queue.had;
        if (work !== undefined) run(queue, work);
      }
    } finally {
      if (waiting.size > 0) scheduleTurn();
    }
  };
  const scheduleTurn = (): void => {
    if (scheduled) return;
    scheduled = true;
    schedule(turn);
  };

  return {
    open: () => {
      const queue: Queue = { work: [], had: level, open: true };
      return {
        serve: (work) => {
          if (!queue.open) return;
          scheduleTurn(); // in which the time starts anew
          if (queue.work.length === 0 && spent < TURN_MS) {
            run(queue, work);
            return;
          }
          if (queue.work.length === 0) queue.had = Math.max(queue.had, level);
          queue.work.push(work);
          waiting.add(queue);
        },
        get waiting() {
          return queue.work.length;
        },
        close: () => {
          queue.open = false;
          queue.work.length = 0;
          waiting.delete(queue);
        },
      };
    },
  };
}
