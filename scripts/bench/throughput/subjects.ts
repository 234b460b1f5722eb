import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IsolationLevel, RunOptions } from '../../../runtime/index.ts';
import { isolatedVm } from '../../../test/bench/isolated-vm.ts';
import { monty } from '../../../test/bench/monty.ts';
import { openPeerWorkers } from '../../../test/bench/peer-workers.ts';
import { reusedPyodide } from '../../../test/bench/reused-pyodide.ts';
import { openWasmtime, WASMTIME } from '../../../test/bench/wasmtime.ts';
import { loadGuest } from '../../build-guests.ts';
import { builtRuntime } from '../built-runtime.ts';
import { must } from '../javascript.ts';
import type { Subject } from './load.ts';

const CODE = '1+1';
const root = join(import.meta.dirname, '../../..');
const toolFile = (name: string): string => join(root, 'guest-tools', name, `dist/${name}.wasm`);
const toolBytes = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(toolFile(name)));

/** The guests of the table. Each a fresh one a run; a module is known to the runtime before. */
export const GUESTS: Readonly<
  Record<
    string,
    {
      readonly options: () => Promise<RunOptions>;
      readonly levels: readonly IsolationLevel[];
      /** Of a profile. */
      readonly runs: number;
    }
  >
> = {
  'JavaScript 1+1': {
    options: async () => ({ language: 'javascript', code: CODE }),
    levels: ['standard', 'minimal'],
    runs: 1500,
  },
  'hash-text': {
    options: async () => ({
      module: await toolBytes('hash-text'),
      invoke: 'invoke',
      args: ['{"text":"abc"}'],
    }),
    levels: ['standard', 'minimal'],
    runs: 500,
  },
  'csv-stats': {
    options: async () => ({ module: await toolBytes('csv-stats'), invoke: 'describe' }),
    levels: ['standard', 'minimal'],
    runs: 200,
  },
  'Python 1+1': { options: async () => ({ language: 'python', code: CODE }), levels: ['standard'], runs: 20 },
  'preview1 fib': {
    options: async () => ({ module: await fib(), invoke: 'fib', args: [10] }),
    levels: ['standard', 'minimal'],
    runs: 1500,
  },
};

const fib = (): Promise<Uint8Array> => loadGuest('preview1/numbers.wat');
const PEERS = 'npm ci --prefix test/bench';

/** All lines of the table, each guest's own before its peers. */
export const SUBJECTS: readonly Subject[] = [
  ...ours('JavaScript 1+1'),
  {
    guest: 'JavaScript 1+1',
    name: 'raw quickjs-emscripten, fresh instance, in workers',
    open: () => openPeerWorkers({ peer: 'raw-quickjs', code: CODE }),
  },
  {
    guest: 'JavaScript 1+1',
    name: 'isolated-vm, fresh isolate',
    left: PEERS,
    open: async () => {
      const peer = await isolatedVm(CODE).open();
      return peer === undefined ? undefined : { run: async () => peer.once() };
    },
  },
  ...ours('hash-text'),
  {
    guest: 'hash-text',
    name: 'raw jco, fresh instance, in reused workers',
    open: () =>
      openPeerWorkers({
        peer: 'raw-jco',
        file: toolFile('hash-text'),
        export: 'invoke',
        input: '{"text":"abc"}',
      }),
  },
  ...ours('csv-stats'),
  {
    guest: 'csv-stats',
    name: 'raw jco, fresh instance, in reused workers',
    open: () => openPeerWorkers({ peer: 'raw-jco', file: toolFile('csv-stats'), export: 'describe' }),
  },
  ...ours('Python 1+1'),
  {
    guest: 'Python 1+1',
    name: 'stock Pyodide, one interpreter for all runs, no isolation',
    open: () => reusedPyodide(CODE),
  },
  {
    guest: 'Python 1+1',
    name: 'monty, fresh run (a part of Python)',
    left: PEERS,
    open: async () => {
      const peer = await monty(CODE).open();
      return peer === undefined ? undefined : { run: async () => peer.once() };
    },
  },
  ...ours('preview1 fib'),
  {
    guest: 'preview1 fib',
    name: 'wasmtime (Python package), fresh store and instance',
    left: WASMTIME,
    open: async (seconds) => openWasmtime(await fib(), 'fib', 10, seconds),
  },
];

function ours(guest: string): Subject[] {
  const { options, levels } = GUESTS[guest] ?? { options: undefined, levels: [] };
  return levels.map((level) => ({
    guest,
    name: level === 'minimal' ? 'inline (minimal)' : level,
    left: 'npx node scripts/build.ts',
    open: async () => {
      const runtime = await builtRuntime();
      if (runtime === undefined || options === undefined) return undefined;
      const run = { ...(await options()), level };
      return {
        run: async () => must(await runtime.run(run)),
        close: () => runtime.close(),
      };
    },
  }));
}
