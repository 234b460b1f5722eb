import { SandglassError } from '../vocabulary/errors.ts';
import { PRIORITIES, type Priority } from '../vocabulary/priority.ts';

export interface PlacesOptions {
  readonly maxConcurrent: number;
  readonly maxPerTool: number;
  readonly maxPerCaller: number;
  readonly maxQueued: number;
  readonly monotonic: () => number;
}

/** Who wants a place. */
export interface Asking {
  readonly tool: string;
  readonly caller: string;
  readonly priority: Priority;
  readonly signal: AbortSignal;
}

/** Calls that run at the same time: so many in all, of one tool, of one caller. */
export interface Places {
  /**
   * What gives the place back: at once where there is one, else when its turn has come.
   * @throws {SandglassError} rejects with QUEUE_FULL; CANCELLED when the signal aborts meanwhile.
   */
  take(asking: Asking): (() => void) | Promise<() => void>;
  readonly running: number;
  readonly waiting: number;
}

interface Entry extends Asking {
  readonly since: number;
  readonly start: () => void;
}

/** Waiting this long makes up for one step of priority, ms. */
const AGE_MS = 5_000;

/** First the most urgent, then whoever has the fewest calls at work, then the oldest. */
export function createPlaces(options: PlacesOptions): Places {
  const { monotonic } = options;
  const waiting = new Set<Entry>();
  const byTool = new Map<string, number>();
  const byCaller = new Map<string, number>();
  let running = 0;

  const fits = ({ tool, caller }: Asking): boolean =>
    running < options.maxConcurrent &&
    (byTool.get(tool) ?? 0) < options.maxPerTool &&
    (byCaller.get(caller) ?? 0) < options.maxPerCaller;
  const count = ({ tool, caller }: Asking, by: 1 | -1): void => {
    running += by;
    add(byTool, tool, by);
    add(byCaller, caller, by);
  };
  const urgency = ({ priority, since }: Entry): number =>
    PRIORITIES.indexOf(priority) + Math.floor((monotonic() - since) / AGE_MS);
  const isBefore = (one: Entry, other: Entry): boolean => {
    const ahead = urgency(one) - urgency(other);
    if (ahead !== 0) return ahead > 0;
    const load = (byCaller.get(one.caller) ?? 0) - (byCaller.get(other.caller) ?? 0);
    return load < 0; // of equals the set has the oldest first
  };
  const startNext = (): void => {
    for (;;) {
      let best: Entry | undefined;
      for (const entry of waiting)
        if (fits(entry) && (best === undefined || isBefore(entry, best))) best = entry;
      if (best === undefined) return;
      waiting.delete(best);
      count(best, 1);
      best.start();
    }
  };
  const placeOf = (asking: Asking): (() => void) => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      count(asking, -1);
      startNext();
    };
  };

  const waitFor = async (asking: Asking): Promise<() => void> => {
    if (waiting.size >= options.maxQueued) throw full(options.maxQueued);
    await new Promise<void>((resolve, reject) => {
      const { signal } = asking;
      const cancel = (): void => {
        waiting.delete(entry);
        reject(new SandglassError('CANCELLED', 'Cannot call the tool: it was cancelled while it waited'));
      };
      const entry: Entry = {
        ...asking,
        since: monotonic(),
        start: () => {
          signal.removeEventListener('abort', cancel);
          resolve();
        },
      };
      signal.addEventListener('abort', cancel, { once: true });
      waiting.add(entry);
      startNext(); // one that waits for its own tool does not hold up the others
    });
    return placeOf(asking);
  };

  return {
    get running() {
      return running;
    },
    get waiting() {
      return waiting.size;
    },
    take(asking) {
      if (waiting.size > 0 || !fits(asking)) return waitFor(asking);
      count(asking, 1);
      return placeOf(asking);
    },
  };
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const now = (counts.get(key) ?? 0) + by;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}

const full = (maxQueued: number): SandglassError =>
  new SandglassError('QUEUE_FULL', `Cannot call the tool: ${maxQueued} calls wait already`, {
    hint: 'Call again later',
  });
