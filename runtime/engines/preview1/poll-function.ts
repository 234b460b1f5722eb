import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import { type GuardContext, guarded, type WasiBody } from './guarded.ts';
import { type Import, suspending } from './jspi.ts';
import { finishPoll, startPoll } from './poll.ts';
import type { HostContext } from './run-module.ts';
import { WASI_FUNCTIONS } from './wasi-functions.ts';

type Fds = readonly (Fd | undefined)[];

/** `poll_oneoff` in a thread that can block. */
export const blockingPoll =
  ({ host, control, memory }: HostContext, fds: Fds): WasiBody =>
  (input: number, output: number, count: number, stored: number) => {
    const request = { input, output, count, stored };
    const poll = startPoll(memory, host, fds, request);
    if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
    if (poll.timers === undefined) return poll.ret;
    if (!host.canBlock) return wasi.ERRNO_NOTSUP;
    host.sleepSync(poll.waitMs);
    control.check();
    return finishPoll(
      memory,
      poll.timers.map(({ event }) => event),
      request,
    );
  };

/** The same poll where the thread cannot block: JSPI suspends the guest while the host sleeps. */
export function suspendingPoll(
  { host, control, memory }: HostContext,
  fds: Fds,
  guard: GuardContext,
): Import {
  const spec = WASI_FUNCTIONS.poll_oneoff;
  if (spec === undefined) throw new TypeError('Cannot find poll_oneoff in the table of functions');
  let waitMs = 0;
  // The guarded half is synchronous: it answers at once, or leaves the time to wait behind.
  const start = guarded(spec, guard, (input: number, output: number, count: number, stored: number) => {
    const request = { input, output, count, stored };
    const poll = startPoll(memory, host, fds, request);
    if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
    if (poll.timers === undefined) return poll.ret;
    waitMs = Math.max(poll.waitMs, Number.MIN_VALUE);
    return finishPoll(
      memory,
      poll.timers.map(({ event }) => event),
      request,
    );
  });
  const suspend = async (...args: unknown[]): Promise<unknown> => {
    waitMs = 0;
    const errno = start(...args);
    if (waitMs > 0) {
      await host.sleep(waitMs);
      control.check();
    }
    return errno;
  };
  return suspending(suspend);
}
