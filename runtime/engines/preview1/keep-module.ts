import type {
  CellGuest,
  Execute,
  GuestEnd,
  GuestHost,
  GuestResult,
  RunSpec,
} from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { KEPT_MEMORY } from '../../vocabulary/kept-memory.ts';
import { createMeter, importFuel, type Meter } from '../../wasm/meter.ts';
import { createAbort } from './abort-import.ts';
import type { ForeignImport } from './check-foreign.ts';
import { chooseEntry, INITIALIZE, START } from './choose-entry.ts';
import { createClock } from './clock.ts';
import { foreignFunctions } from './foreign-imports.ts';
import { classify } from './guest-end.ts';
import { GuestMemory } from './guest-memory.ts';
import type { Import } from './jspi.ts';
import { MODULE, type ModuleData } from './module-data.ts';
import { createOwnCall } from './own-call.ts';
import { createRunControl } from './run-control.ts';
import { attempt, heapBytes, importsOf, instantiate, type OpenHost, type PreviewHost } from './run-module.ts';
import { checkRunOptions } from './run-options.ts';
import { scriptCall } from './script-call.ts';

/** The instance that all calls go to. */
interface Kept {
  readonly instance: WebAssembly.Instance;
  readonly memory: GuestMemory;
}

/** What of one call the imports of the instance reach; they are bound once, and calls come one after the other. */
interface Present {
  served: PreviewHost;
  abort: Import;
  own: Import;
  foreign: readonly (readonly [entry: ForeignImport, run: Import])[];
}

const meterOf = ({ limits }: RunSpec, host: GuestHost): Meter =>
  createMeter({
    fuel: limits.fuel,
    heapBytes: heapBytes(limits.memoryBytes),
    onSlice: () => host.stopReason(),
  });

/**
 * Keeps one instance of a module for the calls of a session. Each call has its own host, fuel, output, clocks and file descriptors: what an
 * earlier one has opened is closed for it. What the instance has in its memory, tables and globals stays.
 */
export function keepModule(openHost: OpenHost): Execute {
  let kept: Kept | undefined;
  let present: Present | undefined;
  const memory = new GuestMemory();

  return async (guest, told, host): Promise<GuestResult> => {
    const data = guest.data as ModuleData; // made by this engine's prepare
    const script = scriptCall(told, data.script);
    const { run } = script;
    const still = (end: GuestEnd): GuestResult => ({
      ...end,
      memoryBytes: memory.byteLength,
      fuel: 0,
      growthRefused: false,
    });
    const touched = touch(run, kept?.memory);
    if (touched !== undefined) return still(touched);
    const options = checkRunOptions(script.options);
    if (!options.ok) return still({ kind: 'invalid', code: 'INPUT_INVALID', message: options.message });
    const choice = chooseEntry(data, run.invoke ?? INITIALIZE, run.args);
    if (!choice.ok) return still(choice.end);
    const { entry } = choice;
    if (entry.signature.name === START)
      return still(oneCall(`${START} runs a program from its start to its end`));
    if (entry.signature.name === INITIALIZE && kept !== undefined)
      return still(oneCall(`${INITIALIZE} was called`));

    const control = createRunControl(host, () => meter.stop('cancelled'));
    const memoryBytes = (): number => Math.max(data.minimumBytes, memory.byteLength) + meter.heapUsed;
    const meter = meterOf(run, host);
    host.trackMemory(memoryBytes);
    host.trackFuel?.(() => meter.used);
    const finish = (end: GuestEnd): GuestResult => ({
      ...script.end(end),
      memoryBytes: memoryBytes(),
      fuel: meter.used,
      growthRefused: meter.growthRefused,
    });
    const module = moduleOf(guest);
    const charge = (bytes: number): void => meter.charge(importFuel(bytes));
    const allowed = options.options.wasi;
    const served = await openHost({
      run,
      host,
      control,
      data,
      module,
      memory,
      clock: createClock(host, false),
      charge,
      // Imports of an instance that is kept cannot be suspended in one call and resumed in another.
      suspends: false,
      ...defined({ allowed }),
    });
    if (!served.ok) return finish(served.end);
    const fresh: Present = {
      served,
      abort: createAbort(memory, control, host),
      own: createOwnCall({ host, memory, control, run, charge, suspends: false, misfit: script.misfit }),
      foreign: foreignFunctions(data.foreign, {
        host,
        memory,
        control,
        charge,
        options: options.options,
        suspends: false,
      }),
    };
    const bound = present ?? fresh;
    present = Object.assign(bound, fresh);
    const first = kept === undefined;
    if (kept === undefined) {
      const made = await instantiate(module, boundImports(data, bound));
      if (!made.ok) return finish(made.end);
      kept = { instance: made.instance, memory };
    }
    const { instance } = kept;
    const outcome = await attempt(async () => {
      const exports = meter.attach(instance);
      const exported = exports.memory instanceof WebAssembly.Memory ? exports.memory : undefined;
      memory.bind(exported);
      served.attach?.(instance, exported);
      const call = (name: string): Call => {
        const found = exports[name];
        if (typeof found !== 'function') throw new TypeError(`Cannot call ${name}: it is not a function`);
        return found as Call; // its type was read from the binary, and its arguments converted by it
      };
      if (first) {
        meter.start(instance);
        if (entry.signature.name !== INITIALIZE && data.functions.some(({ name }) => name === INITIALIZE))
          call(INITIALIZE)();
      }
      return call(entry.signature.name)(...entry.args);
    });
    return finish(classify(outcome, entry, control, meter));
  };
}

