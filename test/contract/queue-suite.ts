import { describe, expect, test } from 'vitest';
import type { JobContext, JobHandler, Queue } from '../../runtime/contracts/queue.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';

export interface QueueSuite {
  readonly name: string;
  open(options: { readonly concurrency: number; readonly maxQueued: number }): Queue;
}

/** Jobs that end when told, and with `cancelled` when they are cancelled. */
function createWork() {
  const began: JsonValue[] = [];
  const contexts = new Map<JsonValue, JobContext>();
  const finishers = new Map<JsonValue, (answer: JsonValue) => void>();
  const waiting = new Map<JsonValue, () => void>();
  const handler: JobHandler = (payload, context) =>
    new Promise((resolve) => {
      began.push(payload);
      contexts.set(payload, context);
      finishers.set(payload, resolve);
      context.signal.addEventListener('abort', () => resolve('cancelled'), { once: true });
      waiting.get(payload)?.();
    });
  return {
    began,
    contexts,
    handler,
    finish: (payload: JsonValue, answer: JsonValue = 'done') => finishers.get(payload)?.(answer),
    /** Resolves once the job of this payload has begun. */
    begun: (payload: JsonValue) =>
      new Promise<void>((resolve) => {
        if (contexts.has(payload)) resolve();
        else waiting.set(payload, resolve);
      }),
  };
}

const code = (code: string) => expect.objectContaining({ code });

