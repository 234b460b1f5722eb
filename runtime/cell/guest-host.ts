import type { Compress, Digest, GuestHost, HostAnswer, StopReason, Turns } from '../contracts/engine.ts';
import { defined } from '../vocabulary/defined.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { createPace, type Pace } from './pace.ts';
import { seededRandom } from './seeded-random.ts';
import { systemRandom } from './system-random.ts';

/** What differs between cells: how a call travels, how output leaves, how a thread waits. */
export interface GuestLink {
  readonly canBlock: boolean;
  readonly stackBytes: number;
  call(operation: string, args: JsonObject, bytes?: Uint8Array): Promise<HostAnswer>;
  callSync(operation: string, args: JsonObject, bytes?: Uint8Array): HostAnswer;
  output(stream: 'stdout' | 'stderr', bytes: Uint8Array): void;
  /** Set by the host while the guest runs. */
  stopped(): StopReason | undefined;
  sleepSync(ms: number): void;
  /** Waits with the guest. Absent: nobody needs to know. */
  rest?<T>(until: Promise<T>): Promise<T>;
  /** Time that the guest would have gone on and was not let, ms: it does not count. */
  keptMs?(): number;
  /** Told what the guest has used whenever it is looked at. */
  used?(memoryBytes: number, fuel: number | null): void;
  /** CPU time of the guest's thread, ms. */
  cpuMs?(): number;
  now(): number;
  monotonic(): number;
  readonly compress?: Compress | undefined;
  readonly digest?: Digest | undefined;
}

export interface GuestHostOptions {
  readonly link: GuestLink;
  readonly outputBytes: number;
  /** Share of a processor; needs a link that can block and tells CPU time. @default 1 */
  readonly cpuShare?: number;
  /** On the link's monotonic clock, ms. */
  readonly deadline: number;
  readonly deterministic: { readonly seed: number; readonly now: number } | undefined;
  /** Where guests share their thread. */
  readonly turns?: Turns;
}

export interface GuestHostHandle {
  readonly host: GuestHost;
  /** Present linear memory of the guest, bytes; 0 before the engine has told how to read it. */
  readonly memoryBytes: () => number;
  /** Fuel burnt so far; `null` before the engine has told how to read it. */
  readonly fuel: () => number | null;
  /** Ends every sleep that is still going. */
  readonly wake: () => void;
}

/**
 * Where the monotonic clock of a deterministic run stands. Not at zero, which programs take for a clock that is not there: Go's runtime
 * ends at once.
 */
const FIXED_MONOTONIC_MS = 1;

/** Whatever the guest asks the host for, what it has used until then is known. */
const tellingCalls = (link: GuestLink, tellUsed: () => void): Pick<GuestHost, 'call' | 'callSync'> => ({
  call: (operation, args, bytes) => {
    tellUsed();
    return link.call(operation, args, bytes);
  },
  callSync: (operation, args, bytes) => {
    tellUsed();
    return link.callSync(operation, args, bytes);
  },
});

/** A run that is done within so much CPU time never rests. */
const BURST_MS = 50;

/**
 * What a guest with a share of the processor has to rest. `begin`: only now is it the guest that works; what its engine needed to start is
 * not charged to it.
 */
function openPace(
  { canBlock, cpuMs, monotonic }: GuestLink,
  share: number,
): Pick<Pace, 'restMs'> & { begin(): void } {
  if (share >= 1 || !canBlock || cpuMs === undefined) return { restMs: () => 0, begin: () => undefined };
  const open = (): Pace => createPace({ share, burstMs: BURST_MS, cpuMs, monotonic });
  let [pace, begun] = [open(), false];
  return {
    restMs: () => pace.restMs(),
    begin: () => {
      if (!begun) pace = open();
      begun = true;
    },
  };
}

/** Builds the host that an engine sees: output budget, deadline, clocks and random over one cell's link. */
export function createGuestHost({
  link,
  outputBytes,
  cpuShare = 1,
  deadline,
  deterministic,
  turns,
}: GuestHostOptions): GuestHostHandle {
  let room = outputBytes;
  let spent = false;
  let readMemory = (): number => 0;
  let readFuel = (): number | null => null;
  let peak = 0;
  const sleeping = new Set<() => void>();
  const endsAt = (): number => deadline + (link.keptMs?.() ?? 0);
  const random = deterministic === undefined ? systemRandom : seededRandom(deterministic.seed);

  const memoryBytes = (): number => {
    peak = Math.max(peak, readMemory());
    return peak;
  };
  const pace = openPace(link, cpuShare);
  const reasonNow = (): StopReason | undefined => {
    if (spent) return 'output';
    const told = link.stopped();
    if (told !== undefined) return told;
    return link.monotonic() >= endsAt() ? 'deadline' : undefined;
  };
  const tellUsed = (): void => link.used?.(memoryBytes(), readFuel());
  /** Asked at each slice: where a guest over its share rests. A stop ends the rest, and the deadline with it. */
  const stopReason = (): StopReason | undefined => {
    tellUsed();
    const restMs = pace.restMs();
    if (restMs > 0 && reasonNow() === undefined)
      link.sleepSync(Math.min(restMs, Math.max(0, endsAt() - link.monotonic())));
    return reasonNow();
  };

  const host: GuestHost = {
    canBlock: link.canBlock,
    stackBytes: link.stackBytes,
    ...tellingCalls(link, tellUsed),
    write: (stream, bytes) => {
      if (spent) return false;
      const fits = bytes.byteLength <= room ? bytes : bytes.subarray(0, room);
      room -= fits.byteLength;
      spent = fits.byteLength < bytes.byteLength;
      if (fits.byteLength > 0) link.output(stream, fits.slice());
      return !spent;
    },
    stopReason,
    now: () => deterministic?.now ?? link.now(),
    monotonic: () => (deterministic === undefined ? link.monotonic() : FIXED_MONOTONIC_MS),
    random: (bytes) => random(bytes),
    sleep: (ms, wake) => {
      const until = link.monotonic() + Math.min(Math.max(0, ms), Math.max(0, endsAt() - link.monotonic()));
      return new Promise((resolve) => {
        let timer: ReturnType<typeof setTimeout>;
        const end = (): void => {
          clearTimeout(timer);
          sleeping.delete(end);
          resolve();
        };
        // A timer may fire a little early by the monotonic clock: a guest must not wake before its time, least of all before its deadline.
        const nap = (): void => {
          const left = until - link.monotonic();
          if (left <= 0) end();
          else timer = setTimeout(nap, Math.ceil(left));
        };
        sleeping.add(end);
        timer = setTimeout(nap, Math.ceil(Math.max(0, until - link.monotonic())));
        void wake?.then(end, end);
      });
    },
    rest: (until) => (link.rest === undefined ? until : link.rest(until)),
    sleepSync: (ms) => {
      if (link.canBlock) link.sleepSync(Math.min(Math.max(0, ms), Math.max(0, endsAt() - link.monotonic())));
    },
    ...defined({ turns, compress: link.compress, digest: link.digest }),
    trackMemory: (read) => {
      readMemory = read;
    },
    trackFuel: (read) => {
      readFuel = read;
      pace.begin();
    },
  };
  return {
    host,
    memoryBytes,
    fuel: () => readFuel(),
    wake: () => {
      for (const end of [...sleeping]) end();
    },
  };
}
