import { SandglassError } from '../vocabulary/errors.ts';
import { PRIORITIES } from '../vocabulary/priority.ts';
import { createDrain, type Drain } from './drain.ts';
import type { Clock, Job, Lanes, Ticket, TicketState } from './scheduler.ts';

export interface LanesOptions {
  /** Jobs at work at the same time, 1..10_000. @default 10 */
  readonly concurrency?: number;
  /** Jobs that may wait, 0..1_000_000. Over it: QUEUE_FULL. @default 100 */
  readonly maxQueued?: number;
  /** Waiting this long makes up for one step of priority, ms, 1..; so low work runs under a constant stream of urgent work. @default 5_000 */
  readonly ageMs?: number;
  readonly clock?: Clock;
}

interface Entry {
  readonly sequence: number;
  readonly rank: number;
  readonly submittedAt: number;
  start(): void;
  cancel(): void;
}

const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms);
    return () => clearTimeout(timer);
  },
};

/** The order and the places of work in this process: FIFO within one priority, nothing kept on disk, no timer but a drain's. */
export function createLanes(options: LanesOptions = {}): Lanes {
  const concurrency = wholeNumber('concurrency', options.concurrency ?? 10, 1, 10_000);
  const maxQueued = wholeNumber('maxQueued', options.maxQueued ?? 100, 0, 1_000_000);
  const ageMs = wholeNumber('ageMs', options.ageMs ?? 5_000, 1, Number.MAX_SAFE_INTEGER);
  const clock = options.clock ?? systemClock;

  // A Set keeps insertion order and deletes in constant time: its first element is the oldest of its priority.
  const waiting = PRIORITIES.map(() => new Set<Entry>());
  const running = new Set<Entry>();
  let sequence = 0;
  let draining: Drain<Entry> | undefined;

  const queued = (): number => waiting.reduce((sum, lane) => sum + lane.size, 0);

  const next = (): Entry | undefined => {
    const now = clock.now();
    const urgency = (entry: Entry): number => entry.rank + Math.floor((now - entry.submittedAt) / ageMs);
    let best: Entry | undefined;
    for (const lane of waiting) {
      const [oldest] = lane;
      if (oldest === undefined) continue;
      if (best === undefined) best = oldest;
      else {
        const ahead = urgency(oldest) - urgency(best);
        if (ahead > 0 || (ahead === 0 && oldest.sequence < best.sequence)) best = oldest;
      }
    }
    return best;
  };

  const pump = (): void => {
    while (running.size < concurrency) {
      const entry = next();
      if (entry === undefined) break;
      waiting[entry.rank]?.delete(entry);
      running.add(entry);
      entry.start();
    }
    if (running.size === 0 && queued() === 0) draining?.end();
  };

  const refuseFull = (): void => {
    const facts = { queued: queued(), running: running.size, concurrency, maxQueued };
    if (draining !== undefined) {
      throw new SandglassError('QUEUE_FULL', 'Cannot accept a run: the service is shutting down', {
        details: facts,
        hint: 'Send it again once the service is back',
      });
    }
    if (running.size >= concurrency && facts.queued >= maxQueued) {
      throw new SandglassError('QUEUE_FULL', `Cannot accept a run: ${facts.queued} are waiting already`, {
        details: facts,
        hint: 'Send it again a little later',
      });
    }
  };

  return {
    submit<T>(job: Job<T>): Ticket<T> {
      refuseFull();
      const rank = PRIORITIES.indexOf(job.priority ?? 'normal');
      if (rank < 0)
        throw new TypeError(`Cannot queue a job: unknown priority ${JSON.stringify(job.priority)}`);
      const submittedAt = clock.now();
      const abort = new AbortController();
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      // Whoever submitted may have gone; a job that fails then must not end the process as an unhandled rejection.
      promise.catch(() => undefined);
      let state: TicketState = 'queued';
      let waitedMs: number | undefined;

      const finish = (settle: () => void): void => {
        state = 'done';
        job.signal?.removeEventListener('abort', cancel);
        draining?.count(entry);
        settle();
      };
      const entry: Entry = {
        sequence: sequence++,
        rank,
        submittedAt,
        start: () => {
          state = 'running';
          const queuedMs = clock.now() - submittedAt;
          waitedMs = queuedMs;
          const leave = (settle: () => void): void => {
            running.delete(entry);
            finish(settle);
            pump();
          };
          // The function is async so that work that throws at once rejects like any other.
          const work = async (): Promise<T> => job.run({ signal: abort.signal, queuedMs });
          work().then(
            (value) => leave(() => resolve(value)),
            (error: unknown) => leave(() => reject(error)),
          );
        },
        cancel: () => {
          if (state === 'done') return;
          abort.abort();
          if (state === 'running') return;
          waiting[rank]?.delete(entry);
          waitedMs = clock.now() - submittedAt;
          finish(() => reject(new SandglassError('CANCELLED', 'Run was cancelled before it began')));
          pump();
        },
      };
      const cancel = (): void => entry.cancel();

      waiting[rank]?.add(entry);
      if (job.signal?.aborted === true) cancel();
      else job.signal?.addEventListener('abort', cancel, { once: true });
      pump();
      return {
        get state() {
          return state;
        },
        result: promise,
        get queuedMs() {
          return waitedMs ?? clock.now() - submittedAt;
        },
        cancel,
      };
    },

    counts: () => ({ queued: queued(), running: running.size, accepting: draining === undefined }),

    drain(graceMs) {
      draining ??= createDrain(clock, () => {
        const left = [...waiting.flatMap((lane) => [...lane]), ...running];
        for (const entry of left) entry.cancel();
        return left;
      });
      draining.limit(graceMs);
      pump();
      return draining.report;
    },
  };
}

function wholeNumber(name: string, value: number, minimum: number, maximum: number): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeError(
      `Cannot use ${name} ${value}: expected a whole number from ${minimum} to ${maximum}`,
    );
  }
  return value;
}
