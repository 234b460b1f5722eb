import { type CellEnd, type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import type { PreparedGuest, StopReason } from '../contracts/engine.ts';
import { type CallMessage, type FromCell, type GuestParts, readFromCell, type ToCell } from './protocol.ts';

/** A place where guests run outside the host's own thread. It runs one guest at a time. */
export interface Seat {
  /** Brings the executor (and the engine, if it can be) up; rejects when the cell cannot start. */
  readonly ready: Promise<void>;
  run(request: CellRun, cold: boolean): Promise<CellResult>;
  /** Whether it may serve another run: nothing stopped, crashed or lied in it. */
  readonly sound: boolean;
  /** What it held when it was ready, bytes; 0 before. */
  readonly memoryBytes: number;
  /** Ends it and everything in it. Idempotent. */
  end(): Promise<void>;
  /** Whether the host process stays up for it. */
  hold(held: boolean): void;
}

/** The wires to a worker or a process. */
export interface SeatChannel {
  /** Bytes of an answer that owns them are gone afterwards. */
  post(message: ToCell): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the cell has ended for whatever reason; `heapIsFull`: V8 ended it at its cap. */
  onEnd(listener: (message: string, heapIsFull: boolean) => void): void;
  /** Makes the stop visible to a guest that never returns to its event loop. */
  signalStop(token: number, reason: 'deadline' | 'cancelled'): void;
  /** Clears the stop of an earlier run. */
  reset(): void;
  hold(held: boolean): void;
  /** Destroys the cell; resolves when it is gone. */
  destroy(): Promise<void>;
  /** CPU time of the cell so far, ms; `null` where it is not known, or the cell has ended. Never rejects. */
  cpuMs(): Promise<number | null>;
  /** Modules can be sent compiled. */
  readonly sendsModules: boolean;
}

export interface SeatOptions {
  readonly executorUrl: string;
  readonly stackBytes: number;
  readonly shared: PreparedGuest | undefined;
}

interface Running {
  readonly token: number;
  readonly request: CellRun;
  outputRoom: number;
  memoryBytes: number;
  readonly settle: (end: CellResult['end'], cpuMs: number | null) => void;
}

/** How long a cell has to tell its CPU time, ms. */
const CPU_ANSWER_MS = 1000;

/** Drives a cell over a channel: the same for workers and processes. */
export function createRemoteSeat(channel: SeatChannel, options: SeatOptions): Seat {
  const readiness = Promise.withResolvers<void>();
  readiness.promise.catch(() => undefined); // whoever awaits `ready` sees it; an unused warm cell must not be an unhandled rejection
  let sound = true;
  let ended = false;
  let tokens = 0;
  let running: Running | undefined;
  /** CPU time before the present run: starting up, and earlier runs. */
  let cpuSpent = 0;
  let readyBytes = 0;

  /** A thread in a call that V8 does not interrupt tells nothing; nobody waits for it for ever. */
  const askCpuMs = async (): Promise<number | null> => {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), CPU_ANSWER_MS);
    try {
      return await Promise.race([channel.cpuMs(), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  };

  const end = async (): Promise<void> => {
    sound = false;
    ended = true;
    await channel.destroy();
  };

  const breakOff = (result: CellResult['end'], cpuMs: number | null = null): void => {
    sound = false;
    running?.settle(result, cpuMs);
  };

  const answerCall = async (run: Running, message: CallMessage): Promise<void> => {
    const answer = await run.request.gate.call(message.operation, message.args, message.bytes);
    if (ended) return;
    channel.post({ type: 'answer', token: run.token, call: message.call, sync: message.sync, answer });
  };

  const receive = (message: FromCell): void => {
    if (message.type === 'ready') {
      readyBytes = message.memoryBytes;
      void channel.cpuMs().then((cpuMs) => {
        cpuSpent += cpuMs ?? 0;
      });
      readiness.resolve();
      return;
    }
    if (message.type === 'crashed' && message.token === 0) {
      sound = false;
      readiness.reject(new Error(message.message));
      return;
    }
    const run = running;
    if (run === undefined || message.token !== run.token) return;
    switch (message.type) {
      case 'call':
        void answerCall(run, message);
        break;
      case 'output': {
        run.memoryBytes = Math.max(run.memoryBytes, message.memoryBytes);
        run.outputRoom -= message.bytes.byteLength;
        if (run.outputRoom < 0) breakOff(stopped(run, 'output'));
        else run.request.onOutput(message.stream, message.bytes);
        break;
      }
      case 'done':
        cpuSpent += message.cpuMs ?? 0;
        run.settle(message.result, message.cpuMs);
        break;
      case 'crashed':
        breakOff({
          kind: 'crashed',
          message: message.message,
          memoryBytes: run.memoryBytes,
          fuel: null,
          growthRefused: false,
        });
        break;
    }
  };

  channel.onMessage((raw) => {
    const message = readFromCell(raw);
    if (message !== undefined) receive(message);
    else {
      // Only a cell that no longer runs our code sends what we did not write.
      breakOff({
        kind: 'crashed',
        message: 'the cell sent a malformed message',
        memoryBytes: 0,
        fuel: null,
        growthRefused: false,
      });
    }
  });
  channel.onEnd((message, heapIsFull) => {
    ended = true;
    readiness.reject(new Error(message));
    if (running !== undefined && heapIsFull) {
      breakOff(stopped(running, 'memory'));
      return;
    }
    breakOff({
      kind: 'crashed',
      message,
      memoryBytes: running?.memoryBytes ?? 0,
      fuel: null,
      growthRefused: false,
    });
  });
  channel.post({
    type: 'warm',
    executorUrl: options.executorUrl,
    stackBytes: options.stackBytes,
    shared: options.shared === undefined ? undefined : parts(options.shared, channel.sendsModules),
  });

  const run = async (request: CellRun, cold: boolean): Promise<CellResult> => {
    const { signal, spec } = request;
    const outcome = Promise.withResolvers<CellResult>();
    tokens += 1;
    const token = tokens;
    channel.reset();
    let stopping: StopReason | undefined;
    let graceTimer: ReturnType<typeof setTimeout> | undefined;
    const state: Running = {
      token,
      request,
      outputRoom: spec.limits.outputBytes,
      memoryBytes: 0,
      settle: (endState, cpuMs) => outcome.resolve({ end: endState, cpuMs, coldStart: cold }),
    };
    const stop = (reason: 'deadline' | 'cancelled'): void => {
      if (stopping !== undefined) return;
      stopping = reason;
      channel.signalStop(token, reason);
      channel.post({ type: 'stop', token, reason });
      graceTimer = setTimeout(() => {
        const breakOffWith = (cpuMs: number | null): void =>
          breakOff(stopped(state, reason), cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent));
        void askCpuMs().then(breakOffWith);
      }, STOP_GRACE_MS);
    };
    const onAbort = (): void => stop('cancelled');
    running = state;
    channel.hold(true);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => stop('deadline'), spec.limits.timeoutMs);
    request.onStart(async () => {
      const cpuMs = await askCpuMs();
      return {
        cpuMs: cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent),
        memoryBytes: state.memoryBytes || null,
      };
    });
    try {
      if (ended) throw new Error('the cell ended before the run');
      channel.post({
        type: 'run',
        token,
        kept: request.kept === true,
        guest: parts(request.guest, channel.sendsModules),
        spec,
      });
      if (signal.aborted) onAbort();
      return await outcome.promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(graceTimer);
      signal.removeEventListener('abort', onAbort);
      running = undefined;
      channel.hold(false);
      if (stopping !== undefined) sound = false;
    }
  };

  return {
    ready: readiness.promise,
    run,
    get sound() {
      return sound && !ended;
    },
    get memoryBytes() {
      return readyBytes;
    },
    end,
    hold: (held) => channel.hold(held),
  };
}

const stopped = (run: Running, reason: NonNullable<CellEnd['reason']>): CellEnd => ({
  kind: 'stopped',
  reason,
  memoryBytes: run.memoryBytes,
  fuel: null,
  growthRefused: false,
});

function parts(guest: PreparedGuest, compiled: boolean): GuestParts {
  return {
    data: guest.data,
    modules: Object.fromEntries(
      Object.entries(guest.modules).map(([name, { module, bytes }]) => [name, compiled ? module : bytes]),
    ),
  };
}
