import type { CellGuest, GuestEnd, GuestHost, GuestResult, RunSpec } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { createMeter, importFuel } from '../../wasm/meter.ts';
import { ABORT_MODULE, ABORT_NAME, createAbort } from './abort-import.ts';
import type { ForeignImport } from './check-foreign.ts';
import { chooseEntry, INITIALIZE } from './choose-entry.ts';
import { createClock, type GuestClock } from './clock.ts';
import { foreignFunctions } from './foreign-imports.ts';
import { type CallOutcome, classify, classifyThrown } from './guest-end.ts';
import { GuestMemory } from './guest-memory.ts';
import { hasJspi, type Import, promising } from './jspi.ts';
import { MODULE, type ModuleData } from './module-data.ts';
import { CALL_MODULE, CALL_NAME, createOwnCall } from './own-call.ts';
import { createRunControl, type RunControl } from './run-control.ts';
import { checkRunOptions } from './run-options.ts';
import { scriptCall } from './script-call.ts';
import { WASI_MODULE } from './wasi-functions.ts';

/** What a host of preview 1 is given to build the imports of one run. */
export interface Preview1Host {
  readonly run: RunSpec;
  readonly host: GuestHost;
  readonly control: RunControl;
  readonly data: ModuleData;
  readonly module: WebAssembly.Module;
  readonly memory: GuestMemory;
  /** Functions that may be used; absent: all. */
  readonly allowed?: ReadonlySet<string>;
  readonly clock: GuestClock;
  /** Bills a call of an import and the bytes that it moves. */
  readonly charge: (bytes: number) => void;
  /** Sleeping suspends the guest's stack (JSPI) instead of the thread. */
  readonly suspends: boolean;
}

/** One way to serve WASI to one run. */
export interface PreviewHost {
  readonly ok: true;
  /** The functions that the module imports, by name. */
  readonly functions: Readonly<Record<string, Import>>;
  /** Called once, before any code of the guest runs. */
  attach?(instance: WebAssembly.Instance, memory: WebAssembly.Memory | undefined): void;
}

/** A host, or how the run ends because it cannot serve it. */
export type OpenedHost = PreviewHost | { readonly ok: false; readonly end: GuestEnd };

export type OpenHost = (context: Preview1Host) => OpenedHost | Promise<OpenedHost>;

/** Bytes of the collected heap: as much as the thread of a guest has room for. */
const MOST_HEAP = 128 * 1024 * 1024;
/** What a module may allocate on the collected heap. */
export const heapBytes = (memoryBytes: number): number => Math.min(Math.floor(memoryBytes / 2), MOST_HEAP);

const NOT_STARTED = { memoryBytes: 0, fuel: 0, growthRefused: false } as const;

