import { expect, test } from 'vitest';
import { MOST_AHEAD } from '../../../runtime/cell/protocol.ts';
import { startWorkerSeat } from '../../../runtime/cell/worker.ts';
import type { CellRun } from '../../../runtime/contracts/cell.ts';
import type { Engine } from '../../../runtime/contracts/engine.ts';
import { mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { execute } from '../../support/eager-executor.ts';
import { runSpec } from '../../support/fake-host.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const engine: Engine = {
  ...scriptedEngine,
  executorUrl: new URL('../../support/eager-executor.ts', import.meta.url).href,
  execute,
};

/** A worker whose guest floods its host, which has not looked yet. */
async function flood(signal: AbortSignal) {
  const memory = new SharedArrayBuffer(4);
  const counter = new Int32Array(memory);
  let served = 0;
  const gate = { call: () => ({ ok: true, value: ++served }) };
  const seat = await startWorkerSeat(engine, { limits: mergeLimits([]), compile: WebAssembly.compile });
  await seat.ready;
  const request: CellRun = {
    engine,
    guest: { engine: 'scripted', data: memory, modules: {} },
    spec: runSpec({ limits: mergeLimits([]) }),
    gate: gate as unknown as CellRun['gate'], // no other part of it is asked
    onOutput: () => undefined,
    signal,
    onStart: () => undefined,
  };
  const result = seat.run(request, false);
  // This thread stands still: it takes in no message.
  for (let seen = 0; seen < MOST_AHEAD; seen = Atomics.load(counter, 0))
    Atomics.wait(counter, 0, seen, 10_000);
  Atomics.wait(counter, 0, MOST_AHEAD, 100);
  return { seat, result, counter, ahead: Atomics.load(counter, 0), served: () => served };
}

test('a guest that calls without waiting is held until its host has taken in what it was sent', async () => {
  const { seat, result, ahead, served } = await flood(new AbortController().signal);
  expect(ahead).toBe(MOST_AHEAD);
  expect(await result).toMatchObject({ end: { kind: 'value', value: 1000 } });
  expect(served()).toBe(1000);
  await seat.end();
});

test('one that is held can be stopped', async () => {
  const cancel = new AbortController();
  const { seat, result, counter } = await flood(cancel.signal);
  cancel.abort();
  // This thread has still taken in nothing: only the stop can have let the guest go on.
  Atomics.wait(counter, 0, MOST_AHEAD, 10_000);
  expect(Atomics.load(counter, 0)).toBeGreaterThan(MOST_AHEAD);
  await result;
  await seat.end();
});
