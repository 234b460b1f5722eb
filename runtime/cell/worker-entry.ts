// The inside of a worker cell. It holds no power: whatever a guest does to this realm, the gate on the other side still decides.
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type {
  CellGuest,
  Execute,
  Executor,
  GuestHost,
  GuestResult,
  HostAnswer,
  RunSpec,
  StopReason,
} from '../contracts/engine.ts';
import { MOST_DEPTH, MOST_VALUES, OVERSIZE, TOO_DEEP, TOO_MANY } from '../gate/markers.ts';
import { inOwnBuffer } from '../vocabulary/bytes.ts';
import type { JsonObject } from '../vocabulary/json.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import { holdsMore, nestsDeeper } from '../vocabulary/size-of-json.ts';
import { MIB } from '../vocabulary/units.ts';
import { createCallWindow } from './call-window.ts';
import { createGuestHost, type GuestHostHandle } from './guest-host.ts';
import { createKeptGuests, received } from './kept-guests.ts';
import { createOutputBatch } from './output-batch.ts';
import {
  BRIDGE,
  type DoneMessage,
  ENDED_BY_ITSELF,
  type FromCell,
  isCounted,
  LARGE_ANSWER,
  MOST_AHEAD,
  type RunMessage,
  STOP_CODES,
  type ToCell,
  viewsOf,
  type WarmMessage,
} from './protocol.ts';
import { createRests, type Rests } from './rests.ts';
import { createValueTaker, toParts, type ValueTaker } from './value-parts.ts';
import { closeNetwork } from './worker-network.ts';
import { compressByZlib } from './worker-zlib.ts';

interface EntryData {
  readonly bridge: SharedArrayBuffer;
  /** Answers to blocking calls come here, where they can be read without returning to the event loop. */
  readonly answers: MessagePort;
}

// Held before any guest begins; importing node:process would read every property it has, which takes milliseconds.
/** Characters of an error as it is told of. */
const MOST_DESCRIBED = 1000;
const { process } = globalThis;
const port = parentPort;
if (port === null) throw new Error('worker-entry runs in a worker only');
const { bridge, answers } = workerData as EntryData; // set by createWorkerCell, the only starter of this file
const { flags, used } = viewsOf(bridge);

/** What reaches other processes or loads native code, and `--permission` leaves in place. Nothing of ours in a cell needs it. */
const NEEDLESS = [
  'kill',
  '_kill',
  'abort',
  'dlopen',
  'binding',
  '_linkedBinding',
  '_debugProcess',
  '_debugEnd',
  '_rawDebug',
];
for (const name of NEEDLESS) Reflect.deleteProperty(process, name);

/** How soon a guest that is held back sees that it is to stop, ms. */
const HOLD_MS = 20;
/** What guests of one thread may hold together, bytes. Over it, one that has more than its share and takes more is stopped. */
const MOST_TOGETHER = 768 * MIB;

/** Token 0 is not a run's: nothing that is sent to this one reaches any. */
const REHEARSAL: RunMessage = {
  type: 'run',
  token: 0,
  place: 0,
  kept: false,
  guest: { parts: { data: undefined, modules: {} } },
  spec: {
    runId: '',
    argv: [],
    env: {},
    cwd: '/',
    stdin: new Uint8Array(),
    inputs: {},
    args: [],
    limits: mergeLimits([]),
    mounts: [],
    granted: [],
    options: {},
  },
};

/** What the cell was warmed with. */
let shared: CellGuest | undefined;
const guestOf = createKeptGuests(() => shared);
let executor: Executor | undefined;
/** Of the one guest that this cell is held for. */
let kept: Execute | undefined;
let stackBytes = 0;
/** Whether the executor makes itself ready for another run after each that ended by itself. */
let renews = false;

/** A guest that is in here now. */
interface Live {
  readonly place: number;
  readonly handle: GuestHostHandle;
  readonly rests: Rests;
  /** By the number of the call. */
  readonly pending: Map<number, (answer: HostAnswer) => void>;
  memoryBytes: number;
}
const live = new Map<number, Live>();

/** Messages that were sent to the host, and which it counts. */
let sent = 0;
const post = (message: FromCell, transfer: ArrayBuffer[] = [], place = 0): void => {
  if (isCounted(message)) {
    // Once the run is to stop, nobody takes in what it prints on its way to that.
    if (!holdBack(place) && message.type === 'output') return;
    sent += 1;
  }
  port.postMessage(message, transfer);
};

