import { expect, test } from 'vitest';
import { MOST_IN_FLIGHT } from '../../../runtime/cell/call-window.ts';
import { startProcessCell } from '../../../runtime/cell/process.ts';
import { startWorkerCell } from '../../../runtime/cell/worker.ts';
import type { CellRun } from '../../../runtime/contracts/cell.ts';
import type { Engine, HostAnswer } from '../../../runtime/contracts/engine.ts';
import type { Gate } from '../../../runtime/contracts/gate.ts';
import { type Limits, mergeLimits } from '../../../runtime/vocabulary/limits.ts';
import { EAGER_CALLS, execute } from '../../support/eager-executor.ts';
import { runSpec } from '../../support/fake-host.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';

const engine: Engine = {
  ...scriptedEngine,
  executorUrl: new URL('../../support/eager-executor.ts', import.meta.url).href,
  execute,
};
const KIB = 1024;

/** A guest that floods its host. Answers how many calls the gate had seen when the guest had taken no answer, and how it ended. */
async function flood(
  start: typeof startWorkerCell,
  answer: () => HostAnswer | Promise<HostAnswer>,
  limits: Partial<Limits> = {},
) {
  let served = 0;
  let before = 0;
  const gate: Pick<Gate, 'call'> = {
    call: (operation) => {
      if (operation === 'probe.look') {
        before = served;
        return { ok: true, value: null };
      }
      served += 1;
      return answer();
    },
  };
  const cell = await start(engine, { limits: mergeLimits([]), compile: WebAssembly.compile });
  await cell.ready;
  const request: CellRun = {
    engine,
    guest: { engine: 'scripted', data: undefined, modules: {} },
    spec: runSpec({ limits: mergeLimits([{ timeoutMs: 60_000, ...limits }]) }),
    gate: gate as unknown as CellRun['gate'], // no other part of it is asked
    onOutput: () => undefined,
    signal: new AbortController().signal,
    onStart: () => undefined,
  };
  const { end } = await cell.run(request, false);
  const { sound } = cell;
  await cell.end();
  return { before, served, end, sound };
}

test.each([
  ['worker', startWorkerCell],
  ['process', startProcessCell],
])(
  'a guest in a %s that calls without waiting has few calls under way, and all are answered',
  async (_, start) => {
    const { before, served, end, sound } = await flood(start, () => ({ ok: true, value: null }));
    expect(before).toBe(MOST_IN_FLIGHT);
    expect(served).toBe(EAGER_CALLS);
    expect(end).toMatchObject({ kind: 'value', value: EAGER_CALLS });
    expect(sound).toBe(true);
  },
);

test('no call begins while the guest has answers of hostCallBytes to take', async () => {
  const answer = (): HostAnswer => ({
    ok: true,
    value: null,
    bytes: new Uint8Array(256 * KIB),
    ownsBytes: true,
  });
  const { before, served, end } = await flood(startWorkerCell, answer, { hostCallBytes: 512 * KIB });
  expect(before).toBe(2);
  expect(served).toBe(EAGER_CALLS);
  expect(end).toMatchObject({ kind: 'value', value: EAGER_CALLS });
});
