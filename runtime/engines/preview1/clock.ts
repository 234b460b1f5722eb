import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestHost } from '../../contracts/engine.ts';
import { nanoseconds } from './filestat.ts';

/** The clocks of one run. In a deterministic run they stand still while the guest computes, and move on by exactly what it sleeps. */
export interface GuestClock {
  /** The present time of a clock in nanoseconds; undefined for one that there is not. */
  time(id: number): bigint | undefined;
  /** Nobody waits: a sleep only moves the clocks. */
  readonly virtual: boolean;
  /** Virtual clocks only: a sleep is over. */
  advance(nanoseconds: bigint): void;
}

export function createClock(host: GuestHost, virtual: boolean): GuestClock {
  let slept = 0n;
  return {
    virtual,
    time: (id) => {
      if (id === wasi.CLOCKID_REALTIME) return nanoseconds(host.now()) + slept;
      if (id === wasi.CLOCKID_MONOTONIC) return nanoseconds(host.monotonic()) + slept;
      return undefined;
    },
    advance: (passed) => {
      slept = BigInt.asUintN(63, slept + passed);
    },
  };
}
