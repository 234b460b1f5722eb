import { describe, expect, it } from 'vitest';
import { compose, type Stage } from '../../../runtime/tools/pipeline.ts';
import type { ToolCall } from '../../../runtime/tools/tool-call.ts';
import { SandglassError } from '../../../runtime/vocabulary/errors.ts';

/** A clock that stands still between the steps of stages, a call, and the pipeline of stages over it. */
function pipelineOf(stages: (take: (ms: number) => void) => readonly Stage<string>[], signal?: AbortSignal) {
  let now = 0;
  const faults: unknown[] = [];
  const run = compose<string>(
    stages((ms) => {
      now += ms;
    }),
    {
      monotonic: () => now,
      failure: (_, { code }) => code,
      onFault: (error) => faults.push(error),
    },
  );
  // What stages here look at.
  const call = {
    shownName: 'x',
    signal: signal ?? new AbortController().signal,
    trace: [],
  } as unknown as ToolCall;
  return { run: () => run(call), call, faults };
}

const passing = (name: string, work: () => void = () => undefined): Stage<string> => ({
  name,
  when: 'before',
  handle: (_, next) => {
    work();
    return next();
  },
});

const waiting = (name: string, before: () => void, after: () => void, when: 'before' | 'after' = 'before') =>
  ({
    name,
    when,
    handle: async (_, next) => {
      before();
      await null;
      const settled = await next();
      after();
      return settled;
    },
  }) satisfies Stage<string>;

const last: Stage<string> = {
  name: 'run',
  when: 'before',
  handle: async (_, __, { settle }) => settle('done'),
};

describe('a pipeline', () => {
  it('gives each stage the time that was its own, whether it waits for those after it or passes the call on', async () => {
    const { run, call } = pipelineOf((take) => [
      waiting(
        'outer',
        () => take(1),
        () => take(2),
        'after',
      ),
      passing('first', () => take(4)),
      passing('second', () => take(8)),
      waiting(
        'inner',
        () => take(16),
        () => take(32),
      ),
      passing('third', () => take(64)),
      last,
    ]);
    expect(await run()).toBe('done');
    expect(call.trace).toEqual([
      { stage: 'first', ms: 4 },
      { stage: 'second', ms: 8 },
      { stage: 'inner', ms: 48 },
      { stage: 'third', ms: 64 },
      { stage: 'run', ms: 0 },
      { stage: 'outer', ms: 3 },
    ]);
  });

  it('has a stage that acts after the others in the trace also where it only passes on', async () => {
    const after: Stage<string> = { ...passing('check'), when: 'after' };
    const { run, call } = pipelineOf((take) => [
      waiting(
        'shape',
        () => take(1),
        () => take(1),
        'after',
      ),
      passing('find'),
      after,
      passing('last'),
      last,
    ]);
    await run();
    expect(call.trace.map(({ stage }) => stage)).toEqual(['find', 'last', 'run', 'check', 'shape']);
  });

  it.each([
    ['at once', () => passing('bad', () => fail())],
    ['later', () => waiting('bad', () => undefined, fail)],
  ])(
    'takes what a stage throws %s for the end of the call, and the time after it is not its own',
    async (_, bad) => {
      const { run, call, faults } = pipelineOf((take) => [
        waiting(
          'outer',
          () => undefined,
          () => take(5),
          'after',
        ),
        passing('first'),
        bad(),
        last,
      ]);
      expect(await run()).toBe('RATE_LIMITED');
      expect(call.trace.find(({ stage }) => stage === 'bad')).toEqual({
        stage: 'bad',
        ms: 0,
        code: 'RATE_LIMITED',
      });
      expect(call.trace.at(-1)).toEqual({ stage: 'outer', ms: 5 });
      expect(faults).toEqual([]);
    },
  );

  it('tells of a fault that is no refusal, and ends the call as INTERNAL', async () => {
    const bug = new Error('a bug');
    const { run, faults } = pipelineOf(() => [
      passing('bad', () => {
        throw bug;
      }),
      last,
    ]);
    expect(await run()).toBe('INTERNAL');
    expect(faults).toEqual([bug]);
  });

  it('enters no further stage once the call is cancelled, and the stage that waited for it goes on with its own time', async () => {
    const controller = new AbortController();
    const { run, call } = pipelineOf(
      (take) => [
        waiting(
          'outer',
          () => take(1),
          () => take(2),
          'after',
        ),
        passing('first', () => controller.abort()),
        passing('second'),
        last,
      ],
      controller.signal,
    );
    expect(await run()).toBe('CANCELLED');
    expect(call.trace).toEqual([
      { stage: 'first', ms: 0 },
      { stage: 'outer', ms: 3 },
    ]);
  });

  it('enters the stages after one that tries again anew', async () => {
    let attempts = 0;
    const { run, call } = pipelineOf((take) => [
      {
        name: 'retry',
        when: 'before',
        handle: async (_, next) => {
          await next();
          take(1);
          return next();
        },
      },
      passing('count', () => {
        attempts += 1;
        take(10);
      }),
      last,
    ]);
    expect(await run()).toBe('done');
    expect(attempts).toBe(2);
    expect(call.trace.map(({ stage, ms }) => [stage, ms])).toEqual([
      ['retry', 1],
      ['count', 10],
      ['run', 0],
      ['count', 10],
      ['run', 0],
    ]);
  });
});

function fail(): never {
  throw new SandglassError('RATE_LIMITED', 'too many');
}
