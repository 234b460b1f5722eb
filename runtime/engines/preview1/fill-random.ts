import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestHost } from '../../contracts/engine.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { RunControl } from './run-control.ts';

const CHUNK_BYTES = 65_536;

/** `random_get` of any size that the guard has found inside the memory, in chunks: between two a run can be stopped. */
export function fillRandom(
  memory: GuestMemory,
  host: GuestHost,
  control: RunControl,
  buffer: number,
  length: number,
): number {
  for (let at = 0; at < length; at += CHUNK_BYTES) {
    control.check();
    host.random(memory.bytes.subarray(buffer + at, buffer + Math.min(length, at + CHUNK_BYTES)));
  }
  return wasi.ERRNO_SUCCESS;
}
