import { expect, test } from 'vitest';
import { createRemoteCell } from '../../../runtime/cell/remote-cell.ts';
import type { CellChannel } from '../../../runtime/cell/remote-channel.ts';
import type { CellRun } from '../../../runtime/contracts/cell.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { runSpec } from '../../support/fake-host.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

/** A cell whose thread never comes back: it takes messages, and neither answers nor tells its CPU time. */
const stuck: CellChannel = {
  sendsModules: true,
  post: () => undefined,
  onMessage: () => undefined,
  onEnd: () => undefined,
  signalStop: () => undefined,
  reset: () => undefined,
  hold: () => undefined,
  destroy: async () => undefined,
  cpuMs: () => new Promise(() => undefined),
};

const requestOf = (onStart: CellRun['onStart']): CellRun => ({
  engine: scriptedEngine,
  guest: { engine: 'scripted', data: undefined, modules: {} },
  spec: runSpec({ limits: mergeLimits([{ timeoutMs: 1 }]) }),
  gate: {} as CellRun['gate'], // nothing calls
  onOutput: () => undefined,
  signal: new AbortController().signal,
  onStart,
});

test('a run ends at its deadline, and a look at it ends, in a cell that tells nothing any more', async () => {
  const cell = createRemoteCell(stuck, { executorUrl: 'none:', stackBytes: 0, shared: undefined });
  const looks: Promise<unknown>[] = [];
  const request = requestOf((probe) => looks.push(probe()));
  expect(await cell.run(request, false)).toMatchObject({
    end: { kind: 'stopped', reason: 'deadline' },
    cpuMs: null,
  });
  expect(await Promise.all(looks)).toEqual([{ cpuMs: null, memoryBytes: null }]);
  expect(cell.sound).toBe(false);
});

test('a run that is being stopped ends as that, also if its cell ends first', async () => {
  let end: (message: string, heapIsFull: boolean) => void = () => undefined;
  const channel: CellChannel = {
    ...stuck,
    onEnd: (listener) => {
      end = listener;
    },
    signalStop: () => end('the process ended (exit 1)', false),
  };
  const cell = createRemoteCell(channel, { executorUrl: 'none:', stackBytes: 0, shared: undefined });
  expect(
    await cell.run(
      requestOf(() => undefined),
      false,
    ),
  ).toMatchObject({
    end: { kind: 'stopped', reason: 'deadline' },
  });
});
