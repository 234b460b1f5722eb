import type { CellGuest, GuestHost, RunSpec } from '../../contracts/engine.ts';
import { zoneOffset } from '../../vocabulary/time-zone.ts';
import { type Meter, nativeFuel } from '../../wasm/meter.ts';
import { type Layout, WASM_PAGE } from './abi.ts';
import { type Clock, createClock } from './clock.ts';
import { createCommonJs } from './common-js.ts';
import { Ended } from './ended.ts';
import { createGuestHalt, type GuestHalt } from './guest-halt.ts';
import { createGuestJobs, type GuestJobs } from './guest-jobs.ts';
import { createGuestSteps, type GuestSteps } from './guest-steps.ts';
import type { DeriveKey } from './kdf-primitive.ts';
import { layoutOf } from './layout.ts';
import { partText } from './library-parts.ts';
import { createLoader, type Loader, type StripTypes } from './loader.ts';
import type { Machine } from './machine.ts';
import type { MachineHost } from './machine-host.ts';
import { type LentMachine, takeMachine } from './machine-pool.ts';
import { PresentMachine } from './present-machine.ts';
import { createPrimitives, type Primitives } from './primitives.ts';
import { ENGINE_MODULE, type Program, programOf } from './program.ts';
import { createReactions } from './reactions.ts';
import { createRejections, type Rejections } from './rejections.ts';
import { createResting } from './resting.ts';
import { createRetelling } from './retelling.ts';
import { forgetFullStack, logicalStackBytes } from './stack.ts';
import { createUncaught, type Uncaught } from './uncaught.ts';

/** One run's instance with the rules of going into it. */
export interface GuestRun extends GuestSteps, GuestJobs, Pick<Uncaught, 'threw' | 'uncaught' | 'fail'> {
  readonly program: Program;
  readonly loader: Loader;
  readonly primitives: Primitives;
  readonly clock: Clock;
  /** Where it lives now; another instance after a rest. */
  readonly machine: Machine;
  /** It is kept for further programs. */
  readonly keeps: boolean;
  /** What the program gave to `process.exit`, or left in `process.exitCode`. */
  readonly exitCode: () => number | undefined;
  /** The program waits at its top level: a promise that never settles is then an error, not an idle end. */
  mustSettle: boolean;
  /** Waits. The instance may serve others meanwhile. @throws {Ended} when the run was stopped. */
  rest(until: Promise<unknown>): Promise<void>;
  /**
   * The run has ended by itself and the instance is entered no more: it may serve another guest, put back to how it was made. Not one that
   * is kept.
   */
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
  const { guest, run, host, meter, keeps, library } = options;
  const program = programOf(guest);
  const module = guest.modules[ENGINE_MODULE];
  if (module === undefined) throw new Error('Cannot start QuickJS: no compiled engine');
  const layout = layoutOf(module);
  checkMemory(run.limits.memoryBytes, library ? layout.library.pages : layout.pages);
  const clock = createClock(run, host);
  const stackBytes = logicalStackBytes(host.stackBytes);
  const instance = (): Machine => machine;
  const halt = createGuestHalt(meter, host, keeps, instance);
  const rejections = createRejections(instance);
  const loader = createLoader({
    program,
    main: program.filename,
    run,
    host,
    stripTypes: options.stripTypes,
    library: library ? layout.library.names : {},
  });
  const reactions = createReactions(instance);
  const charge = (bytes: number): void => meter.charge(nativeFuel(bytes));
  const primitives = createPrimitives({
    machine: instance,
    run,
    host,
    clock,
    stop: meter.stop,
    charge,
    exit: halt.exit,
    part: (name) => partText(module, name),
    deriveKey: options.deriveKey,
    reactions,
    commonJs: createCommonJs({ loader, machine: instance, forgive: rejections.forgive }),
  });
  const machineHost: MachineHost = {
    ...hostOf(loader, halt, rejections, instance, layout),
    ...createRetelling(loader.sourceOf, loader.shifts, charge),
    callHost: (ref, args) => {
      const answer = primitives.callHost(ref, args);
      meter.left();
      return answer;
    },
    reactions,
    now: clock.now,
    zoneOffset: zoneOffset(run.env.TZ),
  };
  const lent = instanceFor(options, module, machineHost);
  // What is called at each step of a run has the instance itself where it never changes.
  const machine = keeps ? lent.machine : new PresentMachine(lent);
  host.trackMemory(primitives.peakBytes);
  host.trackFuel?.(() => meter.used);
  if (options.kept === undefined) {
    machine.setStack(stackBytes);
    seedRandom(machine, layout, host);
  } else {
    machine.serve(machineHost, meter.adopt);
    machine.collectSoon();
    forgetFullStack(machine.memory(), layout.stackTop, stackBytes);
  }

  const uncaught: Uncaught = createUncaught({
    machine,
    layout,
    halt,
    host,
    loader,
    program,
    stackBytes,
    library,
    steps: () => steps,
  });
  const { threw } = uncaught;
  const steps = createGuestSteps({ machine, entries: layout.entries, halt, keeps, threw });
  const { settled } = primitives;
  return {
    ...steps,
    ...createGuestJobs({ machine, steps, uncaught, rejections, settled, library }),
    ...uncaught,
    program,
    loader,
    primitives,
    clock,
    machine,
    keeps,
    exitCode: () => halt.exitCode,
    mustSettle: true,
    rest: restOf(lent, halt, options),
    giveBack: () => {
      if (!keeps) lent.giveBack();
    },
  };
}

/** What the instance asks of modules and promises, and whether it may go on. */
const hostOf = (
  loader: Loader,
  halt: GuestHalt,
  rejections: Rejections,
  machine: () => Machine,
  layout: Layout,
): Pick<
  MachineHost,
  'onRejection' | 'normalizeModule' | 'loadModule' | 'errorFor' | 'onThrashing' | 'shouldStop'
> => ({
  onRejection: rejections.onRejection,
  normalizeModule: loader.normalize,
  loadModule: loader.load,
  errorFor: ({ failure, refusal }) => {
    const text = JSON.stringify({ message: failure, refusal });
    const made = machine().call(layout.entries.loadFailure, [machine().newText(text)]);
    return 'value' in made ? made.value : made.thrown;
  },
  onThrashing: halt.thrash,
  shouldStop: () => halt.reason() !== undefined,
});

/** How a guest waits. A session's instance is known by more than one run, and stays. */
function restOf(lent: LentMachine, halt: GuestHalt, { host, keeps }: GuestRunOptions): GuestRun['rest'] {
  const resting = createResting({
    putAway: lent.putAway,
    goesOn: () => halt.reason() === undefined,
    turn: () => host.sleep(0),
  });
  return async (until) => {
    const wait = host.rest(until);
    await (keeps ? wait : resting(wait));
    halt.check();
  };
}

/** A fresh instance, or the one that was kept, which nobody gives back. */
const instanceFor = (
  { run, library, suspends, meter, kept }: GuestRunOptions,
  module: WebAssembly.Module,
  host: MachineHost,
): LentMachine =>
  kept === undefined
    ? takeMachine({ module, library, memoryBytes: run.limits.memoryBytes, suspends, host, meter })
    : {
        machine: kept,
        memoryBytes: kept.memoryBytes,
        growthRefused: kept.growthRefused,
        giveBack: () => undefined,
        putAway: () => undefined,
      };

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
