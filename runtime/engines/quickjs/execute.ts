import type {
  CellGuest,
  Execute,
  GuestEnd,
  GuestHost,
  GuestResult,
  OpenGuest,
  RunSpec,
} from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { inSlices, others, SLICE } from '../../vocabulary/in-slices.ts';
import { jsonText } from '../../vocabulary/json-text.ts';
import { createMeter, nativeFuel } from '../../wasm/meter.ts';
import { canSuspend } from '../../wasm/suspending.ts';
import type { Arrival } from './arrivals.ts';
import { Ended } from './ended.ts';
import { type GuestRun, startGuest } from './guest-run.ts';
import type { Machine } from './machine.ts';
import { lowered } from './needs-lowering.ts';
import { rulesOf } from './options.ts';
import { longLength, readOutgoing } from './outgoing.ts';
import { type Program, programOf } from './program.ts';
import { unquoted } from './quoted-text.ts';
import { startProgram } from './start.ts';
import { wantsLibrary } from './wants-library.ts';

/** Longest sleep in one piece, ms: then the host is asked whether to stop, which it otherwise says by waking. */
const NAP_MS = 30_000;
/** Turns without a wait before the host's own event loop gets a turn. */
const TURNS_BEFORE_YIELD = 200;
/** As long as the largest part of our own library takes to be compiled inside a call, twice. A module of the guest that it requires has no more. */
const MOST_HELD_FUEL = 256_000_000;
/** Longest imported file whose types are removed in the host's thread, characters: it is done in one step. */
const MOST_TYPES_AT_ONCE = 262_144;

/**
 * Runs one JavaScript program in a fresh instance. Ends when the program has ended and nothing is pending any more: no timer, no host
 * call. Rejects only for a bug of ours.
 */
export const execute: Execute = (guest, run, host) => runProgram(guest, run, host);

/**
 * Runs one program after the other in one instance: what a script declares at its top level is there for the next. Timers, host calls and
 * everything else that a program has left pending are dropped with it; promise jobs are run to their end first.
 */
export const open: OpenGuest = async () => {
  const kept: Kept = { machine: undefined };
  const names = new Map<string, number>();
  return (guest, run, host) => {
    const program = programOf(guest);
    // A module is known by its name for as long as the instance lives: each program needs one of its own.
    const times = (names.get(program.filename) ?? 0) + 1;
    names.set(program.filename, times);
    const filename = times === 1 ? program.filename : `${program.filename}?${times}`;
    return runProgram({ ...guest, data: { ...program, filename } }, run, host, kept);
  };
};

/** What goes from run to run of a guest that is kept. */
interface Kept {
  machine: Machine | undefined;
}

async function runProgram(
  given: CellGuest,
  run: RunSpec,
  host: GuestHost,
  kept?: Kept,
): Promise<GuestResult> {
  const program = await lowered(programOf(given));
  const guest = { ...given, data: program };
  const { typescript } = program;
  // Later programs of a guest that is kept are not known yet.
  const library = kept !== undefined || wantsLibrary(program);
  const deriveKey = derivesKeys(program) ? (await import('./kdf-primitive.ts')).deriveKey : undefined;
  const remover = typescript ? (await import('./strip-types.ts')).stripTypes : undefined;
  const { setup, hasInputs } = await setupOf(program.filename, run);
  const turns = canSuspend() ? host.turns : undefined;
  const suspends = turns !== undefined;
  const meter = createMeter({
    fuel: run.limits.fuel,
    onSlice: host.stopReason,
    ...(suspends ? { turns, mostHeldFuel: MOST_HELD_FUEL } : {}),
  });
  const stripTypes =
    remover &&
    ((text: string, name: string) => {
      meter.charge(nativeFuel(text.length));
      return remover(text, name, host.turns === undefined ? undefined : MOST_TYPES_AT_ONCE);
    });
  let current: GuestRun | undefined;
  const begin = async (): Promise<GuestRun> => {
    meter.disarm(); // the engine's own start is not the guest's to pay
    const started = startGuest({
      guest,
      run,
      host,
      meter,
      suspends,
      stripTypes,
      deriveKey,
      library,
      keeps: kept !== undefined,
      kept: kept?.machine,
    });
    current = started;
    if (kept !== undefined) kept.machine = started.machine;
    if (hasInputs) {
      // What they take is the guest's: to be read, and to be made globals of.
      meter.arm();
      meter.charge(nativeFuel(setup.reduce((sum, { length }) => sum + length, 0)));
    }
    started.release(await started.call('begin', setup.map(started.giveText)));
    meter.arm();
    return started;
  };
  let end = await endOf(async () =>
    loop(await startProgram(await begin(), kept === undefined ? begin : undefined), host),
  );
  if (kept !== undefined && STAYS.has(end.kind)) {
    end = await endOf(async () => {
      await current?.settle();
      return end;
    });
  }
  current?.primitives.leave();
  if (kept === undefined) meter.release();
  const result = {
    ...end,
    memoryBytes: current?.primitives.peakBytes() ?? 0,
    fuel: meter.used,
    growthRefused: current?.machine.growthRefused() ?? false,
  };
  if (end.kind === 'value' || end.kind === 'threw') current?.giveBack();
  return result;
}

