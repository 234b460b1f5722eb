import type { CellGuest, GuestEnd, GuestHost, RunSpec } from '../../contracts/engine.ts';
import { zoneOffset } from '../../vocabulary/time-zone.ts';
import { HELD_THREAD } from '../../wasm/held-thread.ts';
import { type Meter, nativeFuel } from '../../wasm/meter.ts';
import { type EntryName, type Layout, WASM_PAGE } from './abi.ts';
import { type Clock, createClock } from './clock.ts';
import { createCommonJs } from './common-js.ts';
import { Ended } from './ended.ts';
import type { Pointer } from './engine-exports.ts';
import { explained } from './explained.ts';
import { type Described, guestError, uncaughtText } from './guest-error.ts';
import type { DeriveKey } from './kdf-primitive.ts';
import { layoutOf } from './layout.ts';
import { partText } from './library-parts.ts';
import { createLoader, type Loader, type StripTypes } from './loader.ts';
import { type Machine, MachineFull } from './machine.ts';
import type { MachineHost } from './machine-host.ts';
import { type LentMachine, takeMachine } from './machine-pool.ts';
import { createPrimitives, type Primitives } from './primitives.ts';
import { ENGINE_MODULE, type Program, programOf } from './program.ts';
import { createReactions } from './reactions.ts';
import { createRetelling } from './retelling.ts';
import { forgetFullStack, logicalStackBytes, stackWasFull } from './stack.ts';

/** A value of the guest in its memory. */
const VALUE_BYTES = 8;
/** Promise jobs at a time, so that a storm of them is looked at. */
const JOBS_AT_ONCE = 10_000;

/** One run's instance with the rules of going into it: what the host knows decides before what the guest answered. */
export interface GuestRun {
  readonly program: Program;
  readonly loader: Loader;
  readonly primitives: Primitives;
  readonly clock: Clock;
  readonly machine: Machine;
  /** It is kept for further programs. */
  readonly keeps: boolean;
  /** What the program gave to `process.exit`, or left in `process.exitCode`. */
  readonly exitCode: () => number | undefined;
  /** The program waits at its top level: a promise that never settles is then an error, not an idle end. */
  mustSettle: boolean;
  /** Does one step inside the guest that runs none of its code. @throws {Ended} when that ended the run. */
  enter<T>(step: () => T): T;
  /** Does one step that runs code of the guest. @throws {Ended} when that ended the run, or it has ended already. */
  run<T>(step: () => Promise<T>): Promise<T>;
  /** Calls a function of the prelude. */
  call(entry: EntryName, args?: readonly Pointer[]): Promise<Pointer>;
  callText(entry: EntryName, args?: readonly Pointer[]): Promise<string>;
  /** Frees a value that the host has done with. Only a kept guest needs it: any other is dropped with all it holds. */
  release(value: Pointer): void;
  /** Ends the run with an error that nobody caught. */
  threw(thrown: Pointer): Promise<never>;
  /** The same, unless a handler of the program takes it. */
  uncaught(thrown: Pointer): Promise<void>;
  /** Ends the run with an error of the host's own making. */
  fail(message: string): never;
  /** Runs all promise jobs; a failed program or a rejection that nobody listens to ends the run. */
  drain(): Promise<void>;
  /** Runs the promise jobs that an ended program has left, whatever they do: none may be there when a kept guest runs on. */
  settle(): Promise<void>;
  /** The run has ended by itself and the instance is entered no more: it may serve another guest, put back to how it was made. Not one that is kept. */
  giveBack(): void;
}

export interface GuestRunOptions {
  readonly guest: CellGuest;
  readonly run: RunSpec;
  readonly host: GuestHost;
  /** One budget over all instances of the run. */
  readonly meter: Meter;
  /** The meter may suspend the guest. */
  readonly suspends: boolean;
  readonly stripTypes: StripTypes | undefined;
  readonly deriveKey: DeriveKey | undefined;
  /** The program may use what Node and the web have beyond the prelude. */
  readonly library: boolean;
  /** The guest is kept for further runs. */
  readonly keeps: boolean;
  /** Its instance, after its first run. */
  readonly kept?: Machine | undefined;
}