type Call = (...args: readonly unknown[]) => unknown;

/** Each call of the session has made functions for all imports of the module. */
const call = (run: Import | undefined, args: readonly unknown[]): unknown => (run as Call)(...args);

/** Imports of the one instance, each of which goes to whichever call is under way. */
const boundImports = (data: ModuleData, present: Present): WebAssembly.Imports =>
  importsOf(
    data,
    forwarding(data, present),
    (...args: unknown[]) => (present.abort as Call)(...args),
    (...args: unknown[]) => (present.own as Call)(...args),
    data.foreign.map((entry, at) => [entry, (...args: unknown[]) => call(present.foreign[at]?.[1], args)]),
  );

/** The functions of whichever call is under way. */
function forwarding(data: ModuleData, present: Present): PreviewHost {
  const functions: Record<string, Import> = Object.create(null);
  for (const name of data.wasi)
    functions[name] = (...args: unknown[]) => (present.served.functions[name] as Call)(...args);
  return { ok: true, functions };
}

/** Reads and writes of the host in the guest's memory; `undefined` for a call of a function. */
function touch({ invoke, args, limits }: RunSpec, memory: GuestMemory | undefined): GuestEnd | undefined {
  if (invoke !== KEPT_MEMORY.read && invoke !== KEPT_MEMORY.write) return undefined;
  const [offset, given] = args;
  const length = given instanceof Uint8Array ? given.byteLength : given;
  const refuse = (reason: string): GuestEnd => ({
    kind: 'invalid',
    code: 'INPUT_INVALID',
    message: `Cannot ${invoke === KEPT_MEMORY.read ? 'read' : 'write'} the memory of the module: ${reason}`,
  });
  if (!isCount(offset) || !isCount(length)) return refuse('offset and length are not whole numbers from 0');
  if (length > limits.hostCallBytes)
    return refuse(`${length} bytes are over the ${limits.hostCallBytes} of hostCallBytes`);
  if (memory === undefined) return refuse('no call has made the instance yet');
  if (!memory.holds(offset, length))
    return refuse(`${length} bytes at ${offset} are not inside its ${memory.byteLength}`);
  if (!(given instanceof Uint8Array))
    return { kind: 'value', value: memory.bytes.slice(offset, offset + length) };
  memory.bytes.set(given, offset);
  return { kind: 'value', value: undefined };
}

const isCount = (value: GuestValue): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function moduleOf(guest: CellGuest): WebAssembly.Module {
  const module = guest.modules[MODULE];
  if (module === undefined) throw new TypeError('Cannot run: the prepared guest has no module');
  return module;
}

const oneCall = (reason: string): GuestEnd => ({
  kind: 'invalid',
  code: 'INPUT_INVALID',
  message: `Cannot call it in a session: ${reason}`,
});
