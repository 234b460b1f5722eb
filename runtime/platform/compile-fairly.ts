import { runWorkerJob } from '../cell/worker-job.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { ownUrl } from '../vocabulary/own-url.ts';
import { MIB } from '../vocabulary/units.ts';

/** Up to here compiling in this thread takes a few milliseconds, as functions are only compiled when they are called. */
const SMALL_BYTES = 64 * 1024;
/** From here on the engine's copy of them, which it makes in this thread, is worth a thread of its own. */
const LARGE_BYTES = 16 * MIB;
/** How long the engine's own threads may keep a module waiting, ms. */
const PATIENCE_MS = 250;
const JOB = { timeoutMs: 60_000, memoryMb: 512 };
const JOB_URL = ownUrl(import.meta.url, '../cell/compile-job').href;

/**
 * Compiles where no guest can be in the way. The engine compiles on a few threads of the process that also optimise what guests run, one
 * function after the other, and nothing can interrupt them: small modules are compiled here, others in a thread of their own once they have
 * waited.
 * @throws on bytes that are no wasm.
 */
export async function compileFairly(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  if (bytes.byteLength <= SMALL_BYTES) return new WebAssembly.Module(bytes);
  if (bytes.byteLength > LARGE_BYTES) return compileApart(bytes);
  const pooled = WebAssembly.compile(bytes);
  pooled.catch(() => undefined); // also when nobody waits for it any more
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  const module = await Promise.race([pooled, patience]).finally(() => clearTimeout(timer));
  return module ?? Promise.any([pooled, compileApart(bytes)]).catch(() => pooled);
}

async function compileApart(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const answer = await runWorkerJob(JOB_URL, bytes, JOB);
  if (answer instanceof WebAssembly.Module) return answer;
  throw new SandglassError('INTERNAL', 'Cannot compile the module: the worker gave none');
}