/** Makes the instance, or goes on in the one that was kept. Nothing of the guest has run yet. */
export function startGuest(options: GuestRunOptions): GuestRun {
  const { guest, run, host, meter, suspends, stripTypes, keeps, kept, library } = options;
  const program = programOf(guest);
  const module = guest.modules[ENGINE_MODULE];
  if (module === undefined) throw new Error('Cannot start QuickJS: no compiled engine');
  const layout = layoutOf(module);
  const pages = library ? layout.library.pages : layout.pages;
  checkMemory(run.limits.memoryBytes, pages);
  const clock = createClock(run, host);
  const stackBytes = logicalStackBytes(host.stackBytes);
  /** Promises rejected with nobody listening → the reason, held alive. */
  const unhandled = new Map<number, Pointer>();

  const loader = createLoader({
    program,
    main: program.filename,
    run,
    host,
    stripTypes,
    library: library ? layout.library.names : {},
  });
  const reactions = createReactions(() => machine);
  const forgive = (thrown: Pointer): void => {
    const value = (at: Pointer): string =>
      machine
        .memory()
        .subarray(at, at + VALUE_BYTES)
        .join();
    for (const [promise, reason] of unhandled) {
      if (value(reason) !== value(thrown)) continue;
      machine.free(reason);
      unhandled.delete(promise);
    }
  };
  const primitives = createPrimitives({
    machine: () => machine,
    run,
    host,
    clock,
    stop: meter.stop,
    charge: (bytes) => meter.charge(nativeFuel(bytes)),
    exit: (code) => {
      exited ??= code;
      if (!keeps) meter.stop('cancelled'); // only to end the guest: what ended it is the line above
    },
    part: (name) => partText(module, name),
    deriveKey: options.deriveKey,
    reactions,
    commonJs: createCommonJs({ loader, machine: () => machine, forgive }),
  });
  /** The host's word on whether the guest may go on; the first one counts. */
  let thrashing = false;
  /** What the program gave to `process.exit`. */
  let exited: number | undefined;
  const halted = (): GuestEnd | undefined => {
    if (exited !== undefined && !keeps) return { kind: 'exit', exitCode: exited };
    if (thrashing) return { kind: 'limit', limit: 'memory' };
    let { state } = meter;
    if (state === 'running') {
      const reason = host.stopReason();
      if (reason === undefined) return undefined;
      meter.stop(reason);
      ({ state } = meter);
    }
    switch (state) {
      case 'running':
        return undefined;
      case 'exhausted':
        return { kind: 'limit', limit: 'fuel' };
      case 'stopped':
        if (meter.held) return HELD_THREAD;
        return { kind: 'limit', limit: meter.stopReason ?? 'cancelled' };
    }
  };
  const machineHost: MachineHost = {
    callHost: (ref, args) => {
      const answer = primitives.callHost(ref, args);
      meter.left();
      return answer;
    },
    ...createRetelling(loader.sourceOf, loader.shifts, (bytes) => meter.charge(nativeFuel(bytes))),
    reactions,
    onRejection: (promise, reason, handled) => {
      const held = unhandled.get(promise);
      if (held !== undefined) machine.free(held);
      unhandled.delete(promise);
      if (!handled) unhandled.set(promise, machine.duplicate(reason));
    },
    normalizeModule: loader.normalize,
    loadModule: loader.load,
    errorFor: ({ failure, refusal }) => {
      const text = JSON.stringify({ message: failure, refusal });
      const made = machine.call(layout.entries.loadFailure, [machine.newText(text)]);
      return 'value' in made ? made.value : made.thrown;
    },
    onThrashing: () => {
      thrashing = meter.state === 'running';
      meter.stop('cancelled'); // only to end the guest: what ended it is the line above
    },
    shouldStop: () => halted() !== undefined,
    now: clock.now,
    zoneOffset: zoneOffset(run.env.TZ),
  };
  const { memoryBytes } = run.limits;
  const { machine, giveBack }: LentMachine =
    kept === undefined
      ? takeMachine({ module, library, memoryBytes, suspends, host: machineHost, meter })
      : { machine: kept, giveBack: () => undefined };
  host.trackMemory(primitives.peakBytes);
  host.trackFuel?.(() => meter.used);
  if (kept === undefined) {
    machine.setStack(stackBytes);
    seedRandom(machine, layout, host);
  } else {
    machine.serve(machineHost, meter.adopt);
    machine.collectSoon();
    forgetFullStack(machine.memory(), layout.stackTop, stackBytes);
  }

  const crashEnd = (error: unknown): GuestEnd => {
    const end = halted();
    if (end !== undefined) return end;
    meter.trapped();
    if (error instanceof MachineFull) return { kind: 'limit', limit: 'memory' };
    // The host's own stack ran full inside the instance: RangeError in V8 and JavaScriptCore, InternalError in SpiderMonkey.
    if (error instanceof RangeError || (error instanceof Error && error.name === 'InternalError')) {
      return { kind: 'limit', limit: 'stack' };
    }
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    if (machine.growthRefused()) return { kind: 'limit', limit: 'memory' };
    return { kind: 'trapped', message: machine.aborted() ?? error.message };
  };
  const ended = (error: unknown): Ended => (error instanceof Ended ? error : new Ended(crashEnd(error)));
  const checkHalted = (): void => {
    const end = halted();
    if (end !== undefined) throw new Ended(end);
  };
  const enter = <T>(step: () => T): T => {
    let answer: T;
    try {
      answer = step();
    } catch (error) {
      throw ended(error);
    }
    checkHalted();
    return answer;
  };
  const runStep = async <T>(step: () => Promise<T>): Promise<T> => {
    checkHalted();
    let answer: T;
    try {
      answer = await step();
    } catch (error) {
      throw ended(error);
    }
    checkHalted();
    return answer;
  };
  const release = (value: Pointer): void => {
    if (keeps) enter(() => machine.free(value));
  };
  const call = async (entry: EntryName, args: readonly Pointer[] = []): Promise<Pointer> => {
    const completion = await runStep(() => machine.suspendable.call(layout.entries[entry], args));
    return 'value' in completion ? completion.value : threw(completion.thrown);
  };
  const callText = async (entry: EntryName, args: readonly Pointer[] = []): Promise<string> => {
    const value = await call(entry, args);
    const text = await runStep(() => machine.suspendable.readText(value));
    if (text === undefined) throw new Ended({ kind: 'limit', limit: 'memory' });
    release(value);
    return text;
  };
  const endWith = (text: string): never => endDescribed(JSON.parse(text) as Described); // our own prelude wrote it
  /** The error says which limit the engine told of; whether it was reached, the host knows. */
  const limitReached = (told: Described['limit']): 'stack' | 'memory' | undefined => {
    if (told === 'stack' && stackWasFull(machine.memory(), layout.stackTop, stackBytes)) return 'stack';
    if (told === undefined || told === 'stack' || !machine.growthRefused()) return undefined;
    return told === 'memory' || !machine.hasRoom() ? 'memory' : undefined;
  };
  const endDescribed = (described: Described): never => {
    if (exited !== undefined) throw new Ended({ kind: 'exit', exitCode: exited });
    const error = explained(guestError(described, loader.shifts), program);
    host.write('stderr', new TextEncoder().encode(uncaughtText(error)));
    const limit = limitReached(described.limit);
    if (limit !== undefined) throw new Ended({ kind: 'limit', limit, error });
    const { id } = described;
    throw new Ended({ kind: 'threw', error, ...(id === undefined ? {} : { refusalId: id }) });
  };
  const threw = async (thrown: Pointer): Promise<never> => endWith(await callText('describe', [thrown]));
  const runJobs = async (): Promise<void> => {
    for (;;) {
      const jobs = await runStep(() => machine.suspendable.runJobs(JOBS_AT_ONCE));
      if ('thrown' in jobs) await threw(jobs.thrown);
      else if (jobs.ran < JOBS_AT_ONCE) break;
    }
  };
  /** What was put off until the jobs were done, and the jobs that it leaves. */
  const runTicks = async (): Promise<boolean> => {
    const answer = await call('ticks');
    const ran = enter(() => machine.readNumber(answer));
    release(answer);
    if (ran > 0) await runJobs();
    return ran > 0;
  };
  const drain = async (): Promise<void> => {
    await runJobs();
    // They may take a rejection that nobody has taken yet.
    while (library && unhandled.size > 0 && (await runTicks()));
    if (primitives.settled() === 'failure') endWith(await callText('failure'));
    for (const [promise, reason] of unhandled) {
      if (!(await taken(reason, true))) await threw(enter(() => machine.duplicate(reason)));
      enter(() => machine.free(reason));
      unhandled.delete(promise);
    }
  };
  /** Whether a handler of the program takes an error that nobody caught. */
  const taken = async (error: Pointer, rejected: boolean): Promise<boolean> => {
    if (!library) return false;
    const args = enter(() => [machine.duplicate(error), ...(rejected ? [machine.newNumber(1)] : [])]);
    const answer = await call('uncaught', args);
    const took = enter(() => machine.kind(answer) === 'boolean' && machine.isTrue(answer));
    release(answer);
    return took;
  };
  const uncaught = async (thrown: Pointer): Promise<void> => {
    if (!(await taken(thrown, false))) await threw(thrown);
    enter(() => machine.free(thrown));
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      const jobs = await runStep(() => machine.suspendable.runJobs(JOBS_AT_ONCE));
      if ('thrown' in jobs) enter(() => machine.free(jobs.thrown));
      else if (jobs.ran < JOBS_AT_ONCE) break;
    }
    enter(() => {
      for (const reason of unhandled.values()) machine.free(reason);
      unhandled.clear();
    });
  };
  return {
    program,
    loader,
    primitives,
    clock,
    machine,
    keeps,
    exitCode: () => exited,
    mustSettle: true,
    enter,
    run: runStep,
    call,
    callText,
    release,
    threw,
    uncaught,
    fail: (message) => endDescribed({ name: 'Error', message, stack: '' }),
    drain,
    settle,
    giveBack: () => {
      if (!keeps) giveBack();
    },
  };
}

/** `Math.random` is a xorshift generator whose state must not be zero. */
function seedRandom(machine: Machine, layout: Layout, host: GuestHost): void {
  const seed = machine.memory().subarray(layout.randomState, layout.randomState + 8);
  const drawn = new Uint8Array(8);
  host.random(drawn);
  drawn[0] = (drawn[0] ?? 0) | 1;
  seed.set(drawn);
}

/** The snapshot alone needs some memory: a smaller cap can hold no guest at all. */
function checkMemory(memoryBytes: number, pages: number): void {
  const needed = pages * WASM_PAGE;
  if (memoryBytes >= needed) return;
  throw new Ended({
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: `Cannot run JavaScript: limits.memoryBytes ${memoryBytes} is under the ${needed} that the engine starts with`,
    details: { limit: 'memoryBytes', minimum: needed },
    hint: `Set limits.memoryBytes to at least ${needed}`,
  });
}