/** Letters of a text from which on it goes into a guest as it is: as JSON, the guest would look at each. */
const LONG_TEXT = 4096;
/** Long texts that one call passes, by the room that there is for its arguments. */
const MOST_LONG = 30;

/** Which inputs go in as they are: no NUL ends them, UTF-8 loses nothing of them, and their names are names of fields. */
function longTexts(
  inputs: RunSpec['inputs'],
  names: readonly string[],
): readonly (readonly [name: string, text: string])[] {
  const long: (readonly [string, string])[] = [];
  for (const name of names) {
    const value = inputs[name];
    if (typeof value !== 'string' || value.length < LONG_TEXT || name === '__proto__') continue;
    if (value.isWellFormed() && !value.includes('\0') && long.length < MOST_LONG) long.push([name, value]);
  }
  return long;
}

/** What the prelude begins with: JSON, then texts that go in as they are. Inputs may be large, and this thread the host's. */
async function setupOf(
  filename: string,
  run: RunSpec,
): Promise<{ readonly setup: readonly string[]; readonly hasInputs: boolean }> {
  const names = Object.keys(run.inputs);
  const long = longTexts(run.inputs, names);
  if (names.length > SLICE) await others(); // the names of so many are listed in one step, and are listed again
  const emptied = Object.fromEntries(long.map(([name]) => [name, null]));
  let inputs = '';
  await inSlices(
    jsonText(long.length === 0 ? run.inputs : { ...run.inputs, ...emptied }, (piece) => {
      inputs += piece;
    }),
  );
  const before = JSON.stringify({
    args: run.argv,
    env: run.env,
    cwd: run.cwd,
    program: filename,
    ...defined({ base: run.base }),
  });
  const after = JSON.stringify({
    block: rulesOf(run.options).block,
    ...(run.granted.includes('tools') ? { tools: true } : {}),
    outputBytes: run.limits.outputBytes,
    hostCallBytes: run.limits.hostCallBytes,
    ...(long.length === 0 ? {} : { long: long.map(([name]) => name) }),
  });
  return {
    setup: [`${before.slice(0, -1)},"inputs":${inputs},${after.slice(1)}`, ...long.map(([, text]) => text)],
    hasInputs: names.length > 0,
  };
}

/** Whether the text of a program names what derives keys from passwords: keys may be sealed with one. */
const derivesKeys = ({ code, modules }: Program): boolean =>
  [code, ...Object.values(modules)].some((text) => /pbkdf2|scrypt|passphrase/.test(text));

/** Ends after which the instance is as sound as before. */
const STAYS: ReadonlySet<GuestEnd['kind']> = new Set(['value', 'threw', 'invalid', 'exit']);

async function endOf(steps: () => Promise<GuestEnd>): Promise<GuestEnd> {
  try {
    return await steps();
  } catch (error) {
    if (error instanceof Ended) return error.end;
    throw error;
  }
}

