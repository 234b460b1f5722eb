import type { Refusal } from '../../contracts/engine.ts';
import { type Arrived, freeArrived } from '../../vocabulary/bytes.ts';
import { promising } from '../../wasm/suspending.ts';
import {
  ARGUMENT_SCRATCH,
  ERROR_SCRATCH,
  ERROR_TEXT_BYTES,
  ERROR_TEXT_REF,
  FRAMES_REF,
  GC_THRESHOLD,
  REJECTION_REF,
  REJECTION_SCRATCH,
  WASM_PAGE,
} from './abi.ts';

/** A pointer to a QuickJS value in the guest's memory. */
export type Pointer = number;

/** The functions of the instance; every one may trap. */
export interface QuickjsExports {
  readonly construct: () => void;
  readonly malloc: (bytes: number) => number;
  readonly free: (pointer: number) => void;
  readonly QTS_NewRuntime: () => number;
  readonly QTS_NewContext: (runtime: number, intrinsics: number) => number;
  readonly QTS_RuntimeSetMaxStackSize: (runtime: number, bytes: number) => void;
  readonly QTS_RuntimeEnableInterruptHandler: (runtime: number) => void;
  readonly QTS_RuntimeEnableModuleLoader: (runtime: number, normalize: number) => void;
  readonly QTS_NewFunction: (
    context: number,
    name: number,
    length: number,
    isConstructor: number,
    ref: number,
  ) => Pointer;
  readonly QTS_NewObject: (context: number) => Pointer;
  readonly QTS_NewString: (context: number, text: number) => Pointer;
  readonly QTS_NewFloat64: (context: number, value: number) => Pointer;
  readonly QTS_NewArrayBuffer: (context: number, bytes: number, length: number) => Pointer;
  readonly QTS_GetString: (context: number, value: Pointer) => number;
  readonly QTS_GetFloat64: (context: number, value: Pointer) => number;
  readonly QTS_GetArrayBuffer: (context: number, value: Pointer) => number;
  readonly QTS_GetArrayBufferLength: (context: number, value: Pointer) => number;
  readonly QTS_GetProp: (context: number, object: Pointer, name: Pointer) => Pointer;
  readonly QTS_SetProp: (context: number, object: Pointer, name: Pointer, value: Pointer) => void;
  readonly QTS_Call: (context: number, fn: Pointer, self: Pointer, count: number, args: number) => Pointer;
  readonly QTS_Eval: (
    context: number,
    code: number,
    length: number,
    filename: number,
    detectModule: number,
    flags: number,
  ) => Pointer;
  readonly QTS_ResolveException: (context: number, value: Pointer) => Pointer;
  readonly QTS_Throw: (context: number, error: Pointer) => Pointer;
  readonly QTS_GetUndefined: () => Pointer;
  readonly QTS_DupValuePointer: (context: number, value: Pointer) => Pointer;
  readonly QTS_FreeValuePointer: (context: number, value: Pointer) => void;
  readonly QTS_FreeCString: (context: number, text: number) => void;
  readonly QTS_FreeVoidPointer: (context: number, pointer: number) => void;
  readonly QTS_ExecutePendingJob: (runtime: number, most: number, context: number) => Pointer;
  readonly QTS_IsJobPending: (runtime: number) => number;
}

/** What the instance asks of its host; each may be called from inside any export. */
export interface MachineHost {
  /** A primitive was called. Answers a pointer to a fresh value, or 0 for `undefined`. */
  callHost(ref: number, args: GuestArguments): Pointer;
  /** A promise was rejected with nobody listening, or found a listener after all. */
  onRejection(promise: number, reason: Pointer, handled: boolean): void;
  /** Better words for what an error of the engine is about to say; nothing of the guest may be touched. */
  errorText?(text: string): string | undefined;
  /** Whether `located` has something to say of the error that `errorText` saw last. */
  readonly locates?: () => boolean;
  /** What that error said so far, and what it says in view of its frames. */
  located?(frames: string): { readonly from: string; readonly to: string } | undefined;
  /** Resolved name of a module. */
  normalizeModule(base: string, specifier: string): string;
  /** Source of a module, or an error to throw into the guest. */
  loadModule(name: string): string | GuestFailure;
  /** The guest's error for a failure, made in the guest; 0 when it cannot be made. */
  errorFor(failure: GuestFailure): Pointer;
  /** The guest goes on asking for memory that it cannot have. */
  onThrashing(): void;
  /** QuickJS polls it; true ends the guest in a way it cannot catch. */
  shouldStop(): boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Seconds that local time is ahead of UTC at a time in ms since the epoch. */
  zoneOffset(ms: number): number;
}

