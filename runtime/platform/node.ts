import { Buffer } from 'node:buffer';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createIdleMemory } from '../cell/idle-memory.ts';
import { createInlineCell } from '../cell/inline.ts';
import { createPool } from '../cell/pool.ts';
import { createServing, piecesOf } from '../cell/serving.ts';
import { nextTurn } from '../cell/thread-turns.ts';
import { startWorkerCell } from '../cell/worker.ts';
import { runWorkerJob } from '../cell/worker-job.ts';
import { compressByZlib } from '../cell/worker-zlib.ts';
import type { CellOptions } from '../contracts/api/runtime.ts';
import type { PrepareContext } from '../contracts/engine.ts';
import type { CellPools, Platform } from '../contracts/platform.ts';
import { compileFairly } from './compile-fairly.ts';
import { digestInSlices } from './digest-in-slices.ts';
import { openFileCache } from './node-cache.ts';
import { nodeFacts } from './node-facts.ts';
import { openPinFile } from './pin-file.ts';
import { readModule } from './read-module.ts';
import { readTools } from './read-tools.ts';
import { readShippedTools } from './shipped-tools.ts';
import { watchFolder } from './watch-folder.ts';

const monotonic = (): number => performance.now();
const now = (): number => Date.now();

/** One thread, whatever the number of runtimes in it. */
const serving = createServing(monotonic, nextTurn);

const facts = nodeFacts();

/**
 * Node 24 and later: workers and processes with `--permission`, JSPI, a cache on disk. Deno and Bun have the same modules but no thread that holds
 * a guest: there guests share the host's, at level `minimal`, where fuel and deadlines stop them.
 */
export const nodePlatform: Omit<Platform, 'engines' | 'hostFunctions'> = {
  info: {
    name: facts.name,
    version: facts.version,
    levels: facts.holdsGuests ? ['minimal', 'standard', 'strict', 'maximum'] : ['minimal'],
    workers: facts.holdsGuests,
    processes: facts.holdsGuests,
    jspi: facts.jspi,
    syncWait: facts.holdsGuests,
    hardKill: facts.holdsGuests,
    compiles: true,
  },
  inline: createInlineCell({
    monotonic,
    now,
    cpuMs: facts.cpuMs ?? (() => null),
    compress: compressByZlib,
    openHash: (algorithm) => process.getBuiltinModule('node:crypto').createHash(algorithm.replace('-', '')),
  }),
  compile: compileFairly,
  sameBytes: (one, other) => Buffer.compare(one, other) === 0,
  sha256Hex: async (bytes) => (await digestInSlices('sha256', bytes)).toString('hex'),
  openCache: (folder, tell) => openFileCache(folder, { tell }),
  readModule,
  missingFolders: (folders) => folders.filter((folder) => !existsSync(folder)),
  checkInput: async (...check) => (await import('./schema/check-input.ts')).checkInput(...check),
  ...(facts.holdsGuests ? { openPools, job: runWorkerJob } : {}),
  readTools,
  servers: {
    openPins: openPinFile,
    // Deno and Bun start programs as well; guests are held otherwise there, servers are not held at all.
    spawn: async (command) => (await import('./spawn-server.ts')).spawnServer(command),
  },
  readShippedTools,
  watchFolder,
  openTurns: () => piecesOf(serving.open()),
  monotonic,
  now,
  processors: availableParallelism(),
};

function openPools(
  { idleMemoryBytes, ...options }: Required<CellOptions>,
  prepare: PrepareContext,
): CellPools {
  const idleMemory = createIdleMemory(idleMemoryBytes);
  const worker = createPool({
    ...options,
    idleMemory,
    kind: 'worker',
    singleUse: false,
    spawn: (engine) => startWorkerCell(engine, prepare, serving),
  });
  const child = createPool({
    ...options,
    idleMemory,
    // A process costs tens of megabytes, so none is kept warm unless it was asked for.
    warm: Math.max(0, options.warm - 1),
    kind: 'process',
    singleUse: true,
    spawn: async (engine) => (await import('../cell/process.ts')).startProcessCell(engine, prepare, serving),
  });
  return {
    worker,
    process: child,
    counts: () => {
      const counts = { starting: 0, idle: 0, busy: 0 };
      for (const { state } of [...worker.cells(), ...child.cells()]) counts[state] += 1;
      return counts;
    },
    close: async () => {
      await Promise.all([worker.close(), child.close()]);
    },
  };
}
