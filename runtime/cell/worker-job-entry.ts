// Runs one job and answers once. The job's module is ours; its input is not trusted.
import { parentPort, workerData } from 'node:worker_threads';
import { SandglassError } from '../vocabulary/errors.ts';

interface JobModule {
  readonly job: (input: unknown) => unknown;
  /** Loads what the job would read from files later. */
  readonly load?: () => Promise<unknown>;
}

const { moduleUrl, input } = workerData as { readonly moduleUrl: string; readonly input: unknown }; // set by runWorkerJob

/** Until then what fails is ours, not the input's. */
let loaded = false;
try {
  const { job, load } = (await import(moduleUrl)) as JobModule; // an engine's own job module
  await load?.();
  loaded = true;
  // As in a worker cell: all code is loaded, and so is the thread that the generator's WASI keeps for its files.
  process.permission?.drop?.('fs.read', process.cwd()); // as in a worker cell
  parentPort?.postMessage({ ok: true, value: await job(input) });
} catch (error) {
  parentPort?.postMessage({
    ok: false,
    loaded,
    value: error instanceof Error ? error.message : 'unknown',
    ...(error instanceof SandglassError ? { error: error.toJSON() } : {}),
  });
}
