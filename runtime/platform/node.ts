import { Buffer } from 'node:buffer';
import { availableParallelism } from 'node:os';
import { createIdleMemory } from '../cell/idle-memory.ts';
import { createInlineCell } from '../cell/inline.ts';
import { createPool } from '../cell/pool.ts';
import { createServing } from '../cell/serving.ts';
import { nextTurn } from '../cell/thread-turns.ts';
import { startWorkerSeat } from '../cell/worker.ts';
import { runWorkerJob } from '../cell/worker-job.ts';
import type { Platform } from '../contracts/platform.ts';
import { compileFairly } from './compile-fairly.ts';
import { openFileCache } from './node-cache.ts';
import { readModule } from './read-module.ts';

const monotonic = (): number => performance.now();
const now = (): number => Date.now();

/** Node 24 and later: workers and processes with `--permission`, JSPI, a cache on disk. */
export const nodePlatform: Omit<Platform, 'engines' | 'hostFunctions'> = {
  info: {
    name: 'node',
    version: process.versions.node,
    levels: ['minimal', 'standard', 'strict', 'maximum'],
    workers: true,
    processes: true,
    jspi: 'Suspending' in WebAssembly,
    syncWait: true,
    hardKill: true,
    compiles: true,
  },
  inline: createInlineCell({
    monotonic,
    now,
    cpuMs: () => {
      const { user, system } = process.threadCpuUsage();
      return (user + system) / 1000;
    },
  }),
  openPools: ({ idleMemoryBytes, ...options }, prepare) => {
    const idleMemory = createIdleMemory(idleMemoryBytes);
    const serving = createServing(monotonic, nextTurn);
    const worker = createPool({
      ...options,
      idleMemory,
      kind: 'worker',
      singleUse: false,
      spawn: (engine) => startWorkerSeat(engine, prepare, serving),
    });
    const child = createPool({
      ...options,
      idleMemory,
      // A process costs tens of megabytes, so none is kept warm unless it was asked for.
      warm: Math.max(0, options.warm - 1),
      kind: 'process',
      singleUse: true,
      spawn: async (engine) =>
        (await import('../cell/process.ts')).startProcessSeat(engine, prepare, serving),
    });
    return {
      worker,
      process: child,
      close: async () => {
        await Promise.all([worker.close(), child.close()]);
      },
    };
  },
  compile: compileFairly,
  sameBytes: (one, other) => Buffer.compare(one, other) === 0,
  openCache: (folder, tell) => openFileCache(folder, { tell }),
  readModule,
  job: runWorkerJob,
  checkInput: async (...check) => (await import('./schema/check-input.ts')).checkInput(...check),
  monotonic,
  now,
  processors: availableParallelism(),
};
