import { type CellEnd, type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import type { HostAnswer, PreparedGuest } from '../contracts/engine.ts';
import { holdsMore, type JsonObject } from '../vocabulary/codec.ts';
import { inSlices, SLICE } from '../vocabulary/in-slices.ts';
import { jsonText } from '../vocabulary/json-text.ts';
import { MOST_IN_FLIGHT } from './call-window.ts';
import {
  type CallMessage,
  ENDED_BY_ITSELF,
  type FromCell,
  isCounted,
  LARGE_ANSWER,
  MOST_GUESTS,
  MOST_WAITING_MESSAGES,
  type ProgressMessage,
  REST_AFTER_MS,
  readFromCell,
  type ToCell,
} from './protocol.ts';
import { createSentGuests, partsOf } from './sent-guests.ts';
import { createServing, type Desk, type Serving } from './serving.ts';
import { nextTurn } from './thread-turns.ts';
import { createValueTaker, PART_STEPS, type ValueTaker } from './value-parts.ts';

/** A place where guests run outside the host's own thread: one at a time, or, of an engine whose guests share a thread, up to `MOST_GUESTS`. */
export interface RemoteCell {
  /**
   * Brings the executor (and the engine, if it can be) up; rejects when the cell cannot start. After a run that the cell renews itself for, a new
   * one: it can be asked for again as soon as that run has its answer.
   */
  readonly ready: Promise<void>;
  run(request: CellRun, cold: boolean): Promise<CellResult>;
  /** Runs that go on in it. */
  readonly guests: number;
  /** Each of them waits, for a timer or for the host: its thread burns nothing. */
  readonly resting: boolean;
  /** A guest blocks the thread while it waits. */
  readonly blocked: boolean;
  /** Linear memory of its guests as they told it last, bytes. */
  readonly guestBytes: number;
  /** Who is asked before a cell that rests goes on. Absent: it goes on at once. */
  watch(watcher: CellWatcher): void;
  /** Whether it may serve another run: nothing stopped, crashed or lied in it. */
  readonly sound: boolean;
  /** What it held when it was ready, bytes; 0 before. */
  readonly memoryBytes: number;
  /** Ends it and everything in it. Idempotent. */
  end(): Promise<void>;
  /** Whether the host process stays up for it. */
  hold(held: boolean): void;
}

export interface CellWatcher {
  /** This run waits. */
  waits(request: CellRun): void;
  /** The cell rests now. */
  rested(): void;
  /** A guest of a cell that rests would go on; it does once `go` is called. */
  wakes(go: () => void): void;
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
  used?(place: number): { readonly memoryBytes: number; readonly fuel: number | null };
  /** Makes the stop visible to a guest that never returns to its event loop. */
  signalStop(place: number, reason: 'deadline' | 'cancelled'): void;
  /** Clears the stop of an earlier run. */
  reset(place: number): void;
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
  /** See `Engine.renews`. @default false */
  readonly renews?: boolean;
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
  readonly place: number;
  readonly request: CellRun;
  /** It waits, and burns nothing. */
  rests: boolean;
  /** It blocks its thread meanwhile. */
  blocks: boolean;
  /** A blocking call is becoming a wait. */
  restTimer: ReturnType<typeof setTimeout> | undefined;
  /** What lets it go on after a wait; set while it would go on and may not yet. */
  go: (() => void) | undefined;
  /** When it asked for that, ms. */
  askedMs: number;
  /** Time that it was kept waiting so, ms: none of its own. */
  keptMs: number;
  stopping: 'deadline' | 'cancelled' | undefined;
  outputRoom: number;
  memoryBytes: number;
  /** A large value, as far as it has come. */
  value: ValueTaker | undefined;
  readonly settle: (end: CellResult['end'], cpuMs: number | null) => void;
}

/** How long a cell has to tell its CPU time, ms: the outcome of a run that was broken off waits for it. */
const CPU_ANSWER_MS = 50;
/** How long a cell with other guests in it has to come back from one that did not stop, ms; then all of it ends. */
const MOST_STUCK_MS = 2000;

/** Drives a cell over a channel: the same for workers and processes. */
export function createRemoteCell(channel: CellChannel, options: RemoteCellOptions): RemoteCell {
  const renewal = (): PromiseWithResolvers<void> => {
    const made = Promise.withResolvers<void>();
    made.promise.catch(() => undefined); // whoever awaits `ready` sees it; an unused warm cell must not be an unhandled rejection
    return made;
  };
  let readiness = renewal();
  let sound = true;
  let ended = false;
  let tokens = 0;
  const tellOf = createSentGuests(channel.sendsModules, options.shared);
  const running = new Map<number, Running>();
  let watcher: CellWatcher | undefined;
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
  const breakOff = (run: Running, result: CellEnd, cpuMs: number | null = null): void => {
    sound = false;
    if (!running.delete(run.token)) return;
    if (running.size === 0) listening = false;
    run.settle(result, cpuMs);
  };
  /** Whatever is in it ends. */
  const breakAll = (endOf: (run: Running) => CellEnd): void => {
    sound = false;
    for (const run of [...running.values()]) breakOff(run, endOf(run));
    listening = false;
  };
  const lastUsed = (run: Running): { readonly memoryBytes: number; readonly fuel: number | null } => {
    const { memoryBytes, fuel } = told ?? channel.used?.(run.place) ?? { memoryBytes: 0, fuel: null };
    return { memoryBytes: Math.max(run.memoryBytes, memoryBytes), fuel };
  };
  const stopped = (run: Running, reason: NonNullable<CellEnd['reason']>): CellEnd => ({
    kind: 'stopped',
    reason,
    ...lastUsed(run),
    growthRefused: false,
  });
  const crashed = (run: Running, message: string): CellEnd => ({
    kind: 'crashed',
    message,
    ...lastUsed(run),
    growthRefused: false,
  });
  /** The cell no longer runs our code. A run that is being stopped ends as that, whatever its cell does meanwhile. */
  const tampered = (message: string): void =>
    breakAll((run) => (run.stopping === undefined ? crashed(run, message) : stopped(run, run.stopping)));

  const isResting = (): boolean => {
    for (const { rests } of running.values()) if (!rests) return false;
    return running.size > 0;
  };
  const rest = (run: Running): void => {
    if (run.rests || !running.has(run.token)) return;
    run.rests = true;
    watcher?.waits(run.request);
    if (isResting()) watcher?.rested();
  };
  const letGo = (run: Running): void => {
    const { go } = run;
    if (go === undefined) return;
    run.keptMs += performance.now() - run.askedMs;
    run.go = undefined;
    run.rests = false;
    run.blocks = false;
    go();
  };
  const letAllGo = (): void => {
    for (const run of [...running.values()]) letGo(run);
  };
  /** A guest that has waited would go on. Beside one that runs it may: they have one thread between them. */
  const wake = (run: Running, go: () => void): void => {
    if (!run.rests) {
      go();
      return;
    }
    run.go = go;
    run.askedMs = performance.now();
    if (watcher === undefined || run.stopping !== undefined || !isResting()) letGo(run);
    else watcher.wakes(letAllGo);
  };

  const post = (message: ToCell): void => {
    if (!ended) channel.post(message);
  };
  /** Runs that were broken off beside others: what to do when they end after all. */
  const stuck = new Map<number, () => void>();
  /** One did not stop in time. Others of its cell go on if it still does; else they end with it. */
  const leaveBehind = (run: Running, result: CellEnd, cpuMs: number | null): void => {
    breakOff(run, result, cpuMs);
    if (running.size === 0) return;
    const timer = setTimeout(() => void end(), MOST_STUCK_MS);
    stuck.set(run.token, () => {
      clearTimeout(timer);
      stuck.delete(run.token);
    });
  };

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
    post({ type: 'answer', token: run.token, call: message.call, sync: message.sync, answer });
    goOn(run);
  };
  const begin = (run: Running, message: CallMessage): void => {
    if (message.sync) run.blocked = true;
    else run.inFlight += 1;
    const answer = run.request.gate.call(message.operation, message.args, message.bytes);
    if (!(answer instanceof Promise)) {
      answerCall(run, message, answer);
      return;
    }
    const blocks = message.sync;
    if (blocks) run.restTimer = setTimeout(() => rest(run), REST_AFTER_MS);
    void answer.then((later) => {
      if (!blocks) {
        run.desk.serve(() => answerCall(run, message, later));
        return;
      }
      clearTimeout(run.restTimer);
      wake(run, () => run.desk.serve(() => answerCall(run, message, later)));
    });
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
        tampered('the cell asked on before it had its answer');
        return;
      }
      takeIn(run);
      begin(run, message);
    } else if (run.held.length === 0 && isOpen(run)) {
      takeIn(run);
      begin(run, message);
    } else {
      run.held.push(message);
      if (run.held.length > MOST_WAITING_MESSAGES) tampered('the cell asked for more than it may at once');
    }
  };

  const receive = (message: Exclude<FromCell, ProgressMessage>): void => {
    if (message.type === 'ready') {
      readyBytes = message.memoryBytes;
      void channel.cpuMs().then((cpuMs) => {
        if (running.size === 0) cpuSpent = cpuMs ?? cpuSpent;
      });
      readiness.resolve();
      return;
    }
    if (message.type === 'crashed' && message.token === 0) {
      sound = false;
      readiness.reject(new Error(message.message));
      return;
    }
    const run = running.get(message.token);
    if (run === undefined) return;
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
        if (run.outputRoom < 0) breakOff(run, stopped(run, 'output'));
        else run.request.onOutput(message.stream, message.bytes);
        break;
      }
      case 'rests':
        run.blocks = message.sync;
        rest(run);
        break;
      case 'wakes':
        wake(run, () => post({ type: 'go', token: run.token, sync: message.sync }));
        break;
      case 'part':
        takeIn(run);
        run.value ??= createValueTaker();
        if (!run.value.take(message)) tampered('the cell sent a malformed value');
        else if (run.value.weight > 3 * run.request.spec.limits.outputBytes + PART_STEPS)
          breakOff(run, stopped(run, 'output'));
        break;
      case 'done': {
        running.delete(run.token);
        cpuSpent += message.cpuMs ?? 0;
        const { result } = message;
        if (options.renews === true && run.request.kept !== true && ENDED_BY_ITSELF.has(result.kind))
          readiness = renewal();
        const inParts = run.value !== undefined && result.kind === 'value';
        run.settle(inParts ? { ...result, value: run.value?.value() } : result, message.cpuMs);
        break;
      }
      case 'crashed':
        breakOff(run, crashed(run, message.message));
        break;
    }
  };

  /** What of a run costs time waits for its turn, in the order in which it came. */
  const takeTurn = (message: FromCell): void => {
    if (message.type === 'progress') {
      told = message;
      return;
    }
    const run = message.type === 'ready' ? undefined : running.get(message.token);
    if (message.type === 'ready' || message.type === 'took') receive(message);
    else if (run === undefined) {
      if (message.type === 'done') stuck.get(message.token)?.();
      if (isCounted(message)) channel.tookIn?.(1);
      receive(message);
    } else {
      if (isCounted(message)) run.arrived += 1;
      run.desk.serve(() => receive(message));
      if (run.desk.waiting > MOST_WAITING_MESSAGES) tampered('the cell sent more than it may at once');
    }
  };
  channel.onMessage((raw) => {
    if (!listening) return;
    const message = readFromCell(raw);
    if (message !== undefined) takeTurn(message);
    else tampered('the cell sent a malformed message'); // only one that no longer runs our code does
  });
  channel.onEnd((message, heapIsFull) => {
    ended = true;
    readiness.reject(new Error(message));
    breakAll((run) => (heapIsFull ? stopped(run, 'memory') : crashed(run, message)));
  });
  channel.post({
    type: 'warm',
    executorUrl: options.executorUrl,
    stackBytes: options.stackBytes,
    shared: options.shared === undefined ? undefined : partsOf(options.shared, channel.sendsModules),
    renews: options.renews === true,
  });

  const run = async (request: CellRun, cold: boolean): Promise<CellResult> => {
    const { signal, spec } = request;
    const inputs = holdsMore(spec.inputs, SLICE) ? await textOf(spec.inputs) : undefined;
    const outcome = Promise.withResolvers<CellResult>();
    tokens += 1;
    const token = tokens;
    const place = freePlace(running);
    channel.reset(place);
    told = undefined;
    let graceTimer: ReturnType<typeof setTimeout> | undefined;
    const state: Running = {
      token,
      place,
      rests: false,
      blocks: false,
      restTimer: undefined,
      go: undefined,
      askedMs: 0,
      keptMs: 0,
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
      value: undefined,
      settle: (endState, cpuMs) => outcome.resolve({ end: endState, cpuMs, coldStart: cold }),
    };
    const stop = (reason: 'deadline' | 'cancelled'): void => {
      if (state.stopping !== undefined) return;
      state.stopping = reason;
      channel.signalStop(place, reason);
      post({ type: 'stop', token, place, reason });
      letGo(state);
      graceTimer = setTimeout(() => {
        const breakOffWith = (cpuMs: number | null): void =>
          leaveBehind(state, stopped(state, reason), cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent));
        void askCpuMs().then(breakOffWith);
      }, STOP_GRACE_MS);
    };
    const onAbort = (): void => stop('cancelled');
    running.set(token, state);
    letAllGo(); // the thread is busy with the new one anyway
    channel.hold(true);
    signal.addEventListener('abort', onAbort, { once: true });
    /** By so much the deadline is later: what the guest was kept waiting after its waits. */
    let extendedMs = 0;
    const deadline = (): void => {
      const keptMs = state.keptMs + (state.go === undefined ? 0 : performance.now() - state.askedMs);
      const moreMs = Math.ceil(keptMs - extendedMs);
      if (moreMs <= 0) {
        stop('deadline');
        return;
      }
      extendedMs += moreMs;
      timer = setTimeout(deadline, moreMs);
    };
    let timer = setTimeout(deadline, spec.limits.timeoutMs);
    request.onStart(async () => {
      const cpuMs = running.size > 1 ? null : await askCpuMs(); // the thread's own count is of all that are in it
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
        place,
        kept: request.kept === true,
        guest: tellOf(request.guest),
        ...(inputs === undefined ? { spec } : { spec: { ...spec, inputs: {} }, inputs }),
      });
      if (signal.aborted) onAbort();
      return await outcome.promise;
    } finally {
      clearTimeout(timer);
      clearTimeout(graceTimer);
      signal.removeEventListener('abort', onAbort);
      clearTimeout(state.restTimer);
      running.delete(token);
      state.desk.close();
      if (state.arrived > 0) channel.tookIn?.(state.arrived);
      if (running.size === 0) channel.hold(false);
      else if (isResting()) watcher?.rested();
      if (state.stopping !== undefined) sound = false;
    }
  };

  return {
    get ready() {
      return readiness.promise;
    },
    run,
    get guests() {
      return running.size;
    },
    get resting() {
      return isResting();
    },
    get blocked() {
      return [...running.values()].some((run) => run.blocked || run.blocks);
    },
    get guestBytes() {
      let sum = 0;
      for (const run of running.values()) sum += lastUsed(run).memoryBytes;
      return sum;
    },
    watch: (given) => {
      watcher = given;
    },
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

function freePlace(running: ReadonlyMap<number, Running>): number {
  const taken = new Set([...running.values()].map(({ place }) => place));
  for (let place = 0; place < MOST_GUESTS; place++) if (!taken.has(place)) return place;
  throw new Error('the cell has no place for another guest');
}

/** Many inputs as one text, which is copied at once where an object of many fields would take long. */
async function textOf(inputs: JsonObject): Promise<string> {
  let text = '';
  await inSlices(
    jsonText(inputs, (piece) => {
      text += piece;
    }),
  );
  return text;
}
