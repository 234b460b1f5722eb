import { type CellEnd, type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import type { HostAnswer, PreparedGuest } from '../contracts/engine.ts';
import { MOST_IN_FLIGHT } from './call-window.ts';
import {
  type CallMessage,
  type FromCell,
  LARGE_ANSWER,
  MOST_WAITING_MESSAGES,
  type ProgressMessage,
  readFromCell,
  type ToCell,
} from './protocol.ts';
import { createSentGuests, partsOf } from './sent-guests.ts';
import { createServing, type Desk, type Serving } from './serving.ts';
import { nextTurn } from './thread-turns.ts';

/** A place where guests run outside the host's own thread. It runs one guest at a time. */
export interface RemoteCell {
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
export interface CellChannel {
  /** Bytes of an answer that owns them are gone afterwards. */
  post(message: ToCell): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called once, when the cell has ended for whatever reason; `heapIsFull`: V8 ended it at its cap. */
  onEnd(listener: (message: string, heapIsFull: boolean) => void): void;
  /** So many calls and outputs are no longer waiting at the host. */
  tookIn?(messages: number): void;
  /** Answers that were posted and that the guest has not taken: to blocking calls, and to others. Absent: nobody knows. */
  untaken?(): { readonly sync: number; readonly later: number };
  /** What the guest had used when it was last looked at. */
  used?(): { readonly memoryBytes: number; readonly fuel: number | null };
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

export interface RemoteCellOptions {
  readonly executorUrl: string;
  readonly stackBytes: number;
  readonly shared: PreparedGuest | undefined;
  /** Shared by all cells of a runtime. @default one of its own */
  readonly serving?: Serving;
}

interface Running {
  readonly desk: Desk;
  /** Messages that the cell counts and that were not taken in yet. */
  arrived: number;
  /** Calls that the gate is at, beside a blocking one. */
  inFlight: number;
  /** The guest blocks on a call that the gate is at. */
  blocked: boolean;
  /** Calls that wait until others have been answered and their answers taken. */
  readonly held: CallMessage[];
  /** Bytes of large answers that the guest has not taken, by call. */
  readonly untaken: Map<number, number>;
  untakenBytes: number;
  readonly token: number;
  readonly request: CellRun;
  stopping: 'deadline' | 'cancelled' | undefined;
  outputRoom: number;
  memoryBytes: number;
  readonly settle: (end: CellResult['end'], cpuMs: number | null) => void;
}

/** How long a cell has to tell its CPU time, ms: the outcome of a run that was broken off waits for it. */
const CPU_ANSWER_MS = 50;

/** Drives a cell over a channel: the same for workers and processes. */
export function createRemoteCell(channel: CellChannel, options: RemoteCellOptions): RemoteCell {
  const readiness = Promise.withResolvers<void>();
  readiness.promise.catch(() => undefined); // whoever awaits `ready` sees it; an unused warm cell must not be an unhandled rejection
  let sound = true;
  let ended = false;
  let tokens = 0;
  const tellOf = createSentGuests(channel.sendsModules, options.shared);
  let running: Running | undefined;
  /** CPU time before the present run: starting up, and earlier runs. */
  let cpuSpent = 0;
  let readyBytes = 0;
  /** What a process told of last. */
  let told: { readonly memoryBytes: number; readonly fuel: number | null } | undefined;
  const serving = options.serving ?? createServing(() => performance.now(), nextTurn);

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

  /** What it says after it was broken off is of no use to anybody. */
  let listening = true;
  const breakOff = (result: CellEnd, cpuMs: number | null = null): void => {
    sound = false;
    if (running === undefined) return;
    listening = false;
    running.settle(result, cpuMs);
  };
  const lastUsed = (
    run: Running | undefined,
  ): { readonly memoryBytes: number; readonly fuel: number | null } => {
    const { memoryBytes, fuel } = told ?? channel.used?.() ?? { memoryBytes: 0, fuel: null };
    return { memoryBytes: Math.max(run?.memoryBytes ?? 0, memoryBytes), fuel };
  };
  const stopped = (run: Running, reason: NonNullable<CellEnd['reason']>): CellEnd => ({
    kind: 'stopped',
    reason,
    ...lastUsed(run),
    growthRefused: false,
  });
  const crashed = (run: Running | undefined, message: string): CellEnd => ({
    kind: 'crashed',
    message,
    ...lastUsed(run),
    growthRefused: false,
  });
  /** A run that is being stopped ends as that, whatever its cell does meanwhile. */
  const tampered = (run: Running | undefined, message: string): CellEnd =>
    run?.stopping === undefined ? crashed(run, message) : stopped(run, run.stopping);

  const takeIn = (run: Running): void => {
    run.arrived -= 1;
    channel.tookIn?.(1);
  };
  const isOpen = (run: Running): boolean =>
    run.inFlight + (channel.untaken?.().later ?? 0) < MOST_IN_FLIGHT &&
    run.untakenBytes < run.request.spec.limits.hostCallBytes;
  const answerCall = (run: Running, message: CallMessage, answer: HostAnswer): void => {
    if (message.sync) run.blocked = false;
    else {
      run.inFlight -= 1;
      const size = answer.ok ? (answer.bytes?.byteLength ?? 0) : 0;
      if (size >= LARGE_ANSWER) {
        run.untaken.set(message.call, size);
        run.untakenBytes += size;
      }
    }
    if (!ended)
      channel.post({ type: 'answer', token: run.token, call: message.call, sync: message.sync, answer });
    goOn(run);
  };
  const begin = (run: Running, message: CallMessage): void => {
    if (message.sync) run.blocked = true;
    else run.inFlight += 1;
    const answer = run.request.gate.call(message.operation, message.args, message.bytes);
    if (answer instanceof Promise)
      void answer.then((later) => run.desk.serve(() => answerCall(run, message, later)));
    else answerCall(run, message, answer);
  };
  /** Calls that were held, as far as there is room for them. */
  const goOn = (run: Running): void => {
    if (run.held.length === 0 || !isOpen(run)) return;
    run.desk.serve(() => {
      const next = isOpen(run) ? run.held.shift() : undefined;
      if (next === undefined) return;
      takeIn(run);
      begin(run, next);
      goOn(run);
    });
  };
  const receiveCall = (run: Running, message: CallMessage): void => {
    if (message.sync) {
      // A guest that blocks has taken the answer before: only a cell that no longer runs our code asks on.
      if (run.blocked || (channel.untaken?.().sync ?? 0) > 0) {
        breakOff(tampered(run, 'the cell asked on before it had its answer'));
        return;
      }
      takeIn(run);
      begin(run, message);
    } else if (run.held.length === 0 && isOpen(run)) {
      takeIn(run);
      begin(run, message);
    } else {
      run.held.push(message);
      if (run.held.length > MOST_WAITING_MESSAGES)
        breakOff(tampered(run, 'the cell asked for more than it may at once'));
    }
  };

  const receive = (message: Exclude<FromCell, ProgressMessage>): void => {
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
        receiveCall(run, message);
        break;
      case 'took':
        run.untakenBytes -= run.untaken.get(message.call) ?? 0;
        run.untaken.delete(message.call);
        goOn(run);
        break;
      case 'output': {
        takeIn(run);
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
        breakOff(crashed(run, message.message));
        break;
    }
  };

  /** What of a run costs time waits for its turn, in the order in which it came. */
  const takeTurn = (message: FromCell): void => {
    const run = running;
    if (message.type === 'progress') {
      told = message;
      return;
    }
    if (message.type === 'ready' || message.type === 'took') receive(message);
    else if (run === undefined || message.token !== run.token) {
      if (isCounted(message)) channel.tookIn?.(1);
      receive(message);
    } else {
      if (isCounted(message)) run.arrived += 1;
      run.desk.serve(() => receive(message));
      if (run.desk.waiting > MOST_WAITING_MESSAGES)
        breakOff(tampered(run, 'the cell sent more than it may at once'));
    }
  };
  channel.onMessage((raw) => {
    if (!listening) return;
    const message = readFromCell(raw);
    if (message !== undefined) takeTurn(message);
    else breakOff(tampered(running, 'the cell sent a malformed message')); // only one that no longer runs our code does
  });
  channel.onEnd((message, heapIsFull) => {
    ended = true;
    readiness.reject(new Error(message));
    if (running !== undefined && heapIsFull) {
      breakOff(stopped(running, 'memory'));
      return;
    }
    breakOff(crashed(running, message));
  });
  channel.post({
    type: 'warm',
    executorUrl: options.executorUrl,
    stackBytes: options.stackBytes,
    shared: options.shared === undefined ? undefined : partsOf(options.shared, channel.sendsModules),
  });

  const run = async (request: CellRun, cold: boolean): Promise<CellResult> => {
    const { signal, spec } = request;
    const outcome = Promise.withResolvers<CellResult>();
    tokens += 1;
    const token = tokens;
    channel.reset();
    told = undefined;
    let graceTimer: ReturnType<typeof setTimeout> | undefined;
    const state: Running = {
      token,
      request,
      desk: serving.open(),
      arrived: 0,
      inFlight: 0,
      blocked: false,
      held: [],
      untaken: new Map(),
      untakenBytes: 0,
      stopping: undefined,
      outputRoom: spec.limits.outputBytes,
      memoryBytes: 0,
      settle: (endState, cpuMs) => outcome.resolve({ end: endState, cpuMs, coldStart: cold }),
    };
    const stop = (reason: 'deadline' | 'cancelled'): void => {
      if (state.stopping !== undefined) return;
      state.stopping = reason;
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
        guest: tellOf(request.guest),
        spec,
      });
      if (signal.aborted) onAbort();
      return await outcome.promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(graceTimer);
      signal.removeEventListener('abort', onAbort);
      running = undefined;
      state.desk.close();
      if (state.arrived > 0) channel.tookIn?.(state.arrived);
      channel.hold(false);
      if (state.stopping !== undefined) sound = false;
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

const isCounted = ({ type }: FromCell): boolean => type === 'call' || type === 'output';