/** An error to be thrown inside the guest. */
export interface GuestFailure {
  readonly failure: string;
  /** It stands for this refusal of the gate. */
  readonly refusal?: Refusal;
}

export interface MachineOptions {
  readonly module: WebAssembly.Module;
  /** Hard cap, bytes. */
  readonly memoryBytes: number;
  readonly initialPages: number;
  /** Zero throughout, of these pages and this cap. @default one of its own */
  readonly memory?: WebAssembly.Memory;
  readonly context: number;
  readonly runtime: number;
  readonly host: MachineHost;
  /** Wraps the exports where the guest is metered. */
  readonly attach?: (instance: WebAssembly.Instance) => WebAssembly.Exports;
  /** What runs the guest's code is entered so that the meter can suspend it. */
  readonly suspends?: boolean;
  /** Shows the memory to the build, which takes the snapshot. */
  readonly onMemory?: (memory: WebAssembly.Memory) => void;
}

export interface Machine {
  readonly exports: QuickjsExports;
  readonly context: number;
  readonly runtime: number;
  /** Goes on for the next run of a kept guest: another host and meter, nothing refused yet, garbage about to be collected. */
  serve(host: MachineHost, attach: (instance: WebAssembly.Instance) => void): void;
  /** The same machine on another context: for the build, which makes one. */
  at(context: number, runtime: number): Machine;
  /** Set once the instance asked for memory beyond its cap. */
  readonly growthRefused: () => boolean;
  /** Whether the guest's memory has room for something small. */
  readonly hasRoom: () => boolean;
  readonly memoryBytes: () => number;
  /** The first thing the C code itself gave up on. */
  readonly aborted: () => string | undefined;
  /** The raw memory as it is now. */
  memory(): Uint8Array;
  duplicate(value: Pointer): Pointer;
  /** A string value of the guest as text; `undefined` when its memory is full. Must be a string without NUL. */
  readText(value: Pointer): string | undefined;
  readNumber(value: Pointer): number;
  isTrue(value: Pointer): boolean;
  /** A private copy of an ArrayBuffer. */
  readBytes(value: Pointer): Uint8Array<ArrayBuffer> | undefined;
  bytesLength(value: Pointer): number;
  kind(value: Pointer): ValueKind;
  newText(text: string): Pointer;
  newNumber(value: number): Pointer;
  newBytes(bytes: Uint8Array): Pointer;
  /** The same of what came from the host, which is freed where nobody else holds it. */
  takeBytes(arrived: Arrived): Pointer;
  newFunction(name: string, ref: number): Pointer;
  /** Calls a function value; the arguments are freed. */
  call(fn: Pointer, args: readonly Pointer[]): Completion;
  evaluate(code: string, filename: string, flags: number): Completion;
  runJobs(most: number): Jobs;
  /** The same for steps that run code of the guest: where `suspends` is set, the thread does other things meanwhile. One at a time. */
  readonly suspendable: {
    call(fn: Pointer, args: readonly Pointer[]): Promise<Completion>;
    evaluate(code: string, filename: string, flags: number): Promise<Completion>;
    runJobs(most: number): Promise<Jobs>;
  };
  free(value: Pointer): void;
  setStack(bytes: number): void;
}

export type Jobs = { readonly ran: number } | { readonly thrown: Pointer };

export type Completion = { readonly value: Pointer } | { readonly thrown: Pointer };

export type ValueKind = 'string' | 'number' | 'object' | 'boolean' | 'undefined' | 'other';

export interface GuestArguments {
  readonly count: number;
  at(index: number): Pointer;
}

/** Of the frames of an error, the first is looked at, up to here. */
const MOST_FRAME_BYTES = 1024;

/** JavaScript values are 64 bits: a tag in the upper half, or a shifted double. */
const TAG = { stringRope: -6, string: -7, object: -1, int: 0, bool: 1, undefined: 3, exception: 6 } as const;
const LOWEST_TAG = -9;
const FIRST_FLOAT_TAG = 8;

/** Growth beyond what is asked, so that a growing heap does not ask for every page by itself. */
const GROWTH_SHARE = 0.25;
const GROWTH_MOST_PAGES = 256;

/**
 * Refused growths after which a guest only works through scraps: the allocator asks for more each time before it looks for another. Programs
 * that cope with a full memory stay far below.
 */
