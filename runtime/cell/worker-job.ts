import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { RunJob } from '../contracts/engine.ts';
import { type ErrorCode, type ErrorDetails, SandglassError } from '../vocabulary/errors.ts';
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
export const runWorkerJob: RunJob = (moduleUrl, input, { timeoutMs, memoryMb }) => {
  const worker = new Worker(sibling('worker-job-entry'), {
    name: 'sandglass job',
    env: {},
    argv: [],
    // A generator's own WASI may start a thread while it loads; the entry drops the right to it before the input is read.
    execArgv: [...permissionFlags(), '--allow-worker'],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: 8 },
    workerData: { moduleUrl, input },
  });
  drainStdio(worker);
  const name = fileURLToPath(moduleUrl).replace(/^.*[\\/]/, '');
  return new Promise<unknown>((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new SandglassError('MODULE_INVALID', `Cannot prepare the module: ${reason}`));
    const timer = setTimeout(() => fail(`it took over ${timeoutMs} ms`), timeoutMs);
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
  }).finally(() => worker.terminate());
};

const refusalOf = ({ code, message, details, hint }: Refused): SandglassError =>
  new SandglassError(code, message, {
    ...(details === undefined ? {} : { details }),
    ...(hint === undefined ? {} : { hint }),
  });
