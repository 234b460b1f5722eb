import { type Cell, type CellEnd, type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import type {
  Compress,
  Digest,
  Execute,
  GuestResult,
  PreparedGuest,
  StopReason,
} from '../contracts/engine.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { createCallWindow } from './call-window.ts';
import { createGuestHost } from './guest-host.ts';
import { readResult } from './read-result.ts';
import { createServing, type Desk, piecesOf, type Serving } from './serving.ts';
import { createThreadTurns, nextTurn, type ThreadTurns } from './thread-turns.ts';

export interface InlineCellOptions {
  readonly monotonic: () => number;
  readonly now: () => number;
  /** CPU time of this thread, ms; `null` where the platform does not tell. */
  readonly cpuMs: () => number | null;
  /** Stack of this thread, bytes. @default 984 KiB, what V8 gives a main thread */
  readonly stackBytes?: number;
  /** The platform's own codecs. @default none */
  readonly compress?: Compress;
  /** A digest that takes bytes piece by piece, by a name that `crypto.subtle` has. @default digests are made by `crypto.subtle` */
  readonly openHash?: (algorithm: string) => OpenHash;
  /** Schedules a callback after the timers and I/O that are due. @default `nextTurn` */
  readonly nextTurn?: (callback: () => void) => void;
}

export interface OpenHash {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** Bytes that are digested in one piece of work: a millisecond or two. */
const HASHED_AT_ONCE = 1_048_576;

/** Digests in turns that all runs of the thread share. */
function digestInTurns(open: InlineCellOptions['openHash'], desk: Desk): Digest | undefined {
  if (open === undefined) return undefined;
  const inTurn = piecesOf(desk);
  return async (algorithm, bytes) => {
    const hash = open(algorithm);
    for (let at = 0; at < bytes.byteLength; at += HASHED_AT_ONCE)
      await inTurn(() => hash.update(bytes.subarray(at, at + HASHED_AT_ONCE)));
    return new Uint8Array(hash.digest());
  };
}

/**
 * Runs guests in the host's own thread. What holds a guest here is its wasm instance alone: a deadline is noticed when the guest calls out,
 * waits, or its meter refills. Where the platform can suspend wasm, guests and host share the thread by turns of a few milliseconds.
 */
export function createInlineCell(options: InlineCellOptions): Cell {
  const schedule = options.nextTurn ?? nextTurn;
  const turns = createThreadTurns(options.monotonic, schedule);
  const thread: InlineThread = { ...options, turns, serving: createServing(options.monotonic, schedule) };
  return {
    kind: 'inline',
    run: (request) => runInline(request, request.engine.execute, thread),
    hold: async (engine, signal) => {
      const execute = await engine.open?.();
      if (execute === undefined) throw new Error(`Cannot hold a cell: ${engine.name} keeps no guest`);
      if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot open the session: cancelled');
      // What is dropped here is all there is of the guest.
      return {
        kind: 'inline',
        run: (request) => runInline(request, execute, thread),
        close: async () => undefined,
      };
    },
  };
}

interface InlineThread extends InlineCellOptions {
  readonly turns: ThreadTurns;
  readonly serving: Serving;
}

async function runInline(request: CellRun, execute: Execute, options: InlineThread): Promise<CellResult> {
  const { guest, spec, gate, signal } = request;
  const cpuBefore = options.cpuMs();
  const deadline = options.monotonic() + spec.limits.timeoutMs;
  let ended = false;
  const guestTurns = options.turns.forGuest();
  const desk = options.serving.open();
  const askGate: typeof gate.call = (operation, args, bytes, atOnce) => {
    const asked = options.monotonic();
    const answer = gate.call(operation, args, bytes, atOnce);
    guestTurns.worked(options.monotonic() - asked);
    return answer;
  };
  const window = createCallWindow(
    (operation, args, bytes) =>
      new Promise((resolve) => desk.serve(() => resolve(askGate(operation, args, bytes)))),
    spec.limits.hostCallBytes,
  );
  const { host, memoryBytes, fuel, wake } = createGuestHost({
    link: {
      canBlock: false,
      stackBytes: options.stackBytes ?? 984 * 1024,
      call: window.call,
      callSync: (operation, args, bytes) => {
        const answer = askGate(operation, args, bytes, true);
        if (!(answer instanceof Promise)) return answer;
        // The host function has to wait, and this thread cannot: the gate's own refusal, so that its id is known.
        answer.catch(() => undefined); // the gate never rejects; the answer itself is of no use any more
        return gate.refuseBlocking(operation);
      },
      output: (stream, bytes) => {
        if (!ended) request.onOutput(stream, bytes);
      },
      // What is left of an ended run must not go on, whatever the clock says.
      stopped: () => (signal.aborted || ended ? 'cancelled' : undefined),
      sleepSync: () => undefined,
      now: options.now,
      monotonic: options.monotonic,
      compress: options.compress,
      digest: digestInTurns(options.openHash, desk),
    },
    outputBytes: spec.limits.outputBytes,
    deadline,
    deterministic: spec.deterministic,
    turns: guestTurns,
  });

  request.onStart(
    async () => ({
      cpuMs: elapsed(cpuBefore, options.cpuMs()),
      memoryBytes: memoryBytes() || null,
    }),
    fuel,
  );

  const stop = Promise.withResolvers<StopReason>();
  const onAbort = (): void => stop.resolve('cancelled');
  signal.addEventListener('abort', onAbort, { once: true });
  const timer = setTimeout(() => stop.resolve('deadline'), spec.limits.timeoutMs);
  const modules = modulesOf(guest);
  const stopped = (reason: StopReason): CellEnd => stoppedEnd(reason, memoryBytes(), fuel());
  const begin = (): Promise<GuestResult | CellEnd> =>
    endOf(
      execute({ data: guest.data, modules, ...defined({ local: guest.local }) }, spec, host),
      request.engine.name,
      memoryBytes,
    );
  const before = guestTurns.start();
  /** Why the guest is to end. One that has not started by then does not: as many as wait would all start at once. */
  let ends: StopReason | undefined;
  const execution =
    before === undefined ? begin() : before.then(() => (ends === undefined ? begin() : stopped(ends)));

  let graceTimer: ReturnType<typeof setTimeout> | undefined;
  try {
    const end = await Promise.race<GuestResult | CellEnd>([
      execution,
      // A guest that waits for the host is woken and ends by itself; one that still does not is left behind.
      stop.promise.then(async (reason) => {
        ends = reason;
        wake();
        guestTurns.wake();
        const grace = new Promise<void>((resolve) => {
          graceTimer = setTimeout(resolve, STOP_GRACE_MS);
        });
        const neat = await Promise.race([execution, grace]);
        return neat ?? stopped(reason);
      }),
    ]);
    return { end, cpuMs: elapsed(cpuBefore, options.cpuMs()), coldStart: false };
  } finally {
    ended = true;
    desk.close();
    clearTimeout(timer);
    clearTimeout(graceTimer);
    signal.removeEventListener('abort', onAbort);
    wake();
    guestTurns.wake();
  }
}

const modulesOf = ({ modules }: PreparedGuest): Record<string, WebAssembly.Module> =>
  Object.fromEntries(Object.entries(modules).map(([name, { module }]) => [name, module]));

const elapsed = (before: number | null, after: number | null): number | null =>
  before === null || after === null ? null : Math.max(0, after - before);

async function endOf(
  execution: Promise<GuestResult>,
  engine: string,
  memoryBytes: () => number,
): Promise<GuestResult | CellEnd> {
  try {
    const result = readResult(await execution);
    return result ?? crashed(new TypeError(`${engine} answered no result`), memoryBytes());
  } catch (error) {
    return crashed(error, memoryBytes());
  }
}

const stoppedEnd = (reason: StopReason, memoryBytes: number, fuel: number | null): CellEnd => ({
  kind: 'stopped',
  reason,
  memoryBytes,
  fuel,
  growthRefused: false,
});

/** An executor rejected: a bug of ours, never a guest's doing that we know of. */
function crashed(error: unknown, memoryBytes: number): CellEnd {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: 'crashed', message, memoryBytes, fuel: null, growthRefused: false };
}
