import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Engine, PrepareContext } from '../contracts/engine.ts';
import { freeArrived } from '../vocabulary/bytes.ts';
import { defined } from '../vocabulary/defined.ts';
import { MIB } from '../vocabulary/units.ts';
import { createParcels } from './parcels.ts';
import { HEAP_IS_FULL } from './process-exit.ts';
import { createRemoteCell } from './remote-cell.ts';
import type { CellChannel, RemoteCell } from './remote-channel.ts';
import type { Serving } from './serving.ts';
import { permissionFlags, sibling } from './worker.ts';

/** Share of the worker's stack that V8 may fill; as in a worker cell. */
const STACK_SHARE = 0.9;

/**
 * What holds the child beside the guest's own wasm and the worker inside it: no environment, no file but our own code, no child process, no
 * native add-on, no code from strings.
 */
const CHILD_FLAGS = [
  '--disallow-code-generation-from-strings',
  '--disable-proto=delete',
  '--max-old-space-size=256',
];

/** Starts a child process, with a worker inside it, for one engine. */
export async function startProcessCell(
  engine: Engine,
  context: PrepareContext,
  serving?: Serving,
): Promise<RemoteCell> {
  const shared = await engine.shared?.(context);
  return createRemoteCell(openProcess(engine.stackSizeMb, engine.executorUrl), {
    executorUrl: engine.executorUrl,
    stackBytes: Math.floor(engine.stackSizeMb * MIB * STACK_SHARE),
    shared,
    ...defined({ serving }),
  });
}

/** Messages that the child is told of at once; fewer are told of a turn later. */
const TELL_AT = 8;

function openProcess(stackSizeMb: number, executorUrl: string): CellChannel {
  const entry = fileURLToPath(sibling('process-entry'));
  const flags = permissionFlags(executorUrl);
  const child = spawn(
    process.execPath,
    [...flags, '--allow-worker', ...CHILD_FLAGS, entry, String(stackSizeMb), ...flags],
    {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
    },
  );
  const exited = new Promise<{ readonly message: string; readonly heapIsFull: boolean }>((resolve) => {
    child.once('exit', (code, signal) =>
      resolve({
        message: `the process ended (${signal ?? `exit ${code}`})`,
        heapIsFull: code === HEAP_IS_FULL,
      }),
    );
    child.once('error', (error) =>
      resolve({ message: `the process did not start (${error.message})`, heapIsFull: false }),
    );
  });
  // A child that is gone is told of by `onEnd`; what was on its way to it no longer matters.
  const parcels = createParcels(
    (message) =>
      new Promise((resolve) => {
        if (child.connected) child.send(message, () => resolve());
        else resolve();
      }),
  );
  let taken = 0;
  let tells = false;
  const tellTaken = (): void => {
    if (taken > 0) parcels.post({ type: 'taken', messages: taken });
    taken = 0;
  };
  return {
    sendsModules: false,
    tookIn: (messages) => {
      taken += messages;
      if (taken >= TELL_AT) tellTaken();
      else if (!tells) {
        tells = true;
        setImmediate(() => {
          tells = false;
          tellTaken();
        });
      }
    },
    post: (message) => {
      parcels.post(message, () => {
        // By now they are in a buffer of the channel's own.
        if (message.type === 'answer' && message.answer.ok) freeArrived(message.answer);
      });
    },
    onMessage: (listener) => {
      child.on('message', listener);
    },
    onEnd: (listener) => {
      void exited.then(({ message, heapIsFull }) => listener(message, heapIsFull));
    },
    signalStop: () => undefined, // the stop message does it: the child's main thread is never busy with a guest
    reset: () => undefined,
    hold: (held) => {
      if (held) {
        child.ref();
        child.channel?.ref();
      } else {
        child.unref();
        child.channel?.unref();
      }
    },
    destroy: async () => {
      child.ref(); // whoever awaits the end must not run out of things to wait for
      child.kill('SIGKILL');
      await exited;
    },
    cpuMs: async () => null,
  };
}