/** What every queue owes to whoever adds and serves its jobs. */
export function testQueue({ name, open }: QueueSuite): void {
  describe(`${name}: a queue`, () => {
    test('gives a handler a copy of the payload, and the adder a copy of the answer', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const payload = { list: [1, { two: '2' }] };
      const answer = { deep: { value: null } };
      let seen: JsonValue = null;
      queue.serve({
        echo: async (given) => {
          seen = given;
          return answer;
        },
      });
      const job = await queue.add({ kind: 'echo', payload });
      payload.list.push(3);
      const result = await job.result;
      expect(seen).toEqual({ list: [1, { two: '2' }] });
      expect(result).toEqual(answer);
      expect(result).not.toBe(answer);
      expect(job.state).toBe('done');
    });

    test('sends jobs to the handler of their kind', async () => {
      const queue = open({ concurrency: 2, maxQueued: 0 });
      queue.serve({ one: async () => 1 });
      queue.serve({ two: async () => 2 });
      const jobs = [
        await queue.add({ kind: 'two', payload: null }),
        await queue.add({ kind: 'one', payload: null }),
      ];
      expect(await Promise.all(jobs.map((job) => job.result))).toEqual([2, 1]);
      expect(() => queue.serve({ one: async () => 3 })).toThrow(TypeError);
      await expect(queue.add({ kind: 'toString', payload: null })).rejects.toThrow(TypeError);
    });

    test.each<[string, unknown]>([
      ['a function', { call: () => 1 }],
      ['bytes', new Uint8Array(1)],
      ['nothing', undefined],
      ['a bigint', 1n],
    ])('refuses a payload that is %s: jobs are data', async (_name, payload) => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      queue.serve({ work: async () => null });
      await expect(queue.add({ kind: 'work', payload: payload as JsonValue })).rejects.toThrow(TypeError);
      expect(queue.counts()).toEqual({ queued: 0, running: 0, accepting: true });
    });

    test('is bounded: QUEUE_FULL over its places, and room again once one has ended', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const work = createWork();
      queue.serve({ work: work.handler });
      const first = await queue.add({ kind: 'work', payload: 'a' });
      await work.begun('a');
      const second = await queue.add({ kind: 'work', payload: 'b' });
      expect(queue.counts()).toEqual({ queued: 1, running: 1, accepting: true });
      expect([first.state, second.state]).toEqual(['running', 'queued']);
      await expect(queue.add({ kind: 'work', payload: 'c' })).rejects.toEqual(code('QUEUE_FULL'));
      work.finish('a');
      await first.result;
      await work.begun('b');
      const third = await queue.add({ kind: 'work', payload: 'd' });
      work.finish('b');
      await work.begun('d');
      work.finish('d', 'last');
      expect(await third.result).toBe('last');
    });

    test('starts the most urgent first', async () => {
      const queue = open({ concurrency: 1, maxQueued: 3 });
      const work = createWork();
      queue.serve({ work: work.handler });
      const jobs = [await queue.add({ kind: 'work', payload: 'first' })];
      await work.begun('first');
      for (const priority of ['low', 'critical', 'high'] as const) {
        jobs.push(await queue.add({ kind: 'work', payload: priority, priority }));
      }
      for (const payload of ['first', 'critical', 'high', 'low']) {
        await work.begun(payload);
        work.finish(payload);
      }
      await Promise.all(jobs.map((job) => job.result));
      expect(work.began).toEqual(['first', 'critical', 'high', 'low']);
      await expect(queue.add({ kind: 'work', payload: 'x', priority: 'urgent' as 'high' })).rejects.toThrow(
        TypeError,
      );
    });

    test('puts output out by id, in order, to whoever listens', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const heard: JsonValue[] = [];
      const other: JsonValue[] = [];
      queue.serve({
        talk: async (_payload, { id, emit }) => {
          emit({ id, line: 1 });
          await Promise.resolve();
          emit({ id, line: 2 });
          return null;
        },
      });
      queue.onOutput('mine', (output) => heard.push(output));
      queue.onOutput('theirs', (output) => other.push(output));
      const takeBack = queue.onOutput('mine', (output) => other.push(output));
      takeBack();
      const job = await queue.add({ kind: 'talk', payload: null, id: 'mine' });
      await job.result;
      expect(job.id).toBe('mine');
      expect(heard).toEqual([
        { id: 'mine', line: 1 },
        { id: 'mine', line: 2 },
      ]);
      expect(other).toEqual([]);
    });

    test('cancels by id: what waits never begins, what runs is told', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const work = createWork();
      queue.serve({ work: work.handler });
      const running = await queue.add({ kind: 'work', payload: 'a', id: 'a' });
      await work.begun('a');
      const waiting = await queue.add({ kind: 'work', payload: 'b', id: 'b' });
      expect([queue.cancel('b'), queue.cancel('a'), queue.cancel('nobody')]).toEqual([true, true, false]);
      await expect(waiting.result).rejects.toEqual(code('CANCELLED'));
      expect(await running.result).toBe('cancelled');
      expect(work.began).toEqual(['a']);
      await Promise.resolve();
      expect(queue.cancel('a')).toBe(false);
    });

    test('an id is one job at a time', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const work = createWork();
      queue.serve({ work: work.handler });
      const job = await queue.add({ kind: 'work', payload: 'a', id: 'same' });
      await expect(queue.add({ kind: 'work', payload: 'b', id: 'same' })).rejects.toThrow(TypeError);
      await work.begun('a');
      work.finish('a');
      await job.result;
      await Promise.resolve();
      const again = await queue.add({ kind: 'work', payload: 'c', id: 'same' });
      await work.begun('c');
      work.finish('c');
      expect(await again.result).toBe('done');
    });

    test('a handler that fails fails its own job only, and an unread failure harms nobody', async () => {
      const queue = open({ concurrency: 1, maxQueued: 2 });
      queue.serve({
        fail: () => {
          throw new Error('at once');
        },
        later: async () => Promise.reject(new Error('later')),
        nothing: async () => undefined as unknown as null,
        fine: async () => 'fine',
      });
      const job = await queue.add({ kind: 'fail', payload: null });
      await queue.add({ kind: 'later', payload: null });
      await expect(job.result).rejects.toThrow('at once');
      const nothing = await queue.add({ kind: 'nothing', payload: null });
      await expect(nothing.result).rejects.toThrow(TypeError);
      expect(await (await queue.add({ kind: 'fine', payload: null })).result).toBe('fine');
    });

    test('drains: accepts no more, and cancels what is left when the grace is over', async () => {
      const queue = open({ concurrency: 1, maxQueued: 1 });
      const work = createWork();
      queue.serve({ work: work.handler });
      const running = await queue.add({ kind: 'work', payload: 'a' });
      await work.begun('a');
      const waiting = await queue.add({ kind: 'work', payload: 'b' });
      const rejected = expect(waiting.result).rejects.toEqual(code('CANCELLED'));
      expect(await queue.drain(0)).toEqual({ finished: 0, cancelled: 2 });
      await rejected;
      expect(await running.result).toBe('cancelled');
      await expect(queue.add({ kind: 'work', payload: 'c' })).rejects.toEqual(code('QUEUE_FULL'));
      expect(queue.counts()).toEqual({ queued: 0, running: 0, accepting: false });
    });
  });
}