/** Runs one module in a fresh instance: a command by its `_start`, anything else by the exported function that the run names. */
export async function runModule(
  guest: CellGuest,
  told: RunSpec,
  host: GuestHost,
  openHost: OpenHost,
): Promise<GuestResult> {
  const data = guest.data as ModuleData; // made by this engine's prepare
  const script = scriptCall(told, data.script);
  const { run } = script;
  const module = guest.modules[MODULE];
  if (module === undefined) throw new TypeError('Cannot run: the prepared guest has no module');
  const options = checkRunOptions(script.options);
  if (!options.ok)
    return { kind: 'invalid', code: 'INPUT_INVALID', message: options.message, ...NOT_STARTED };
  const choice = chooseEntry(data, run.invoke, run.args);
  if (!choice.ok) return { ...choice.end, ...NOT_STARTED };
  const { entry } = choice;

  const control = createRunControl(host, () => meter.stop('cancelled'));
  const memory = new GuestMemory();
  const memoryBytes = (): number => Math.max(data.minimumBytes, memory.byteLength) + meter.heapUsed;
  const suspends = !host.canBlock && hasJspi();
  const meter = createMeter({
    fuel: run.limits.fuel,
    heapBytes: heapBytes(run.limits.memoryBytes),
    onSlice: () => host.stopReason(),
    ...(suspends && host.turns !== undefined ? { turns: host.turns } : {}),
  });
  host.trackMemory(memoryBytes);
  host.trackFuel?.(() => meter.used);
  const charge = (bytes: number): void => meter.charge(importFuel(bytes));
  const allowed = options.options.wasi;
  const served = await openHost({
    run,
    host,
    control,
    data,
    module,
    memory,
    clock: createClock(host, run.deterministic !== undefined),
    charge,
    suspends,
    ...defined({ allowed }),
  });
  const finish = (end: GuestEnd): GuestResult => {
    meter.release();
    return {
      ...script.end(end),
      memoryBytes: memoryBytes(),
      fuel: meter.used,
      growthRefused: meter.growthRefused,
    };
  };
  if (!served.ok) return finish(served.end);
  const instantiated = await instantiate(
    module,
    importsOf(
      data,
      served,
      createAbort(memory, control, host),
      createOwnCall({ host, memory, control, run, charge, suspends, misfit: script.misfit }),
      foreignFunctions(data.foreign, { host, memory, control, charge, options: options.options, suspends }),
    ),
  );
  if (!instantiated.ok) return finish(instantiated.end);
  const { instance } = instantiated;
  const outcome = await attempt(async () => {
    const exports = meter.attach(instance);
    const exported = exports.memory instanceof WebAssembly.Memory ? exports.memory : undefined;
    memory.bind(exported);
    served.attach?.(instance, exported);
    await meter.start(instance, suspends ? (start) => promising(start as Import)() : undefined);
    const call = (name: string): ((...args: readonly unknown[]) => unknown) => {
      const found = exports[name];
      if (typeof found !== 'function') throw new TypeError(`Cannot call ${name}: it is not a function`);
      const callee = found as Import; // its type was read from the binary, and its arguments converted by it
      return suspends ? promising(callee) : (callee as (...args: readonly unknown[]) => unknown);
    };
    const reactor = entry.kind === 'call' && entry.signature.name !== INITIALIZE;
    if (reactor && data.functions.some(({ name }) => name === INITIALIZE)) await call(INITIALIZE)();
    return call(entry.signature.name)(...entry.args);
  });
  return finish(classify(outcome, entry, control, meter));
}

export function importsOf(
  data: ModuleData,
  served: PreviewHost,
  abort: Import,
  own: Import,
  foreign: readonly (readonly [entry: ForeignImport, run: Import])[],
): WebAssembly.Imports {
  const given = new Map<string, Record<string, Import>>();
  const put = (module: string, name: string, run: Import): void => {
    const functions = given.get(module) ?? Object.create(null);
    functions[name] = run;
    given.set(module, functions);
  };
  for (const name of data.wasi) {
    const run = served.functions[name];
    if (run !== undefined) put(WASI_MODULE, name, run);
  }
  if (data.abort) put(ABORT_MODULE, ABORT_NAME, abort);
  if (data.call) put(CALL_MODULE, CALL_NAME, own);
  for (const [{ module, field }, run] of foreign) put(module, field, run);
  const imports: Record<string, Readonly<Record<string, Import>>> = Object.create(null);
  for (const [module, functions] of given) imports[module] = bare(functions);
  return Object.freeze(imports);
}

/** A frozen copy that inherits nothing: whatever is on a prototype could be imported by its name. */
const bare = (functions: Readonly<Record<string, Import>>): Readonly<Record<string, Import>> =>
  Object.freeze(Object.assign(Object.create(null), functions));

type Instantiated =
  | { readonly ok: true; readonly instance: WebAssembly.Instance }
  | { readonly ok: false; readonly end: GuestEnd };

export async function instantiate(
  module: WebAssembly.Module,
  imports: WebAssembly.Imports,
): Promise<Instantiated> {
  try {
    return { ok: true, instance: await WebAssembly.instantiate(module, imports) };
  } catch (error) {
    if (error instanceof WebAssembly.LinkError) {
      const message = `Cannot instantiate the module: ${error.message}`;
      return { ok: false, end: { kind: 'invalid', code: 'MODULE_INVALID', message } };
    }
    // Its memory or table is within the limits, but the machine does not have that much.
    if (error instanceof RangeError) return { ok: false, end: { kind: 'limit', limit: 'memory' } };
    return { ok: false, end: classifyThrown(error) };
  }
}

export async function attempt(call: () => Promise<unknown>): Promise<CallOutcome> {
  try {
    return { kind: 'returned', value: await call() };
  } catch (thrown) {
    return { kind: 'threw', thrown };
  }
}
