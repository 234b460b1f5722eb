import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { Engine, PrepareContext } from '../engine.ts';
import { BRIDGE, STOP_CODES } from './protocol.ts';
import { createRemoteSeat, type Seat, type SeatChannel } from './remote-seat.ts';

/** A worker's stack is larger than what V8 may fill of it; an engine gets this share. */
const STACK_SHARE = 0.9;
const HEAP_MB = 256;

/** The file beside this one, in the form this one has: `.ts` from sources, `.js` once built. */
export const sibling = (name: string): URL =>
  new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/** Folders that a permissioned cell must read to load our own code and its packages, and nothing else. */
export function readableFolders(): readonly string[] {
  const folders: string[] = [];
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  folders.push(folder);
  for (let above = dirname(folder); above !== dirname(above); above = dirname(above)) {
    const packages = join(above, 'node_modules');
    if (existsSync(packages)) folders.push(packages);
  }
  return folders;
}

export const permissionFlags = (): readonly string[] => [
  '--permission',
  ...readableFolders().map((folder) => `--allow-fs-read=${folder}`),
  '--no-warnings',
];

/** Starts a permissioned worker with an empty environment for one engine. */
export async function startWorkerSeat(engine: Engine, context: PrepareContext): Promise<Seat> {
  const shared = await engine.shared?.(context);
  return createRemoteSeat(openWorker(engine.stackSizeMb, engine.name), {
    executorUrl: engine.executorUrl,
    stackBytes: Math.floor(engine.stackSizeMb * 1024 * 1024 * STACK_SHARE),
    shared,
  });
}

/** The wires to one worker. Also used inside a process cell, between its main thread and its worker. */
export function openWorker(stackSizeMb: number, name: string, flags = permissionFlags()): SeatChannel {
  const bridge = new SharedArrayBuffer(BRIDGE.bytes);
  const bridgeFlags = new Int32Array(bridge);
  const { port1: answers, port2: theirs } = new MessageChannel();
  const worker = new Worker(sibling('worker-entry'), {
    name: `sandglass ${name}`,
    env: {},
    argv: [],
    execArgv: [...flags],
    stdin: false,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    resourceLimits: { stackSizeMb, maxOldGenerationSizeMb: HEAP_MB },
    workerData: { bridge, answers: theirs },
    transferList: [theirs],
  });
  // Nothing of ours writes there; whatever does must neither reach our own streams nor pile up.
  worker.stdout.resume();
  worker.stderr.resume();
  answers.unref();
  let gone: Promise<void> | undefined;
  return {
    sendsModules: true,
    post: (message) => {
      if (message.type === 'answer' && message.sync) {
        answers.postMessage({ token: message.token, call: message.call, answer: message.answer });
        Atomics.add(bridgeFlags, BRIDGE.answers, 1);
        Atomics.notify(bridgeFlags, BRIDGE.answers);
      } else worker.postMessage(message);
    },
    onMessage: (listener) => {
      worker.on('message', listener);
      worker.on('messageerror', () => listener(undefined));
    },
    onEnd: (listener) => {
      let cause = 'the worker ended';
      worker.on('error', (error: unknown) => {
        cause = error instanceof Error ? `${error.name}: ${error.message}` : 'the worker failed';
      });
      worker.on('exit', () => {
        answers.close();
        listener(cause);
      });
    },
    signalStop: (_token, reason) => {
      Atomics.store(bridgeFlags, BRIDGE.stop, STOP_CODES[reason]);
      Atomics.notify(bridgeFlags, BRIDGE.stop);
    },
    reset: () => {
      Atomics.store(bridgeFlags, BRIDGE.stop, STOP_CODES.none);
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
      const { user, system } = await worker.cpuUsage();
      return (user + system) / 1000;
    },
  };
}
