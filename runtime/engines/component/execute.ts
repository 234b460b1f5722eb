import type { CellGuest, Execute } from '../../contracts/engine.ts';
import { createMeter } from '../../wasm/meter.ts';
import { type Call, chooseCall } from './choose-call.ts';
import { type CallOutcome, classify } from './classify.ts';
import type { ComponentData } from './component-data.ts';
import { type InstantiateGlue, loadGlue } from './glue/load-glue.ts';
import { camelCase } from './glue/names.ts';
import { createGuestRun, GuestEnded, type GuestRun } from './guest-run.ts';
import { implementImports } from './interfaces/implement-imports.ts';

/** Loaded glue by the data it came with: an inline cell, which sees the same data every run, loads it once a component. */
const loaded = new WeakMap<object, Promise<InstantiateGlue>>();

/** Runs one component in a fresh instance. */
export const execute: Execute = async (guest, spec, host) => {
  const data = guest.data as ComponentData; // made by this engine's prepare
  const call = chooseCall(data, spec);
  if ('kind' in call) return { ...call, memoryBytes: 0, fuel: 0, growthRefused: false };

  const instantiate = await glueOf(guest, data);
  const memories = new Set<WebAssembly.Memory>();
  const memoryBytes = (): number => {
    let sum = 0;
    for (const { buffer } of memories) sum += buffer.byteLength;
    return sum;
  };
  host.trackMemory(memoryBytes);
  let overgrown = false;
  const meter = createMeter({
    fuel: spec.limits.fuel,
    onSlice: () => {
      // Each memory has its own cap in the binary; here they are held to the cap together.
      overgrown ||= memoryBytes() > spec.limits.memoryBytes;
      return overgrown ? 'cancelled' : host.stopReason();
    },
    ...(data.mode === 'jspi' && host.turns !== undefined ? { turns: host.turns } : {}),
  });
  host.trackFuel?.(() => meter.used);
  const run = createGuestRun(host, spec, data.mode, () => meter.stop('cancelled'));

  const getCore = (name: string): WebAssembly.Module => {
    const module = guest.modules[name];
    if (module === undefined) throw new TypeError(`Cannot instantiate: there is no core module ${name}`);
    return module;
  };
  const instantiateCore = (module: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    const instance = new WebAssembly.Instance(module, withStatus(imports, run.noteStatus));
    const exports = meter.attach(instance);
    for (const item of Object.values(exports)) if (item instanceof WebAssembly.Memory) memories.add(item);
    meter.start(instance);
    return { exports };
  };

  const outcome = await attempt(run, () => {
    const instance = instantiate(getCore, implementImports(run, data.imports), instantiateCore);
    return functionOf(instance, call)(...call.args);
  });
  overgrown ||= memoryBytes() > spec.limits.memoryBytes;
  if (outcome.kind === 'threw' && outcome.thrown instanceof Error) meter.trapped();
  const result = {
    ...classify({ outcome, call, run, meter, overgrown }),
    memoryBytes: memoryBytes(),
    fuel: meter.used,
    growthRefused: meter.growthRefused || overgrown,
  };
  meter.release();
  return result;
};

function glueOf(guest: CellGuest, data: ComponentData): Promise<InstantiateGlue> {
  if (typeof guest.local === 'function') return Promise.resolve(guest.local as InstantiateGlue); // `PrebuiltComponent.instantiate`
  const known = loaded.get(data);
  if (known !== undefined) return known;
  const loading = loadGlue(data.glue);
  loaded.set(data, loading);
  return loading;
}

/** Reads along where an adapted command calls preview1's `proc_exit`: its adapter passes on only whether the status was 0. */
function withStatus(
  imports: WebAssembly.Imports | undefined,
  note: (code: number) => void,
): WebAssembly.Imports | undefined {
  const preview1 = imports?.wasi_snapshot_preview1;
  const exit = preview1?.proc_exit;
  if (typeof exit !== 'function') return imports;
  const noting = (code: number): void => {
    note(code);
    exit(code);
  };
  return { ...imports, wasi_snapshot_preview1: { ...preview1, proc_exit: noting } };
}

async function attempt(run: GuestRun, call: () => unknown): Promise<CallOutcome> {
  try {
    const value = call();
    if (!(value instanceof Promise)) return { kind: 'returned', value };
    const left = Symbol('left');
    const settled: unknown = await Promise.race([value, run.ended.then(() => left)]);
    if (settled === left) throw new GuestEnded('The guest has ended');
    return { kind: 'returned', value: settled };
  } catch (thrown) {
    return { kind: 'threw', thrown };
  }
}

/** The function as the glue exposes it: at the top, or in an object named after its interface. */
function functionOf(instance: unknown, { exported }: Call): (...args: readonly unknown[]) => unknown {
  const holder = exported.interface === undefined ? instance : property(instance, exported.interface);
  const found = property(holder, camelCase(exported.function));
  if (typeof found !== 'function')
    throw new TypeError(`Cannot call ${exported.name}: the glue does not expose it`);
  return (...args) => Reflect.apply(found, holder, args);
}

const property = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null
    ? Object.getOwnPropertyDescriptor(holder, name)?.value
    : undefined;