/** Waits until the host has taken in what it was sent, or the run is to stop. @returns Whether there is room for a message. */
function holdBack(place: number): boolean {
  for (;;) {
    const taken = Atomics.load(flags, BRIDGE.taken);
    if (((sent - taken) | 0) < MOST_AHEAD) return true; // both wrap around at 32 bits
    if (readStop(place) !== undefined) return false;
    Atomics.wait(flags, BRIDGE.taken, taken, HOLD_MS);
  }
}

// What nobody caught may be a guest's object. Node would tell the other side of it by reading it, and would call what it finds there with
// functions of this realm (`util.inspect.custom`).
process.on('uncaughtException', (error: unknown) => {
  const message = error instanceof Error ? describe(error) : 'what a guest threw was caught by nobody';
  for (const token of live.size === 0 ? [0] : live.keys()) post({ type: 'crashed', token, message });
  process.exit(1);
});

port.on('message', (message: ToCell) => {
  switch (message.type) {
    case 'warm':
      void warm(message);
      break;
    case 'args':
      argsOf(message.token).take(message.part);
      break;
    case 'run':
      void serve(message, executeFor, post);
      break;
    case 'answer': {
      Atomics.add(flags, BRIDGE.heard, 1);
      const guest = live.get(message.token);
      if (guest === undefined) break;
      tellIfLarge(message.token, message.call, message.answer);
      guest.pending.get(message.call)?.(message.answer);
      guest.pending.delete(message.call);
      break;
    }
    case 'go':
      live.get(message.token)?.rests.go();
      break;
    case 'stop':
      live.get(message.token)?.handle.wake();
      live.get(message.token)?.rests.go();
      break;
  }
});

/** Says that an answer is here, where the host waits to hear that. */
function tellIfLarge(token: number, call: number, answer: HostAnswer): void {
  if (answer.ok && (answer.bytes?.byteLength ?? 0) >= LARGE_ANSWER) post({ type: 'took', token, call });
}

async function warm(message: WarmMessage): Promise<void> {
  try {
    stackBytes = message.stackBytes;
    const loaded = (await import(message.executorUrl)) as Executor; // an engine's own executor module
    if (message.shared !== undefined) {
      shared = await received(message.shared);
      await loaded.warmUp?.(shared);
    }
    await closeNetwork();
    executor = loaded;
    renews = message.renews && loaded.renew !== undefined;
    await rehearse();
    // Node lets a permissioned worker read the host's working folder, whatever its flags say.
    process.permission?.drop?.('fs.read', process.cwd());
    tellReady(loaded);
  } catch (error) {
    post({ type: 'crashed', token: 0, message: describe(error) });
  }
}

function tellReady({ heldBytes }: Executor): void {
  const { heapTotal, external } = process.memoryUsage();
  const warmBytes = heldBytes?.() ?? 0;
  post({ type: 'ready', memoryBytes: heapTotal + external + warmBytes, warmBytes });
}

/** For the next run, once the last one has its answer. */
async function renew(): Promise<void> {
  try {
    if (executor === undefined) return;
    await executor.renew?.();
    tellReady(executor);
  } catch (error) {
    post({ type: 'crashed', token: 0, message: describe(error) });
  }
}

async function executeFor(keeps: boolean): Promise<Execute> {
  if (executor === undefined) throw new Error('run before warm');
  if (!keeps) {
    if (kept !== undefined) throw new Error('the cell is held for another guest');
    return executor.execute;
  }
  if (executor.open === undefined) throw new Error('the executor keeps no guest');
  kept ??= await executor.open();
  return kept;
}

/** Goes once through a run that nobody sees: V8 compiles at its first call what the first guest would otherwise wait for. */
async function rehearse(): Promise<void> {
  const nothing: GuestResult = {
    kind: 'value',
    value: undefined,
    memoryBytes: 0,
    fuel: 0,
    growthRefused: false,
  };
  const executeOf = async (): Promise<Execute> => {
    await executeFor(false); // a run's way goes through it
    return executor?.rehearse ?? (async () => nothing);
  };
  let failure: string | undefined;
  await serve(REHEARSAL, executeOf, (message) => {
    if (message.type === 'crashed') failure = message.message;
  });
  if (failure !== undefined) throw new Error(failure);
}

/** Arguments that have come ahead of their run. */
const ahead = new Map<number, ValueTaker>();

function argsOf(token: number): ValueTaker {
  const known = ahead.get(token) ?? createValueTaker();
  ahead.set(token, known);
  return known;
}

/** What a run is to do, with what of it came by other ways. */
function specOf({ token, spec, inputs }: RunMessage): RunSpec {
  const args = ahead.get(token)?.value();
  ahead.delete(token);
  return {
    ...spec,
    ...(inputs === undefined ? {} : { inputs: JSON.parse(inputs) as JsonObject }), // the host wrote it
    ...(Array.isArray(args) ? { args } : {}),
  };
}

