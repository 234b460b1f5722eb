// Runs one job and answers once. The job's module is ours; its input is not trusted.
import { parentPort, workerData } from 'node:worker_threads';
import { SandglassError } from '../vocabulary/errors.ts';

interface JobModule {
  readonly job: (input: unknown) => unknown;
  /** Loads what the job would read from files later. */
  readonly load?: () => Promise<unknown>;
}

const { moduleUrl, input } = workerData as { readonly moduleUrl: string; readonly input: unknown }; // set by runWorkerJob

/** This thread ends now: large buffers are moved, not copied, and the other side has them at once. */
function answer(value: unknown): void {
  const message = { ok: true, value };
  try {
    parentPort?.postMessage(message, [...buffersIn(value, new Set())]);
  } catch {
    parentPort?.postMessage(message); // a memory's buffer cannot be moved
  }
}

const MOVED_BYTES = 65_536;

function buffersIn(value: unknown, found: Set<ArrayBuffer>): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    if (buffer instanceof ArrayBuffer && buffer.byteLength >= MOVED_BYTES) found.add(buffer);
  } else if (value instanceof Map) for (const part of value.values()) buffersIn(part, found);
  else if (Array.isArray(value)) for (const part of value) buffersIn(part, found);
  else if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    for (const part of Object.values(value)) buffersIn(part, found);
  return found;
}

/** Until then what fails is ours, not the input's. */
let loaded = false;
try {
  const { job, load } = (await import(moduleUrl)) as JobModule; // an engine's own job module
  await load?.();
  loaded = true;
  // As in a worker cell: all code is loaded, and so is the thread that the generator's WASI keeps for its files.
  process.permission?.drop?.('fs.read', process.cwd()); // as in a worker cell
  answer(await job(input));
} catch (error) {
  parentPort?.postMessage({
    ok: false,
    loaded,
    value: error instanceof Error ? error.message : 'unknown',
    ...(error instanceof SandglassError ? { error: error.toJSON() } : {}),
  });
}
