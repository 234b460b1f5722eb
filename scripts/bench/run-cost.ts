import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { writeImage } from '../../runtime/engines/quickjs/image.ts';
import { layoutOf } from '../../runtime/engines/quickjs/layout.ts';
import type { MachineHost } from '../../runtime/engines/quickjs/machine-host.ts';
import { takeMachine } from '../../runtime/engines/quickjs/machine-pool.ts';
import { ENGINE_MODULE, type Program } from '../../runtime/engines/quickjs/program.ts';
import { createRuntime } from '../../runtime/index.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createMeter } from '../../runtime/wasm/meter.ts';
import { createFakeHost, runSpec } from '../../test/support/fake-host.ts';
import { loadQuickjs, quickjsEngine } from '../../test/support/quickjs-for-tests.ts';
import { builtRuntime } from './built-runtime.ts';
import type { Group } from './group.ts';
import { must } from './javascript.ts';
import { GUESTS } from './throughput/subjects.ts';

const ROUNDS = 5;
const PROGRAM: Program = { code: '1+1', filename: 'main.js', form: 'auto', modules: {}, typescript: false };

/** By thread for each guest, and by step for JavaScript. */
export const runCost: Group = {
  title: 'Where the processor time of a run goes',
  measure: async ({ scale }) => ({ rows: [], lines: await linesOf(scale), notes: NOTES }),
};

const NOTES = [
  'Processor time a run. `the rest` is of threads that V8 and Node have for themselves, for garbage ' +
    'collection and compilers, and of cells that start and end.',
  'Steps are measured one by one, warm, in a thread that does nothing else; they do not add up to a run.',
];

async function linesOf(scale: number): Promise<string[][]> {
  const lines = [['', 'all', 'host thread', 'cell, in the run', 'the rest']];
  for (const [guest, { options, levels, runs }] of Object.entries(GUESTS)) {
    for (const level of levels) {
      process.stderr.write(`${guest}, ${level} …\n`);
      lines.push([`${guest}: ${level}`, ...(await byThread({ ...(await options()), level }, runs * scale))]);
    }
  }
  for (const [step, once] of await javascriptSteps()) {
    process.stderr.write(`${step} …\n`);
    lines.push([`JavaScript: ${step}`, us(await cpuOf(once, 500 * scale)), '', '', '']);
  }
  for (const language of ['javascript', 'python']) {
    process.stderr.write(`a cell for ${language} …\n`);
    lines.push([
      `a cell for ${language}, started and used once`,
      us(await cellStart(language, 10 * scale)),
      '',
      '',
      '',
    ]);
  }
  return lines;
}

const us = (ms: number): string => `${(1000 * ms).toFixed(0)} µs`;
const ms = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

async function byThread(
  run: Parameters<Awaited<ReturnType<typeof createRuntime>>['run']>[0],
  runs: number,
): Promise<string[]> {
  await using runtime = (await builtRuntime()) ?? createRuntime();
  const count = Math.max(5, Math.round(runs));
  for (let turn = 0; turn < count; turn++) must(await runtime.run(run));
  const [all, host] = [process.cpuUsage(), process.threadCpuUsage()];
  let cell = 0;
  for (let turn = 0; turn < count; turn++) cell += must(await runtime.run(run)).usage.cpuMs ?? 0;
  const spent = ms(process.cpuUsage(all));
  const inHost = ms(process.threadCpuUsage(host));
  // An inline guest's time is the host's own thread's.
  const apart = run.level === 'minimal' ? 0 : cell;
  return [spent, inHost, cell, Math.max(0, spent - inHost - apart)].map((total) => us(total / count));
}

/** The middle of several rounds, all threads, ms a turn. */
async function cpuOf(once: () => unknown, turns: number): Promise<number> {
  const count = Math.max(5, Math.round(turns));
  const figures: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    const started = process.cpuUsage();
    for (let turn = 0; turn < count; turn++) await once();
    if (round >= 0) figures.push(ms(process.cpuUsage(started)) / count);
  }
  return figures.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

const SILENT: MachineHost = {
  callHost: () => 0,
  onRejection: () => undefined,
  normalizeModule: (_base, name) => name,
  loadModule: () => ({ failure: 'none' }),
  errorFor: () => 0,
  onThrashing: () => undefined,
  shouldStop: () => false,
  now: () => 0,
  zoneOffset: () => 0,
};

async function javascriptSteps(): Promise<readonly (readonly [string, () => unknown])[]> {
  const { module } = await loadQuickjs();
  const limits = mergeLimits([]);
  const { memoryBytes } = limits;
  const { pages } = layoutOf(module);
  const memory = new Uint8Array(pages * 65_536);
  const take = () => {
    const meter = createMeter({ fuel: 1_000_000_000 });
    const lent = takeMachine({ module, library: false, memoryBytes, suspends: false, host: SILENT, meter });
    meter.release();
    return lent;
  };
  const engine = quickjsEngine();
  const guest = { data: PROGRAM, modules: { [ENGINE_MODULE]: module } };
  const worker = new Worker(
    "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (m) => parentPort.postMessage(m));",
    { eval: true },
  );
  worker.unref();
  const message = {
    type: 'run',
    token: 1,
    guest: { parts: { data: PROGRAM, modules: {} } },
    spec: runSpec({ limits }),
  };
  return [
    ['an instance made anew, with its snapshot', () => void take()],
    ['an instance taken and put back', () => take().giveBack()],
    ['of it, memory cleared', () => memory.fill(0)],
    ['of it, the snapshot written', () => writeImage(module, memory, false)],
    ['a meter made and released', () => createMeter({ fuel: 1_000_000_000 }).release()],
    [
      'the engine, from program to value, without a cell',
      () => engine.execute(guest, runSpec({ limits }), createFakeHost({})),
    ],
    [
      'a message to a thread and one back',
      async () => {
        const answered = once(worker, 'message');
        worker.postMessage(message);
        await answered;
      },
    ],
  ];
}

/** Of a runtime that keeps no cells. */
async function cellStart(language: string, turns: number): Promise<number> {
  await using runtime = (await builtRuntime({ cells: { warm: 0, maxReuse: 1 } })) ?? createRuntime();
  must(await runtime.run({ language, code: '1' }));
  return await cpuOf(async () => must(await runtime.run({ language, code: '1' })), turns);
}