/** Brings the type remover in ahead of the runs that need it. */
export async function warmUp(shared: CellGuest): Promise<void> {
  if (programOf(shared).typescript) await import('./strip-types.ts');
}

/**
 * The event loop: promise jobs, then answers of the host, then one timer; sleeps when there is nothing to do. In a deterministic run a host
 * call takes no time: its answer comes after the timers that are due, in the order of the calls, whenever it really came.
 */
async function loop(guest: GuestRun, host: GuestHost): Promise<GuestEnd> {
  const { clock, enter, call, drain, primitives, release } = guest;
  let turns = 0;
  /** The program was told that nothing is left to do, and has done nothing since. */
  let told = false;
  let awaited: Arrival | undefined;
  for (;;) {
    await drain();
    const arrival = clock.virtual ? awaited : primitives.arrivals.take();
    awaited = undefined;
    if (arrival !== undefined) {
      told = false;
      const { id, text, bytes } = arrival;
      release(
        await call('settle', [
          enter(() => guest.machine.newNumber(id)),
          guest.giveText(text),
          ...(bytes === undefined ? [] : [guest.giveBytes(arrival)]),
        ]),
      );
      continue;
    }
    const asked = await call('turn');
    const delay = enter(() => guest.machine.readNumber(asked));
    release(asked);
    await drain();
    if (delay >= 0) told = false;
    if (delay < 0 && primitives.arrivals.pending() === 0) {
      if (told || primitives.settled() !== 'value' || !(await toldBeforeExit(guest))) return result(guest);
      told = true;
      continue;
    }
    // Timers that do not keep the run going are told as -2 - ms; -1 is not a timer at all.
    const wait = delay <= -2 ? -2 - delay : delay === -1 ? NAP_MS : delay;
    if (clock.virtual && primitives.arrivals.pending() > 0) {
      awaited = await nextArrival(guest, host);
    } else if (wait === 0) {
      turns += 1;
      if (turns % TURNS_BEFORE_YIELD === 0) await host.sleep(0);
    } else if (clock.virtual) {
      clock.advance(delay);
    } else {
      await guest.rest(host.sleep(Math.min(wait, NAP_MS), primitives.arrivals.next()));
    }
  }
}

/** Whether a listener of the program was told that it is about to end. */
async function toldBeforeExit({ call, enter, machine, release, keeps }: GuestRun): Promise<boolean> {
  if (keeps) return false;
  const answer = await call('beforeExit');
  const told = enter(() => machine.readNumber(answer)) > 0;
  release(answer);
  return told;
}

async function nextArrival({ primitives, rest }: GuestRun, host: GuestHost): Promise<Arrival> {
  for (;;) {
    const arrival = primitives.arrivals.take();
    if (arrival !== undefined) return arrival;
    await rest(host.sleep(NAP_MS, primitives.arrivals.next()));
  }
}

async function result(guest: GuestRun): Promise<GuestEnd> {
  const { callText, call, enter, machine, primitives } = guest;
  if (primitives.settled() === undefined) {
    if (guest.mustSettle)
      guest.fail('Cannot finish: the program waits for a promise that nothing will settle');
    const exitCode = guest.exitCode();
    return exitCode === undefined ? { kind: 'value', value: undefined } : { kind: 'exit', exitCode };
  }
  const text = await callText('result');
  const exitCode = guest.exitCode();
  if (exitCode !== undefined && exitCode !== 0) return { kind: 'exit', exitCode };
  const value = await call('resultBytes');
  const bytes = enter(() => (machine.kind(value) === 'object' ? machine.readBytes(value) : undefined));
  guest.release(value);
  return readOutgoing(text, bytes ?? new Uint8Array(), await longOf(guest, text));
}

/** The long texts of a value. A NUL in them ends what comes out: then they come as JSON. */
async function longOf({ callText }: GuestRun, text: string): Promise<string> {
  const length = longLength(text);
  if (length === 0) return '';
  const long = await callText('resultLong');
  return long.length === length ? long : unquoted(await callText('resultLongJson'));
}
