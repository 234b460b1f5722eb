import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestHost } from '../../contracts/engine.ts';
import { type GuardContext, guarded, type WasiBody } from './guarded.ts';
import { type Import, suspending } from './jspi.ts';
import { finishPoll, startPoll } from './poll.ts';
import type { Preview1Host } from './run-module.ts';
import { WASI_FUNCTIONS } from './wasi-functions.ts';

type Fds = readonly (Fd | undefined)[];

/** Looks at the clock again where it stands still, as in a deterministic run. */
const BLIND_ROUNDS = 3;

/**
 * How long is left to sleep. The host may wake a sleeper early: at the deadline, which a timer can hit a moment too soon. A guest must not take that
 * for the end of its sleep.
 */
function createNap(host: GuestHost, waitMs: number): { left(): number } {
  const start = host.monotonic();
  let asked = 0;
  return {
    left: () => {
      asked += 1;
      if (asked === 1) return waitMs;
      const now = host.monotonic();
      if (now !== start) return start + waitMs - now;
      return asked <= BLIND_ROUNDS ? Math.min(1, waitMs) : 0;
    },
  };
}

/** `poll_oneoff` in a thread that can block. */
export const blockingPoll =
  ({ host, control, memory, clock }: Preview1Host, fds: Fds): WasiBody =>
  (input: number, output: number, count: number, stored: number) => {
    const request = { input, output, count, stored };
    const poll = startPoll(memory, clock, fds, request);
    if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
    if (poll.timers === undefined) return poll.ret;
    if (clock.virtual) clock.advance(poll.wait);
    else if (!host.canBlock) return wasi.ERRNO_NOTSUP;
    const nap = createNap(host, clock.virtual ? 0 : Number(poll.wait) / 1e6);
    for (let left = nap.left(); left > 0; left = nap.left()) {
      host.sleepSync(left);
      control.check();
    }
    return finishPoll(
      memory,
      poll.timers.map(({ event }) => event),
      request,
    );
  };

/** The same poll where the thread cannot block: JSPI suspends the guest while the host sleeps. */
export function suspendingPoll(
  { host, control, memory, clock }: Preview1Host,
  fds: Fds,
  guard: GuardContext,
): Import {
  const spec = WASI_FUNCTIONS.poll_oneoff;
  if (spec === undefined) throw new TypeError('Cannot find poll_oneoff in the table of functions');
  let waitMs = 0;
  // The guarded half is synchronous: it answers at once, or leaves the time to wait behind.
  const start = guarded(spec, guard, (input: number, output: number, count: number, stored: number) => {
    const request = { input, output, count, stored };
    const poll = startPoll(memory, clock, fds, request);
    if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
    if (poll.timers === undefined) return poll.ret;
    if (clock.virtual) clock.advance(poll.wait);
    else waitMs = Math.max(Number(poll.wait) / 1e6, Number.MIN_VALUE);
    return finishPoll(
      memory,
      poll.timers.map(({ event }) => event),
      request,
    );
  });
  const suspend = async (...args: unknown[]): Promise<unknown> => {
    waitMs = 0;
    const errno = start(...args);
    const nap = createNap(host, waitMs);
    for (let left = nap.left(); left > 0; left = nap.left()) {
      await host.sleep(left);
      control.check();
    }
    return errno;
  };
  return suspending(suspend);
}
