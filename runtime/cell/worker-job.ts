import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { RunJob } from '../contracts/engine.ts';
import { defined } from '../vocabulary/defined.ts';
import { type ErrorCode, type ErrorDetails, SandglassError } from '../vocabulary/errors.ts';
import { areLarge, joinInSlices } from '../vocabulary/in-slices.ts';
import { drainStdio, permissionFlags, sibling } from './worker.ts';

interface JobAnswer {
  readonly ok: boolean;
  readonly value: unknown;
  /** The job's own code was there, and it failed all the same. */
  readonly loaded?: boolean;
  /** What our own code threw on purpose, as plain data. */
  readonly error?: Refused;
}

interface Refused {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: ErrorDetails;
  readonly hint?: string;
}

/** Of a generator's own message only this much is told: its first line. */
const MAX_REASON = 200;
const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').slice(0, MAX_REASON);

/** Where code of ours is not as it was installed; the reason names files of the host, so it is the cause only. */
const notLoaded = (name: string, reason: unknown): SandglassError =>
  new SandglassError('INTERNAL', `Cannot prepare the module: what ${name} needs cannot be loaded`, {
    hint: '"npm ci" installs it anew',
    cause: new Error(String(reason)),
  });

/**
 * Runs one heavy job in a worker of its own with no environment, no network and no files but our code: a job that reads an untrusted binary
 * can be ended at any time and can take nothing with it.
 */
export const runWorkerJob: RunJob = async (moduleUrl, input, { timeoutMs, memoryMb, signal }) => {
  const { sent, moved } = await movable(input);
  signal?.throwIfAborted();
  const worker = new Worker(sibling('worker-job-entry'), {
    name: 'sandglass job',
    env: {},
    argv: [],
    // A generator's own WASI may start a thread while it loads; the entry drops the right to it before the input is read.
    execArgv: [...permissionFlags(), '--allow-worker'],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: 8 },
    workerData: { moduleUrl, input: sent },
    transferList: moved,
  });
  drainStdio(worker);
  const name = fileURLToPath(moduleUrl).replace(/^.*[\\/]/, '');
  const answered = new Promise<unknown>((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new SandglassError('MODULE_INVALID', `Cannot prepare the module: ${reason}`));
    const timer = setTimeout(() => fail(`it took over ${timeoutMs} ms`), timeoutMs);
    signal?.addEventListener('abort', () => fail('nobody waits for it any more'), { once: true });
    worker.once('message', ({ ok, value, loaded, error }: JobAnswer) => {
      clearTimeout(timer);
      if (ok) resolve(value);
      else if (error !== undefined) reject(refusalOf(error));
      else if (loaded === true) fail(firstLine(String(value)));
      else reject(notLoaded(name, value));
    });
    worker.once('error', (error: unknown) => {
      clearTimeout(timer);
      fail(firstLine(error instanceof Error ? error.message : 'unknown'));
    });
    worker.once('exit', () => {
      clearTimeout(timer);
      fail('what prepares it ended without an answer');
    });
  });
  return answered.finally(() => worker.terminate());
};

/** The input as it goes to the job: what is large is copied in turns and then moved, so that it is not copied in one go. */
async function movable(input: unknown): Promise<{ readonly sent: unknown; readonly moved: ArrayBuffer[] }> {
  const moved: ArrayBuffer[] = [];
  const own = async (part: unknown): Promise<unknown> => {
    if (!(part instanceof Uint8Array) || !areLarge(part)) return part;
    const copy = await joinInSlices([part]);
    moved.push(copy.buffer);
    return copy;
  };
  if (input instanceof Uint8Array) return { sent: await own(input), moved };
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return { sent: input, moved };
  const sent: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(input)) sent[name] = await own(part);
  return { sent, moved };
}

const refusalOf = ({ code, message, details, hint }: Refused): SandglassError =>
  new SandglassError(code, message, {
    ...defined({ details, hint }),
  });
