import { runWorkerJob } from '../cell/worker-job.ts';
import type { ModuleInfo } from '../contracts/api/module.ts';
import { ownUrl } from '../vocabulary/own-url.ts';
import { job } from './inspect-job.ts';

/** Up to here looking takes a few milliseconds. A worker costs more. */
const SMALL_BYTES = 128 * 1024;
const JOB = { timeoutMs: 30_000, memoryMb: 512 };
const JOB_URL = ownUrl(import.meta.url, './inspect-job').href;

/**
 * Looks at untrusted bytes for a module store, without running any of them: kind and names of exports. Large ones are looked at in a worker
 * that is ended after 30 s, so that nobody waits for them.
 * @throws {SandglassError} MODULE_INVALID
 * @example createModuleStore({ inspect: inspectUpload })
 */
export async function inspectUpload(bytes: Uint8Array<ArrayBuffer>): Promise<ModuleInfo> {
  if (bytes.byteLength <= SMALL_BYTES) return job(bytes);
  return (await runWorkerJob(JOB_URL, bytes, JOB)) as ModuleInfo; // our own job module's answer
}
