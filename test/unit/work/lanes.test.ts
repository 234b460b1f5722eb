import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { defined } from '../../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';
import { PRIORITIES, type Priority } from '../../../runtime/vocabulary/priority.ts';
import { createLanes } from '../../../runtime/work/lanes.ts';
import type { Slot } from '../../../runtime/work/scheduler.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { verifies } from '../../support/verifies.ts';

verifies('SC-03');

/** Jobs that note when they begin and end when told; an abort ends them with a CANCELLED answer. */
function createJobs() {
  const began: string[] = [];
  const ended: string[] = [];
  const finishers = new Map<string, () => void>();
  const slots = new Map<string, Slot>();
  return {
    began,
    ended,
    slots,
    job: (name: string, priority?: Priority, signal?: AbortSignal) => ({
      ...defined({ priority, signal }),
      run: (slot: Slot) => {
        began.push(name);
        slots.set(name, slot);
        return new Promise<string>((resolve) => {
          const end = (how: string) => {
            ended.push(name);
            resolve(`${name} ${how}`);
          };
          finishers.set(name, () => end('done'));
          slot.signal.addEventListener('abort', () => end('cancelled'));
        });
      },
    }),
    finish: (name: string) => finishers.get(name)?.(),
  };
}

/** Lets every promise callback that is ready run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    return error instanceof SandglassError ? error.code : String(error);
  }
  return 'no error';
};

describe('createLanes()', () => {
  test('never has more jobs at work than its concurrency, and serves all of them', async () => {
    const scheduler = createLanes();
    let now = 0;
    let most = 0;
    const tickets = Array.from({ length: 30 }, (_, index) =>
      scheduler.submit({
        run: async () => {
          most = Math.max(most, ++now);
          await settled();
          now--;
          return index;
        },
      }),
    );
    expect(scheduler.counts()).toEqual({ queued: 20, running: 10, accepting: true });
    expect(await Promise.all(tickets.map((ticket) => ticket.result))).toEqual(
      Array.from({ length: 30 }, (_, index) => index),
    );
    expect(most).toBe(10);
    expect(scheduler.counts()).toEqual({ queued: 0, running: 0, accepting: true });
  });

  test('starts by priority, and first in first out within one', async () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 1, clock: createFakeClock() });
    scheduler.submit(jobs.job('first'));
    for (const turn of [1, 2]) {
      for (const priority of PRIORITIES) scheduler.submit(jobs.job(`${priority} ${turn}`, priority));
    }
    scheduler.submit(jobs.job('last'));
    for (let index = 0; index < 10; index++) {
      jobs.finish(jobs.began.at(-1) ?? '');
      await settled();
    }
    expect(jobs.began).toEqual([
      'first',
      'critical 1',
      'critical 2',
      'high 1',
      'high 2',
      'normal 1',
      'normal 2',
      'last',
      'low 1',
      'low 2',
    ]);
  });

  test('keeps the order of submission within one priority', async () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 1, clock: createFakeClock() });
    for (let index = 0; index < 6; index++) scheduler.submit(jobs.job(`job${index}`, 'high'));
    for (let index = 0; index < 6; index++) {
      jobs.finish(`job${index}`);
      await settled();
    }
    expect(jobs.began).toEqual(['job0', 'job1', 'job2', 'job3', 'job4', 'job5']);
  });

  test('lets a low job run under a constant stream of high ones, once it has waited long enough', async () => {
    const jobs = createJobs();
    const clock = createFakeClock();
    const scheduler = createLanes({ concurrency: 1, ageMs: 1000, clock });
    scheduler.submit(jobs.job('high0', 'high'));
    scheduler.submit(jobs.job('low', 'low'));
    for (let index = 1; index < 6; index++) {
      scheduler.submit(jobs.job(`high${index}`, 'high'));
      clock.advance(500);
      jobs.finish(`high${index - 1}`);
      await settled();
    }
    // high is two steps above low: after 2,000 ms they are equal, and the older one goes first.
    expect(jobs.began).toEqual(['high0', 'high1', 'high2', 'high3', 'low']);
    jobs.finish('low');
    await settled();
    expect(jobs.began.at(-1)).toBe('high4');
  });

  test('refuses with QUEUE_FULL beyond the queue length, and accepts again when there is room', async () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 1, maxQueued: 2 });
    for (const name of ['a', 'b', 'c']) scheduler.submit(jobs.job(name));
    const refused = () => scheduler.submit(jobs.job('d'));
    expect(codeOf(refused)).toBe('QUEUE_FULL');
    expect(refused).toThrow('Cannot accept a run: 2 are waiting already');
    jobs.finish('a');
    await settled();
    scheduler.submit(jobs.job('d'));
    expect(jobs.began).toEqual(['a', 'b']);
    expect(scheduler.counts()).toEqual({ queued: 2, running: 1, accepting: true });
  });

  test('with no queue at all still runs what finds a free slot', () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 2, maxQueued: 0 });
    scheduler.submit(jobs.job('a'));
    scheduler.submit(jobs.job('b'));
    expect(codeOf(() => scheduler.submit(jobs.job('c')))).toBe('QUEUE_FULL');
    expect(jobs.began).toEqual(['a', 'b']);
  });

  test('tells how long a job waited, apart from how long it ran', verifies('SC-10'), async () => {
    const jobs = createJobs();
    const clock = createFakeClock();
    const scheduler = createLanes({ concurrency: 1, clock });
    const first = scheduler.submit(jobs.job('first'));
    const second = scheduler.submit(jobs.job('second'));
    clock.advance(250);
    expect(second.queuedMs).toBe(250);
    jobs.finish('first');
    await settled();
    clock.advance(1000);
    expect([first.queuedMs, second.queuedMs]).toEqual([0, 250]);
    expect(jobs.slots.get('second')?.queuedMs).toBe(250);
    expect(clock.pending).toBe(0);
  });

  test('cancels a waiting job without starting it', async () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 1 });
    scheduler.submit(jobs.job('first'));
    const second = scheduler.submit(jobs.job('second'));
    second.cancel();
    second.cancel();
    await expect(second.result).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(second.state).toBe('done');
    jobs.finish('first');
    await settled();
    expect(jobs.began).toEqual(['first']);
    expect(scheduler.counts()).toEqual({ queued: 0, running: 0, accepting: true });
  });

  test('cancels a running job through its signal, and gives its answer', async () => {
    const jobs = createJobs();
    const scheduler = createLanes();
    const ticket = scheduler.submit(jobs.job('only'));
    expect(ticket.state).toBe('running');
    ticket.cancel();
    expect(await ticket.result).toBe('only cancelled');
    expect(scheduler.counts().running).toBe(0);
  });

  test("obeys the submitter's signal, aborted before or after", async () => {
    const jobs = createJobs();
    const scheduler = createLanes();
    const early = scheduler.submit(jobs.job('early', 'normal', AbortSignal.abort()));
    await expect(early.result).rejects.toMatchObject({ code: 'CANCELLED' });
    const abort = new AbortController();
    const late = scheduler.submit(jobs.job('late', 'normal', abort.signal));
    abort.abort();
    expect(await late.result).toBe('late cancelled');
    expect(jobs.began).toEqual(['late']);
  });

  test("leaves no listener on the submitter's signal, however the job ends", async () => {
    const jobs = createJobs();
    const scheduler = createLanes({ concurrency: 1 });
    const { signal } = new AbortController();
    const running = scheduler.submit(jobs.job('running', 'normal', signal));
    const queued = scheduler.submit(jobs.job('queued', 'normal', signal));
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    queued.cancel();
    jobs.finish('running');
    await running.result;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  test('frees the slot of a job that throws, at once or later', async () => {
    const scheduler = createLanes({ concurrency: 1 });
    const atOnce = scheduler.submit({
      run: () => {
        throw new TypeError('at once');
      },
    });
    const later = scheduler.submit({ run: () => Promise.reject(new TypeError('later')) });
    const fine = scheduler.submit({ run: async () => 'fine' });
    await expect(atOnce.result).rejects.toThrow('at once');
    await expect(later.result).rejects.toThrow('later');
    expect(await fine.result).toBe('fine');
  });

  test('refuses options out of range and unknown priorities', () => {
    expect(() => createLanes({ concurrency: 0 })).toThrow(
      'Cannot use concurrency 0: expected a whole number from 1 to 10000',
    );
    expect(() => createLanes({ maxQueued: 1.5 })).toThrow(RangeError);
    const scheduler = createLanes();
    const priority = 'urgent' as Priority; // what an untyped caller can pass
    expect(() => scheduler.submit({ run: async () => 1, priority })).toThrow('unknown priority "urgent"');
  });
});

describe('drain()', () => {
  test('accepts nothing more and loses nothing that was accepted', async () => {
    const jobs = createJobs();
    const clock = createFakeClock();
    const scheduler = createLanes({ concurrency: 1, clock });
    const tickets = ['a', 'b', 'c'].map((name) => scheduler.submit(jobs.job(name)));
    const drained = scheduler.drain(1000);
    expect(codeOf(() => scheduler.submit(jobs.job('d')))).toBe('QUEUE_FULL');
    expect(scheduler.counts().accepting).toBe(false);
    for (const name of ['a', 'b', 'c']) {
      jobs.finish(name);
      await settled();
    }
    expect(await Promise.all(tickets.map((ticket) => ticket.result))).toEqual(['a done', 'b done', 'c done']);
    expect(await drained).toEqual({ finished: 3, cancelled: 0 });
    expect(clock.pending).toBe(0);
  });

  test('cancels what is left at the end of the grace; each job still ends', async () => {
    const jobs = createJobs();
    const clock = createFakeClock();
    const scheduler = createLanes({ concurrency: 2, clock });
    const tickets = ['a', 'b', 'c', 'd'].map((name) => scheduler.submit(jobs.job(name)));
    const drained = scheduler.drain(1000);
    jobs.finish('a');
    await settled();
    clock.advance(999);
    expect(jobs.began).toEqual(['a', 'b', 'c']);
    clock.advance(1);
    const ends = await Promise.allSettled(tickets.map((ticket) => ticket.result));
    expect(ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason.code))).toEqual([
      'a done',
      'b cancelled',
      'c cancelled',
      'CANCELLED',
    ]);
    expect(jobs.began).toEqual(['a', 'b', 'c']);
    expect(await drained).toEqual({ finished: 1, cancelled: 3 });
    expect(scheduler.counts()).toEqual({ queued: 0, running: 0, accepting: false });
    expect(clock.pending).toBe(0);
  });

  test('ends at once when nothing is left, and a second call can only shorten the grace', async () => {
    const idle = createFakeClock();
    expect(await createLanes({ clock: idle }).drain(1000)).toEqual({
      finished: 0,
      cancelled: 0,
    });
    expect(idle.pending).toBe(0);

    const jobs = createJobs();
    const clock = createFakeClock();
    const scheduler = createLanes({ clock });
    scheduler.submit(jobs.job('a'));
    const first = scheduler.drain(1000);
    const longer = scheduler.drain(5000);
    const shorter = scheduler.drain(10);
    clock.advance(10);
    expect(await Promise.all([first, longer, shorter])).toEqual([
      { finished: 0, cancelled: 1 },
      { finished: 0, cancelled: 1 },
      { finished: 0, cancelled: 1 },
    ]);
    expect(clock.pending).toBe(0);
  });
});
