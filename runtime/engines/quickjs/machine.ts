import { promising } from '../../wasm/suspending.ts';
import { ARGUMENT_SCRATCH, GC_THRESHOLD, WASM_PAGE } from './abi.ts';
import type { Pointer, QuickjsExports } from './engine-exports.ts';
import { machineErrors } from './machine-errors.ts';
import type { MachineHost } from './machine-host.ts';
import { hostImports } from './machine-imports.ts';
import { createMachineMemory } from './machine-memory.ts';
import { type MachineValues, machineValues } from './machine-values.ts';

export interface MachineOptions {
  readonly module: WebAssembly.Module;
  /** Hard cap, bytes. */
  readonly memoryBytes: number;
  readonly initialPages: number;
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

export interface Machine extends Omit<MachineValues, 'copyIn' | 'intOf'> {
  readonly exports: QuickjsExports;
  readonly context: number;
  readonly runtime: number;
  /** Another host and meter from now on, nothing refused yet: for the next guest, or the next run of a kept one. */
  serve(host: MachineHost, attach: (instance: WebAssembly.Instance) => void): void;
  /** Nobody's from now on, until it serves the next. */
  leave(detach: (instance: WebAssembly.Instance) => void): void;
  /** Has the next allocation collect garbage: what a kept guest has left from run to run. */
  collectSoon(): void;
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
  memory(): Uint8Array<ArrayBuffer>;
  duplicate(value: Pointer): Pointer;
  /** Calls a function value; the arguments are freed. */
  call(fn: Pointer, args: readonly Pointer[]): Completion;
  evaluate(code: string, filename: string, flags: number): Completion;
  runJobs(most: number): Jobs;
  /** The same for steps that run code of the guest: where `suspends` is set, the thread does other things meanwhile. One at a time. */
  readonly suspendable: {
    call(fn: Pointer, args: readonly Pointer[]): Promise<Completion>;
    evaluate(code: string, filename: string, flags: number): Promise<Completion>;
    runJobs(most: number): Promise<Jobs>;
    /** Of a text that may be long; `undefined` as of `readText`. */
    readText(value: Pointer): Promise<string | undefined>;
  };
  free(value: Pointer): void;
  setStack(bytes: number): void;
}

export type Jobs = { readonly ran: number } | { readonly thrown: Pointer };

export type Completion = { readonly value: Pointer } | { readonly thrown: Pointer };

/** One capped memory, one instance, and QuickJS's C interface in terms of pointers. It is dropped, never freed. */
export function createMachine(options: MachineOptions): Machine {
  let { host, context, runtime } = options;
  const maximum = Math.floor(options.memoryBytes / WASM_PAGE);
  const memory = createMachineMemory(
    new WebAssembly.Memory({ initial: options.initialPages, maximum }),
    maximum,
  );
  options.onMemory?.(memory.memory);
  let aborted: string | undefined;
  const hasRoom = (): boolean => {
    const at = exports.malloc(WASM_PAGE);
    if (at !== 0) exports.free(at);
    return at !== 0;
  };
  const imports = hostImports({
    memory,
    host: () => host,
    errors: machineErrors({
      memory,
      exports: () => exports,
      values: () => values,
      context: () => context,
      host: () => host,
      hasRoom,
    }),
    giveText: (text) => values.copyIn(text)?.at ?? 0,
    throwInto: (error) => exports.free(exports.QTS_Throw(context, error)),
    onAbort: (reason) => {
      aborted ??= reason;
    },
  });
  const instance = new WebAssembly.Instance(options.module, imports);
  // The build renamed these exports; `scripts/build-quickjs.ts` checks that each one is there.
  const exports = (options.attach?.(instance) ?? instance.exports) as unknown as QuickjsExports;
  const values = machineValues(memory, exports, () => context);
  const { copyIn, intOf, ...ofValues } = values;

  const complete = (value: Pointer): Completion => {
    const thrown = exports.QTS_ResolveException(context, value);
    if (thrown === 0) return { value };
    exports.free(value);
    return { thrown };
  };
  const pass = (args: readonly Pointer[]): void => {
    const words = memory.words();
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
    const ran = intOf(value);
    if (ran === undefined) return { thrown: value };
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
  const textLater = enter(exports.QTS_GetString);

  const machine: Machine = {
    ...ofValues,
    exports,
    get context() {
      return context;
    },
    get runtime() {
      return runtime;
    },
    serve: (next, attach) => {
      host = next;
      memory.forget();
      attach(instance);
    },
    leave: (detach) => detach(instance),
    collectSoon: () => memory.words().setUint32(runtime + GC_THRESHOLD, 0, true),
    at: (newContext, newRuntime) => {
      context = newContext;
      runtime = newRuntime;
      return machine;
    },
    growthRefused: () => memory.refused() > 0,
    hasRoom,
    memoryBytes: () => memory.memory.buffer.byteLength,
    aborted: () => aborted,
    memory: memory.bytes,
    duplicate: (value) => exports.QTS_DupValuePointer(context, value),
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
      // To go in where the guest may be suspended takes longer than to look whether there is anything to do.
      runJobs: async (most) =>
        exports.QTS_IsJobPending(runtime) === 0
          ? { ran: 0 }
          : jobsRan(await runJobsLater(runtime, most, ARGUMENT_SCRATCH)),
      readText: async (value) => {
        const at = await textLater(context, value);
        if (at === 0) return undefined;
        const text = await memory.longCString(at);
        exports.QTS_FreeCString(context, at);
        return text;
      },
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