const MOST_REFUSED_GROWTHS = 10_000;

/** One capped memory, one instance, and QuickJS's C interface in terms of pointers. It is dropped, never freed. */
export function createMachine(options: MachineOptions): Machine {
  let { host, context, runtime } = options;
  const maximum = Math.floor(options.memoryBytes / WASM_PAGE);
  const memory = options.memory ?? new WebAssembly.Memory({ initial: options.initialPages, maximum });
  options.onMemory?.(memory);
  let refusedGrowths = 0;
  let aborted: string | undefined;
  let bytes = new Uint8Array(memory.buffer);
  let words = new DataView(memory.buffer);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const encoder = new TextEncoder();

  const refresh = (): void => {
    if (bytes.buffer === memory.buffer) return;
    bytes = new Uint8Array(memory.buffer);
    words = new DataView(memory.buffer);
  };
  const cString = (pointer: number): string => {
    refresh();
    return decoder.decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)));
  };
  const growHeap = (wanted: number): number => {
    const now = memory.buffer.byteLength / WASM_PAGE;
    const needed = Math.ceil((wanted >>> 0) / WASM_PAGE) - now;
    if (needed <= 0) return 1;
    const spare = Math.min(GROWTH_MOST_PAGES, Math.ceil(now * GROWTH_SHARE));
    for (const pages of new Set([Math.min(needed + spare, maximum - now), needed])) {
      if (pages < needed || now + pages > maximum) continue;
      try {
        memory.grow(pages);
        return 1;
      } catch {
        // The engine of the host has no such memory to give: try with less, then tell.
      }
    }
    refusedGrowths += 1;
    if (refusedGrowths === MOST_REFUSED_GROWTHS) host.onThrashing();
    return 0;
  };
  const giveUp = (reason: string): void => {
    // The C code holds an `unreachable` behind every call that must not return.
    aborted ??= reason;
  };

  const newText = (text: string): Pointer => {
    const pointer = copyIn(text);
    if (pointer === undefined) return 0;
    const value = exports.QTS_NewString(context, pointer.at);
    exports.free(pointer.at);
    return value;
  };
  const newBytes = (source: Uint8Array): Pointer => {
    const at = exports.malloc(Math.max(1, source.length));
    if (at === 0) return 0;
    refresh();
    bytes.set(source, at);
    return exports.QTS_NewArrayBuffer(context, at, source.length);
  };
  /** A NUL-terminated copy in the guest's memory; the caller frees it. */
  const copyIn = (text: string): { readonly at: number; readonly length: number } | undefined => {
    const encoded = encoder.encode(text);
    const at = exports.malloc(encoded.length + 1);
    if (at === 0) return undefined;
    refresh();
    bytes.set(encoded, at);
    bytes[at + encoded.length] = 0;
    return { at, length: encoded.length };
  };
  const loaded = (answer: string | GuestFailure): number => {
    if (typeof answer === 'string') return copyIn(answer)?.at ?? 0;
    const error = host.errorFor(answer);
    if (error !== 0) exports.free(exports.QTS_Throw(context, error));
    return 0;
  };
  const tag = (value: Pointer): number => {
    refresh();
    return words.getInt32(value + 4, true);
  };

  const imports = Object.freeze(
    Object.assign(Object.create(null) as Record<string, WebAssembly.ImportValue>, {
      memory,
      assertFail: (condition: number) => giveUp(`assertion ${cString(condition)}`),
      abort: () => giveUp('abort'),
      exit: () => giveUp('exit'),
      fdWrite: () => 52,
      fdClose: () => 52,
      fdSeek: () => 52,
      environSizes: (count: number, size: number) => {
        refresh();
        words.setInt32(count, 0, true);
        words.setInt32(size, 0, true);
        return 0;
      },
      environGet: () => 0,
      setTimer: () => 0,
      keepAliveClear: () => undefined,
      growHeap,
      // Guests live in UTC, or in the zone of their own environment: the host's is none of their business.
      timeZone: (offset: number, daylight: number, standardName: number, daylightName: number) => {
        refresh();
        words.setInt32(offset, 0, true);
        words.setInt32(daylight, 0, true);
        for (const name of [standardName, daylightName]) bytes.set([0x55, 0x54, 0x43, 0], name);
      },
      localTime: (seconds: bigint, out: number) => writeTime(Number(seconds) * 1000, out),
      now: () => host.now(),
      interrupt: () => (host.shouldStop() ? 1 : 0),
      freeHost: () => undefined,
      normalizeModule: (_runtime: number, _context: number, base: number, specifier: number) =>
        copyIn(host.normalizeModule(cString(base), cString(specifier)))?.at ?? 0,
      loadModule: (_runtime: number, _context: number, name: number) =>
        loaded(host.loadModule(cString(name))),
      callHost: (_context: number, _self: number, count: number, args: number, ref: number): number => {
        if (ref === ERROR_TEXT_REF) return retell(args);
        if (ref === FRAMES_REF) return locate(args);
        if (ref !== REJECTION_REF) return host.callHost(ref, { count, at: (index) => args + 8 * index });
        refresh();
        host.onRejection(words.getInt32(REJECTION_SCRATCH, true), REJECTION_SCRATCH + 8, count !== 0);
        return 0;
      },
    }),
  );
  const retell = (at: number): 0 => {
    const told = host.errorText?.(cString(at));
    if (told === undefined) return 0;
    const room = bytes.subarray(at, at + ERROR_TEXT_BYTES - 1);
    const { written } = encoder.encodeInto(told, room);
    room[written] = 0;
    return 0;
  };
  /** The error has its text already: it is given another, if it still has the one it was made with. */
  const locate = (frames: number): 0 => {
    if (frames === 0 || host.locates?.() !== true) return 0;
    refresh();
    const end = bytes.subarray(frames, frames + MOST_FRAME_BYTES).indexOf(10);
    const told = end < 0 ? undefined : host.located?.(decoder.decode(bytes.subarray(frames, frames + end)));
    if (told === undefined || !machine.hasRoom()) return 0;
    const name = newText('message');
    const now = exports.QTS_GetProp(context, ERROR_SCRATCH, name);
    const text = newText(told.to);
    if (machine.kind(now) === 'string' && machine.readText(now) === told.from)
      exports.QTS_SetProp(context, ERROR_SCRATCH, name, text);
    for (const value of [name, now, text]) exports.QTS_FreeValuePointer(context, value);
    return 0;
  };
  const writeTime = (ms: number, out: number): void => {
    const offset = host.zoneOffset(ms);
    refresh();
    const date = new Date(ms + 1000 * offset);
    const year = date.getUTCFullYear();
    const dayOfYear = Math.floor(
      (Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / 86_400_000,
    );
    const fields = [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth(),
      year - 1900,
      date.getUTCDay(),
      dayOfYear,
      0,
      offset,
    ];
    for (const [index, field] of fields.entries()) words.setInt32(out + 4 * index, field, true);
  };

  const instance = new WebAssembly.Instance(
    options.module,
    Object.freeze(Object.assign(Object.create(null) as WebAssembly.Imports, { host: imports })),
  );
  // The build renamed these exports; `scripts/build-quickjs.ts` checks that each one is there.
  const exports = (options.attach?.(instance) ?? instance.exports) as unknown as QuickjsExports;

  const complete = (value: Pointer): Completion => {
    const thrown = exports.QTS_ResolveException(context, value);
    if (thrown === 0) return { value };
    exports.free(value);
    return { thrown };
  };
  const pass = (args: readonly Pointer[]): void => {
    refresh();
    for (const [index, arg] of args.entries()) words.setInt32(ARGUMENT_SCRATCH + 4 * index, arg, true);
  };
  const called = (value: Pointer, args: readonly Pointer[]): Completion => {
    const completion = complete(value);
    for (const arg of args) exports.QTS_FreeValuePointer(context, arg);
    return completion;
  };
  const copyProgram = (code: string, filename: string) => {
    const source = copyIn(code);
    const name = copyIn(filename);
    if (source === undefined || name === undefined) throw new MachineFull();
    return { source, name };
  };
  const evaluated = (value: Pointer, { source, name }: ReturnType<typeof copyProgram>): Completion => {
    const completion = complete(value);
    exports.free(source.at);
    exports.free(name.at);
    return completion;
  };
  const jobsRan = (value: Pointer): Jobs => {
    refresh();
    const found = words.getInt32(value + 4, true);
    if (found !== TAG.int && found < FIRST_FLOAT_TAG && found >= LOWEST_TAG) return { thrown: value };
    const ran = found === TAG.int ? words.getInt32(value, true) : exports.QTS_GetFloat64(context, value);
    exports.QTS_FreeValuePointer(context, value);
    return { ran };
  };
  const enter =
    options.suspends === true
      ? promising
      : <Args extends unknown[], Result>(run: (...args: Args) => Result) =>
          async (...args: Args): Promise<Result> =>
            run(...args);
  const callLater = enter(exports.QTS_Call);
  const evaluateLater = enter(exports.QTS_Eval);
  const runJobsLater = enter(exports.QTS_ExecutePendingJob);

  const machine: Machine = {
    exports,
    get context() {
      return context;
    },
    get runtime() {
      return runtime;
    },
    serve: (next, attach) => {
      host = next;
      refusedGrowths = 0;
      attach(instance);
      refresh();
      words.setUint32(runtime + GC_THRESHOLD, 0, true);
    },
    at: (newContext, newRuntime) => {
      context = newContext;
      runtime = newRuntime;
      return machine;
    },
    growthRefused: () => refusedGrowths > 0,
    hasRoom: () => {
      const at = exports.malloc(WASM_PAGE);
      if (at !== 0) exports.free(at);
      return at !== 0;
    },
    memoryBytes: () => memory.buffer.byteLength,
    aborted: () => aborted,
    memory: () => {
      refresh();
      return bytes;
    },
    duplicate: (value) => exports.QTS_DupValuePointer(context, value),
    readText: (value) => {
      const pointer = exports.QTS_GetString(context, value);
      if (pointer === 0) return undefined;
      const text = cString(pointer);
      exports.QTS_FreeCString(context, pointer);
      return text;
    },
    readNumber: (value) =>
      tag(value) === TAG.int ? words.getInt32(value, true) : exports.QTS_GetFloat64(context, value),
    isTrue: (value) => {
      refresh();
      return words.getInt32(value, true) !== 0;
    },
    readBytes: (value) => {
      const length = exports.QTS_GetArrayBufferLength(context, value);
      if (length === 0) return new Uint8Array();
      const pointer = exports.QTS_GetArrayBuffer(context, value);
      if (pointer === 0) return undefined;
      refresh();
      const copy = bytes.slice(pointer, pointer + length);
      exports.free(pointer);
      return copy;
    },
    bytesLength: (value) => exports.QTS_GetArrayBufferLength(context, value),
    kind: (value) => {
      const found = tag(value);
      if (found === TAG.string || found === TAG.stringRope) return 'string';
      if (found === TAG.int || found >= FIRST_FLOAT_TAG || found < LOWEST_TAG) return 'number';
      if (found === TAG.object) return 'object';
      if (found === TAG.bool) return 'boolean';
      return found === TAG.undefined ? 'undefined' : 'other';
    },
    newText,
    newNumber: (value) => exports.QTS_NewFloat64(context, value),
    newBytes,
    takeBytes: (arrived) => {
      const value = newBytes(arrived.bytes ?? new Uint8Array());
      freeArrived(arrived);
      return value;
    },
    newFunction: (name, ref) => {
      const pointer = copyIn(name);
      if (pointer === undefined) return 0;
      const value = exports.QTS_NewFunction(context, pointer.at, 0, 0, ref);
      exports.free(pointer.at);
      return value;
    },
    call: (fn, args) => {
      pass(args);
      return called(
        exports.QTS_Call(context, fn, exports.QTS_GetUndefined(), args.length, ARGUMENT_SCRATCH),
        args,
      );
    },
    evaluate: (code, filename, flags) => {
      const program = copyProgram(code, filename);
      const { source, name } = program;
      return evaluated(exports.QTS_Eval(context, source.at, source.length, name.at, 0, flags), program);
    },
    runJobs: (most) => jobsRan(exports.QTS_ExecutePendingJob(runtime, most, ARGUMENT_SCRATCH)),
    suspendable: {
      call: async (fn, args) => {
        pass(args);
        const self = exports.QTS_GetUndefined();
        return called(await callLater(context, fn, self, args.length, ARGUMENT_SCRATCH), args);
      },
      evaluate: async (code, filename, flags) => {
        const program = copyProgram(code, filename);
        const { source, name } = program;
        return evaluated(await evaluateLater(context, source.at, source.length, name.at, 0, flags), program);
      },
      runJobs: async (most) => jobsRan(await runJobsLater(runtime, most, ARGUMENT_SCRATCH)),
    },
    free: (value) => exports.QTS_FreeValuePointer(context, value),
    setStack: (size) => exports.QTS_RuntimeSetMaxStackSize(runtime, size),
  };
  return machine;
}

/** The guest's memory cannot even hold what the host must hand in. */
export class MachineFull extends Error {
  override readonly name = 'MachineFull';
}