async function serve(
  message: RunMessage,
  executeOf: (keeps: boolean) => Promise<Execute>,
  send: typeof post,
): Promise<void> {
  const [{ token, place, kept: keeps, guest }, spec] = [message, specOf(message)];
  const pending: Live['pending'] = new Map();
  const cpu = createCpuClock();
  const monotonic = (): number => performance.now();
  const stopped = (): StopReason | undefined => readStop(place);
  const memoryBytes = (): number => handle.memoryBytes();
  const { output, say, ask } = createTelling({ token, place, send, memoryBytes });
  const rests = createRests({
    tell: (type, sync) => say({ type, token, sync }),
    monotonic,
    // Waking early is harmless: only a stop notifies this slot while no call is under way.
    blockFor: (ms) => void Atomics.wait(flags, BRIDGE.stop + place, STOP_CODES.none, ms),
    blockUntilGo: (tell) => {
      const told = Atomics.load(flags, BRIDGE.go);
      tell();
      while (token !== REHEARSAL.token && stopped() === undefined && Atomics.load(flags, BRIDGE.go) === told)
        Atomics.wait(flags, BRIDGE.go, told);
    },
    isStopped: () => token === REHEARSAL.token || stopped() !== undefined,
    onIdle: cpu.pause,
  });
  const window = createCallWindow(
    (operation, args, bytes) =>
      new Promise((resolve) => {
        pending.set(ask(false, operation, args, bytes), resolve);
      }),
    spec.limits.hostCallBytes,
  );
  const mine = used.subarray(2 * place, 2 * place + 2).fill(0);
  const handle = createGuestHost({
    link: {
      canBlock: true,
      stackBytes,
      call: window.call,
      callSync: (operation, args, bytes) => receiveAnswer(token, ask(true, operation, args, bytes)),
      output: (stream, bytes) => {
        output.add(stream, bytes);
        if (handle.fuel() === null) output.flush(); // nobody looks at a guest that is not metered
      },
      stopped: () => stopped() ?? (isCrowding(me) ? 'memory' : undefined),
      sleepSync: (ms) => {
        output.flush();
        rests.block(ms);
      },
      rest: (until) => {
        output.flush();
        return rests.rest(until);
      },
      keptMs: () => rests.keptMs,
      used: (memoryBytes, fuel) => {
        me.memoryBytes = memoryBytes;
        mine[BRIDGE.used.memory] = memoryBytes;
        mine[BRIDGE.used.fuel] = fuel ?? -1;
        output.flush();
      },
      cpuMs: () => threadCpuMs() ?? 0,
      now: () => Date.now(),
      monotonic,
      compress: compressByZlib,
    },
    outputBytes: spec.limits.outputBytes,
    cpuShare: spec.limits.cpuShare,
    deadline: monotonic() + spec.limits.timeoutMs,
    deterministic: spec.deterministic,
  });
  const me: Live = { place, handle, rests, pending, memoryBytes: 0 };
  live.set(token, me);
  let endedSoundly = false;
  try {
    const execute = await executeOf(keeps);
    const result = await execute(await guestOf(guest), spec, withCap(handle.host, spec.limits.hostCallBytes));
    const whole = sendValue(result, token, place, spec, say);
    const done: DoneMessage = {
      type: 'done',
      token,
      result: { ...whole, memoryBytes: Math.max(result.memoryBytes, handle.memoryBytes()) },
      cpuMs: cpu.spent(),
    };
    say(done);
    endedSoundly = ENDED_BY_ITSELF.has(result.kind);
  } catch (error) {
    say({ type: 'crashed', token, message: describe(error) });
  } finally {
    handle.wake();
    live.delete(token);
  }
  if (renews && endedSoundly && !keeps && token > 0) await renew();
}

/** What one run says to the host. */
function createTelling({
  token,
  place,
  send,
  memoryBytes,
}: {
  readonly token: number;
  readonly place: number;
  readonly send: typeof post;
  readonly memoryBytes: () => number;
}) {
  const output = createOutputBatch(
    (stream, bytes) =>
      send({ type: 'output', token, stream, bytes, memoryBytes: memoryBytes() }, [bytes.buffer], place),
    setImmediate,
  );
  /** Whatever the host is told, it has been told before what was printed before. */
  const say: typeof post = (...told) => {
    output.flush();
    send(...told);
  };
  let calls = 0;
  /** Sends a call, its bytes moved; answers its number. */
  const ask = (sync: boolean, operation: string, args: JsonObject, bytes: Uint8Array | undefined): number => {
    calls += 1;
    const message = { type: 'call', token, call: calls, sync, operation, args } as const;
    if (bytes === undefined) say(message, [], place);
    else {
      const own = inOwnBuffer(bytes);
      say({ ...message, bytes: own }, [own.buffer], place);
    }
    return calls;
  };
  return { output, say, ask };
}

