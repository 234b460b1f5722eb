import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestHost } from '../../contracts/engine.ts';
import { nanoseconds } from './filestat.ts';

/** The present time of a clock in nanoseconds; undefined for one that there is not. */
export function clock(host: GuestHost, id: number): bigint | undefined {
  if (id === wasi.CLOCKID_REALTIME) return nanoseconds(host.now());
  if (id === wasi.CLOCKID_MONOTONIC) return nanoseconds(host.monotonic());
  return undefined;
}
