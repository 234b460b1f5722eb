import { type CellEnd, type CellResult, type CellRun, STOP_GRACE_MS } from '../contracts/cell.ts';
import { inSlices, SLICE } from '../vocabulary/in-slices.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { jsonText } from '../vocabulary/json-text.ts';
import { holdsMore } from '../vocabulary/size-of-json.ts';
import {
  ENDED_BY_ITSELF,
  type FromCell,
  isCounted,
  MOST_GUESTS,
  MOST_WAITING_MESSAGES,
  type ProgressMessage,
  readFromCell,
  type ToCell,
} from './protocol.ts';
import { createRemoteCalls } from './remote-calls.ts';
import type { CellChannel, RemoteCell, RemoteCellOptions } from './remote-channel.ts';
import { keptMs, openRemoteRun, type RemoteRun } from './remote-run.ts';
import { createRemoteWaits } from './remote-waits.ts';
import { createSentGuests, partsOf } from './sent-guests.ts';
import { createServing } from './serving.ts';
import { nextTurn } from './thread-turns.ts';
import { createValueTaker, PART_STEPS } from './value-parts.ts';

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
  const running = new Map<number, RemoteRun>();
  /** CPU time before the present run: starting up, and earlier runs. */
  let cpuSpent = 0;
  let readyBytes = 0;
  let warmBytes = 0;
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
  const breakOff = (run: RemoteRun, result: CellEnd, cpuMs: number | null = null): void => {
    sound = false;
    if (!running.delete(run.token)) return;
    if (running.size === 0) listening = false;
    run.settle(result, cpuMs);
  };
  /** Whatever is in it ends. */
  const breakAll = (endOf: (run: RemoteRun) => CellEnd): void => {
    sound = false;
    for (const run of [...running.values()]) breakOff(run, endOf(run));
    listening = false;
  };
  const lastUsed = (run: RemoteRun): { readonly memoryBytes: number; readonly fuel: number | null } => {
    const { memoryBytes, fuel } = told ?? channel.used?.(run.place) ?? { memoryBytes: 0, fuel: null };
    return { memoryBytes: Math.max(run.memoryBytes, memoryBytes), fuel };
  };
  /** A process says it of whichever guest it is at: of several nobody knows. */
  const burntBy = ({ place }: RemoteRun): number | null => {
    if (channel.used !== undefined) return channel.used(place).fuel;
    if (running.size > 1) return null;
    post({ type: 'look', place });
    return told?.fuel ?? null;
  };
  const guestsHold = (): number =>
    [...running.values()].reduce((sum, run) => sum + lastUsed(run).memoryBytes, 0);
  const stopped = (run: RemoteRun, reason: NonNullable<CellEnd['reason']>): CellEnd => ({
    kind: 'stopped',
    reason,
    ...lastUsed(run),
    growthRefused: false,
  });
  const crashed = (run: RemoteRun, message: string): CellEnd => ({
    kind: 'crashed',
    message,
    ...lastUsed(run),
    growthRefused: false,
  });
  /** The cell no longer runs our code. A run that is being stopped ends as that, whatever its cell does meanwhile. */
  const tampered = (message: string): void =>
    breakAll((run) => (run.stopping === undefined ? crashed(run, message) : stopped(run, run.stopping)));

  const post = (message: ToCell): void => {
    if (!ended) channel.post(message);
  };
  /** Runs that were broken off beside others: what to do when they end after all. */
  const stuck = new Map<number, () => void>();
  /** One did not stop in time. Others of its cell go on if it still does; else they end with it. */
  const leaveBehind = (run: RemoteRun, result: CellEnd, cpuMs: number | null): void => {
    breakOff(run, result, cpuMs);
    if (running.size === 0) return;
    const timer = setTimeout(() => void end(), MOST_STUCK_MS);
    stuck.set(run.token, () => {
      clearTimeout(timer);
      stuck.delete(run.token);
    });
  };

  const waits = createRemoteWaits(running);
  const calls = createRemoteCalls({ channel, waits, post, tampered });

  const receive = (message: Exclude<FromCell, ProgressMessage>): void => {
    if (message.type === 'ready') {
      readyBytes = message.memoryBytes;
      warmBytes = Math.min(readyBytes, message.warmBytes ?? 0);
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
        calls.receive(run, message);
        break;
      case 'took':
        calls.took(run, message.call);
        break;
      case 'output': {
        calls.takeIn(run);
        run.memoryBytes = Math.max(run.memoryBytes, message.memoryBytes);
        run.outputRoom -= message.bytes.byteLength;
        if (run.outputRoom < 0) breakOff(run, stopped(run, 'output'));
        else run.request.onOutput(message.stream, message.bytes);
        break;
      }
      case 'rests':
        run.blocks = message.sync;
        waits.rest(run);
        break;
      case 'wakes':
        waits.wake(run, () => post({ type: 'go', token: run.token, sync: message.sync }));
        break;
      case 'part':
        calls.takeIn(run);
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
    breakAll((run) => {
      if (run.stopping !== undefined) return stopped(run, run.stopping);
      return heapIsFull ? stopped(run, 'memory') : crashed(run, message);
    });
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
    const state = openRemoteRun(request, {
      token,
      place,
      desk: serving.open(),
      settle: (endState, cpuMs) => outcome.resolve({ end: endState, cpuMs, coldStart: cold }),
    });
    const stop = (reason: 'deadline' | 'cancelled'): void => {
      if (state.stopping !== undefined) return;
      state.stopping = reason;
      channel.signalStop(place, reason);
      post({ type: 'stop', token, place, reason });
      waits.letGo(state);
      graceTimer = setTimeout(() => {
        const breakOffWith = (cpuMs: number | null): void =>
          leaveBehind(state, stopped(state, reason), cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent));
        void askCpuMs().then(breakOffWith);
      }, STOP_GRACE_MS);
    };
    const onAbort = (): void => stop('cancelled');
    running.set(token, state);
    waits.letAllGo(); // the thread is busy with the new one anyway
    channel.hold(true);
    signal.addEventListener('abort', onAbort, { once: true });
    /** By so much the deadline is later: what the guest was kept waiting after its waits. */
    let extendedMs = 0;
    const deadline = (): void => {
      const moreMs = Math.ceil(keptMs(state) - extendedMs);
      if (moreMs <= 0) {
        stop('deadline');
        return;
      }
      extendedMs += moreMs;
      timer = setTimeout(deadline, moreMs);
    };
    let timer = setTimeout(deadline, spec.limits.timeoutMs);
    request.onStart(
      async () => {
        const cpuMs = running.size > 1 ? null : await askCpuMs(); // the thread's own count is of all that are in it
        return {
          cpuMs: cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent),
          memoryBytes: state.memoryBytes || null,
        };
      },
      () => (running.has(token) ? burntBy(state) : null),
    );
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
      else waits.left();
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
      return waits.isResting();
    },
    get blocked() {
      return [...running.values()].some((run) => run.blocked || run.blocks);
    },
    get guestBytes() {
      return guestsHold();
    },
    watch: waits.watch,
    get sound() {
      return sound && !ended;
    },
    get heldBytes() {
      // The first guest has the memory that waited for it.
      return readyBytes + Math.max(0, guestsHold() - warmBytes);
    },
    get memoryBytes() {
      return readyBytes;
    },
    end,
    hold: (held) => channel.hold(held),
  };
}

function freePlace(running: ReadonlyMap<number, RemoteRun>): number {
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
