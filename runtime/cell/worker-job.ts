import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { RunJob } from '../contracts/engine.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { drainStdio, permissionFlags, sibling } from './worker.ts';

interface JobAnswer {
  readonly ok: boolean;
  readonly value: unknown;
  /** The job's own code was there, and it failed all the same. */
  readonly loaded?: boolean;
}

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
      reject(new SandglassError('MODULE_INVALID', `Cannot prepare the module: ${name} ${reason}`));
    const timer = setTimeout(() => fail(`took over ${timeoutMs} ms`), timeoutMs);
    worker.once('message', (message: JobAnswer) => {
      clearTimeout(timer);
      if (message.ok) resolve(message.value);
      else if (message.loaded === true) fail(`failed: ${String(message.value)}`);
      else reject(notLoaded(name, message.value));
    });
    worker.once('error', (error: unknown) => {
      clearTimeout(timer);
      fail(`failed: ${error instanceof Error ? error.message : 'unknown'}`);
    });
    worker.once('exit', () => {
      clearTimeout(timer);
      fail('ended without an answer');
    });
  }).finally(() => worker.terminate());
};