/** What a guest's thread has spent on it: not what it spends while the guest rests, which is another's. */
function createCpuClock(): { pause(idle: boolean): void; spent(): number | null } {
  let before = threadCpuMs();
  let sum = 0;
  const stop = (): void => {
    const now = threadCpuMs();
    if (now !== null && before !== null) sum += now - before;
    before = now;
  };
  return {
    pause: (idle) => {
      if (idle) stop();
      else before = threadCpuMs();
    },
    spent: () => {
      stop();
      return before === null ? null : sum;
    },
  };
}

/** Whether the guests in here hold too much together, and this one more than its share. */
function isCrowding({ memoryBytes }: Live): boolean {
  if (live.size === 1 || memoryBytes * live.size <= MOST_TOGETHER) return false;
  let sum = 0;
  for (const guest of live.values()) sum += guest.memoryBytes;
  return sum > MOST_TOGETHER;
}

/** Sends a large value ahead, in pieces that the host takes one at a time. @returns What is left to send. */
function sendValue(
  result: GuestResult,
  token: number,
  place: number,
  { limits }: RunSpec,
  send: typeof post,
): GuestResult {
  const parts = result.kind === 'value' ? toParts(result.value, 2 * limits.outputBytes) : undefined;
  if (parts === undefined) return result;
  for (const part of parts) {
    const reason = readStop(place);
    if (reason !== undefined) {
      const { memoryBytes, fuel, growthRefused } = result;
      return { kind: 'limit', limit: reason, memoryBytes, fuel, growthRefused };
    }
    send({ type: 'part', token, ...part }, [part.kinds.buffer as ArrayBuffer], place);
  }
  return { ...result, value: undefined } as GuestResult; // it was one of a value
}

/** What the host is not to copy is dropped here; the gate refuses the call by the marker left in its place. */
function withCap(host: GuestHost, hostCallBytes: number): GuestHost {
  const fitting = (
    args: JsonObject,
    bytes: Uint8Array | undefined,
  ): [args: JsonObject, bytes: Uint8Array | undefined] => {
    if (bytes !== undefined && bytes.byteLength > hostCallBytes)
      return [{ [OVERSIZE]: bytes.byteLength }, undefined];
    if (nestsDeeper(args, MOST_DEPTH)) return [{ [TOO_DEEP]: true }, undefined];
    return holdsMore(args, MOST_VALUES) ? [{ [TOO_MANY]: true }, undefined] : [args, bytes];
  };
  return {
    ...host,
    call: (operation, args, bytes) => host.call(operation, ...fitting(args, bytes)),
    callSync: (operation, args, bytes) => host.callSync(operation, ...fitting(args, bytes)),
  };
}

/** Waits for the answer. A notification may be that of an answer taken earlier, so the counter is read before the port is looked at. */
function receiveAnswer(token: number, call: number): HostAnswer {
  for (;;) {
    const counted = Atomics.load(flags, BRIDGE.answers);
    const received = receiveMessageOnPort(answers) as
      | { readonly message: { token: number; call: number; answer: HostAnswer } }
      | undefined; // only our own host posts here
    if (received === undefined) {
      Atomics.wait(flags, BRIDGE.answers, counted);
      continue;
    }
    Atomics.add(flags, BRIDGE.read, 1);
    if (received.message.token === token && received.message.call === call) return received.message.answer;
  }
}

function readStop(place: number): StopReason | undefined {
  switch (Atomics.load(flags, BRIDGE.stop + place)) {
    case STOP_CODES.deadline:
      return 'deadline';
    case STOP_CODES.cancelled:
      return 'cancelled';
    default:
      return undefined;
  }
}

function threadCpuMs(): number | null {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** An error may be of another realm, and no error at all: what it says of itself is read with care. */
function describe(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error).slice(0, MOST_DESCRIBED);
  try {
    const { name, message } = error as { readonly name?: unknown; readonly message?: unknown };
    if (typeof message === 'string') {
      return `${typeof name === 'string' ? name : 'Error'}: ${message}`.slice(0, MOST_DESCRIBED);
    }
    return JSON.stringify(error).slice(0, MOST_DESCRIBED);
  } catch {
    return 'an error that does not say what it is';
  }
}
