import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { Engine, PrepareContext } from '../contracts/engine.ts';
import { defined } from '../vocabulary/defined.ts';
import { ownUrl } from '../vocabulary/own-url.ts';
import { MIB } from '../vocabulary/units.ts';
import { BRIDGE, packAnswer, STOP_CODES, viewsOf } from './protocol.ts';
import { createRemoteCell } from './remote-cell.ts';
import type { CellChannel, RemoteCell } from './remote-channel.ts';
import type { Serving } from './serving.ts';

/** A worker's stack is larger than what V8 may fill of it; an engine gets this share. */
const STACK_SHARE = 0.9;
const HEAP_MB = 256;

/** The file beside this one. */
export const sibling = (name: string): URL => ownUrl(import.meta.url, `./${name}`);

/**
 * What a permissioned cell must read to load our code, an executor, and their packages; nothing else of the package's own folder, because that
 * may also be the folder somebody works in.
 */
function readablePaths(executorUrl?: string): readonly string[] {
  const paths = new Set([fileURLToPath(new URL('../', import.meta.url))]);
  const vendored = fileURLToPath(new URL('../../vendor', import.meta.url)); // of a built package: what it uses of others
  if (existsSync(vendored)) paths.add(vendored);
  for (const url of [import.meta.url, ...(executorUrl === undefined ? [] : [executorUrl])]) {
    const start = dirname(fileURLToPath(url));
    paths.add(start);
    for (let folder = start; ; folder = dirname(folder)) {
      for (const name of ['package.json', 'node_modules']) {
        const path = join(folder, name);
        if (existsSync(path)) paths.add(path);
      }
      if (folder === dirname(folder)) break;
    }
  }
  return [...paths];
}

export const permissionFlags = (executorUrl?: string): readonly string[] => [
  '--permission',
  ...readablePaths(executorUrl).map((path) => `--allow-fs-read=${path}`),
  '--no-warnings',
];

/**
 * Throws away what a worker writes to its streams: nothing of ours does, and whatever else does must neither reach our own streams nor pile up.
 * The streams are taken off ours rather than asked for by `stdout: true`, because reading those keeps the process alive until the worker ends,
 * whatever `unref` says.
 */
export function drainStdio(worker: Worker): void {
  for (const stream of [worker.stdout, worker.stderr]) stream.unpipe().resume();
}

const wholeOr = <T>(value: number, other: T): number | T =>
  Number.isSafeInteger(value) && value >= 0 ? value : other;

/** Starts a permissioned worker with an empty environment for one engine. */
export async function startWorkerCell(
  engine: Engine,
  context: PrepareContext,
  serving?: Serving,
): Promise<RemoteCell> {
  const shared = await engine.shared?.(context);
  return createRemoteCell(openWorker(engine.stackSizeMb, engine.name, permissionFlags(engine.executorUrl)), {
    executorUrl: engine.executorUrl,
    stackBytes: Math.floor(engine.stackSizeMb * MIB * STACK_SHARE),
    shared,
    renews: engine.renews === true,
    ...defined({ serving }),
  });
}

/** No environment, no arguments, no input; what it is handed is all it has of the host. */
const startWorker = (
  name: string,
  stackSizeMb: number,
  flags: readonly string[],
  handed: { readonly bridge: SharedArrayBuffer; readonly answers: MessagePort },
): Worker =>
  new Worker(sibling('worker-entry'), {
    name: `sandglass ${name}`,
    env: {},
    argv: [],
    execArgv: [...flags],
    stdin: false,
    trackUnmanagedFds: true,
    resourceLimits: { stackSizeMb, maxOldGenerationSizeMb: HEAP_MB },
    workerData: handed,
    transferList: [handed.answers],
  });

/** The wires to one worker. Also used inside a process cell, between its main thread and its worker. */
export function openWorker(stackSizeMb: number, name: string, flags: readonly string[]): CellChannel {
  const bridge = new SharedArrayBuffer(BRIDGE.bytes);
  const { flags: bridgeFlags, used } = viewsOf(bridge);
  /** Wakes whoever blocks until it may go on: it looks whether it may, and whether it is to stop. */
  const notify = (slot: number): void => {
    Atomics.add(bridgeFlags, slot, 1);
    Atomics.notify(bridgeFlags, slot);
  };
  /** Answers that were posted, to blocking calls and to others; both wrap around at 32 bits. */
  const posted = { sync: 0, later: 0 };
  const { port1: answers, port2: theirs } = new MessageChannel();
  const worker = startWorker(name, stackSizeMb, flags, { bridge, answers: theirs });
  drainStdio(worker);
  answers.unref();
  let gone: Promise<void> | undefined;
  return {
    sendsModules: true,
    post: (message) => {
      if (message.type === 'go' && message.sync) {
        notify(BRIDGE.go);
        return;
      }
      if (message.type !== 'answer') {
        worker.postMessage(message);
        return;
      }
      const { answer, transfer } = packAnswer(message.answer);
      if (message.sync) {
        posted.sync = (posted.sync + 1) | 0;
        answers.postMessage({ token: message.token, call: message.call, answer }, transfer);
        notify(BRIDGE.answers);
      } else {
        posted.later = (posted.later + 1) | 0;
        worker.postMessage({ ...message, answer }, transfer);
      }
    },
    onMessage: (listener) => {
      worker.on('message', listener);
      worker.on('messageerror', () => listener(undefined));
    },
    onEnd: (listener) => {
      let cause = 'the worker ended';
      let heapIsFull = false;
      worker.on('error', (error: unknown) => {
        // a guest that could say so itself would change the code of its own run
        heapIsFull = (error as { code?: unknown } | null)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
        cause = error instanceof Error ? `${error.name}: ${error.message}` : 'the worker failed';
      });
      worker.on('exit', () => {
        answers.close();
        listener(cause, heapIsFull);
      });
    },
    signalStop: (place, reason) => {
      Atomics.store(bridgeFlags, BRIDGE.stop + place, STOP_CODES[reason]);
      Atomics.notify(bridgeFlags, BRIDGE.stop + place);
      notify(BRIDGE.go);
    },
    tookIn: (messages) => {
      Atomics.add(bridgeFlags, BRIDGE.taken, messages);
      Atomics.notify(bridgeFlags, BRIDGE.taken);
    },
    untaken: () => ({
      sync: (posted.sync - Atomics.load(bridgeFlags, BRIDGE.read)) | 0,
      later: (posted.later - Atomics.load(bridgeFlags, BRIDGE.heard)) | 0,
    }),
    used: (place) => {
      const [memoryBytes = 0, fuel = -1] = used.subarray(2 * place, 2 * place + 2); // the guest's side may write anything there
      return { memoryBytes: wholeOr(memoryBytes, 0), fuel: wholeOr(fuel, null) };
    },
    reset: (place) => {
      Atomics.store(bridgeFlags, BRIDGE.stop + place, STOP_CODES.none);
      used.fill(0, 2 * place, 2 * place + 2); // of an earlier guest: whoever looks before this one begins must not be told it
    },
    hold: (held) => {
      if (held) worker.ref();
      else worker.unref();
    },
    destroy: () => {
      gone ??= worker.terminate().then(() => undefined);
      return gone;
    },
    cpuMs: async () => {
      try {
        const { user, system } = await worker.cpuUsage();
        return (user + system) / 1000;
      } catch {
        return null; // it has ended meanwhile
      }
    },
  };
}
