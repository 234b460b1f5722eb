import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestClock } from './clock.ts';
import { Descriptor } from './descriptor.ts';
import type { GuestMemory } from './guest-memory.ts';

/** Subscriptions of one poll. */
const MAX_SUBSCRIPTIONS = 1024;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const ABSOLUTE_TIME = 1;

interface Event {
  readonly userdata: bigint;
  readonly error: number;
  readonly type: number;
  readonly bytes: bigint;
  readonly hangup: boolean;
}

interface Timer {
  readonly delay: bigint;
  readonly event: Event;
}

export interface PollRequest {
  readonly input: number;
  readonly output: number;
  readonly count: number;
  readonly stored: number;
}

/** What a poll comes to: an errno, events that are there at once, or timers to wait for. */
export type Poll =
  | { readonly ret: number; readonly events?: undefined; readonly timers?: undefined }
  | { readonly events: readonly Event[]; readonly timers?: undefined }
  /** `wait` in nanoseconds. */
  | { readonly timers: readonly Timer[]; readonly wait: bigint; readonly events?: undefined };

/** Reads the subscriptions, which the guard has found inside the memory, and asks each what it has. Files and streams never wait. */
export function startPoll(
  memory: GuestMemory,
  clock: GuestClock,
  fds: readonly (Fd | undefined)[],
  { input, count }: PollRequest,
): Poll {
  if (count === 0 || count > MAX_SUBSCRIPTIONS) return { ret: wasi.ERRNO_INVAL };
  const { view } = memory;
  const ready: Event[] = [];
  const timers: Timer[] = [];
  for (let index = 0; index < count; index++) {
    const at = input + index * SUBSCRIPTION_BYTES;
    const userdata = view.getBigUint64(at, true);
    const type = view.getUint8(at + 8);
    const event = (error: number, bytes = 0n, hangup = false): Event => ({
      userdata,
      error,
      type,
      bytes,
      hangup,
    });
    if (type === wasi.EVENTTYPE_CLOCK) {
      const now = clock.time(view.getUint32(at + 16, true));
      if (now === undefined) {
        ready.push(event(wasi.ERRNO_INVAL));
        continue;
      }
      const timeout = view.getBigUint64(at + 24, true);
      const absolute = (view.getUint16(at + 40, true) & ABSOLUTE_TIME) !== 0;
      const delay = absolute ? timeout - now : timeout;
      timers.push({ delay: delay > 0n ? delay : 0n, event: event(wasi.ERRNO_SUCCESS) });
    } else if (type === wasi.EVENTTYPE_FD_READ || type === wasi.EVENTTYPE_FD_WRITE) {
      const fd = fds[view.getUint32(at + 16, true)];
      if (!(fd instanceof Descriptor)) ready.push(event(wasi.ERRNO_BADF));
      else if (type === wasi.EVENTTYPE_FD_WRITE) ready.push(event(wasi.ERRNO_SUCCESS));
      else {
        const bytes = fd.readable();
        ready.push(event(wasi.ERRNO_SUCCESS, bytes, bytes === 0n));
      }
    } else return { ret: wasi.ERRNO_INVAL };
  }
  const due = timers.filter(({ delay }) => delay === 0n);
  if (ready.length + due.length > 0) return { events: [...ready, ...due.map(({ event }) => event)] };
  // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigint
  const shortest = timers.map(({ delay }) => delay).reduce((least, delay) => (delay < least ? delay : least));
  return { timers: timers.filter(({ delay }) => delay === shortest), wait: shortest };
}

/** Writes the events of a finished poll. */
export function finishPoll(
  memory: GuestMemory,
  events: readonly Event[],
  { output, stored }: PollRequest,
): number {
  const { view } = memory;
  for (const [index, { userdata, error, type, bytes, hangup }] of events.entries()) {
    const at = output + index * EVENT_BYTES;
    view.setBigUint64(at, userdata, true);
    view.setUint16(at + 8, error, true);
    view.setUint8(at + 10, type);
    view.setBigUint64(at + 16, bytes, true);
    view.setUint16(at + 24, hangup ? wasi.EVENTRWFLAGS_FD_READWRITE_HANGUP : 0, true);
  }
  view.setUint32(stored, events.length, true);
  return wasi.ERRNO_SUCCESS;
}
