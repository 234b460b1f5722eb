import type { ComponentRun } from '../component-run.ts';
import { Pollable } from './io.ts';

export interface Datetime {
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** Milliseconds since the epoch, with fractions, as WASI has it. Times before the epoch become the epoch. */
export function toDatetime(milliseconds: number): Datetime {
  const safe = Math.max(0, Number.isFinite(milliseconds) ? milliseconds : 0);
  const seconds = Math.floor(safe / 1000);
  return {
    seconds: BigInt(seconds),
    nanoseconds: Math.min(999_999_999, Math.round((safe - seconds * 1000) * 1e6)),
  };
}

export const fromDatetime = ({ seconds, nanoseconds }: Datetime): number =>
  Number(seconds) * 1000 + nanoseconds / 1e6;

/** `wasi:clocks/*`: the cell's clocks; in a deterministic run they move on by what the guest waits only. */
export const clocksInterfaces = (run: ComponentRun) => {
  const nanoseconds = (): bigint => {
    run.check();
    return run.nanoseconds();
  };
  return {
    'wasi:clocks/wall-clock': {
      now: () => {
        run.check();
        return toDatetime(run.now());
      },
      resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
    },
    'wasi:clocks/monotonic-clock': {
      now: nanoseconds,
      resolution: () => 1_000n,
      subscribeInstant: (due: bigint) => new Pollable(run, { kind: 'time', due }),
      subscribeDuration: (length: bigint) => new Pollable(run, { kind: 'time', due: nanoseconds() + length }),
    },
  };
};
