import type { GuestHost, GuestResult, RunSpec } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { createMeter } from '../../wasm/meter.ts';
import type { Call } from './choose-call.ts';
import type { ComponentData } from './component-data.ts';
import { after, type ComponentRun, createGuestRun, type Eventually, GuestEnded } from './component-run.ts';
import type { CoreModule, InstantiateGlue } from './glue/load-glue.ts';
import { camelCase, classNameOf, partsOfName } from './glue/names.ts';
import { implementImports } from './interfaces/implement-imports.ts';
import { type CallOutcome, classify } from './verdict.ts';

/** What a run needs of its component once it is known what to call. */
export interface CallParts {
  readonly call: Call;
  readonly data: Pick<ComponentData, 'mode' | 'imports'>;
  readonly spec: RunSpec;
  readonly host: GuestHost;
  readonly instantiate: InstantiateGlue;
  /** What stands for a core module where the glue asks for it. */
  readonly getCore: (name: string) => CoreModule;
  readonly makeInstance: (module: CoreModule, imports?: WebAssembly.Imports) => WebAssembly.Instance;
  /** For realms that may compile nothing. */
  readonly trampoline?: WebAssembly.Module;
}

/** Makes a fresh instance, calls into it once and tells how that ended; the answer of a tool is still its text. */
export function runCall(parts: CallParts): Eventually<GuestResult> {
  const { call, data, spec, host, trampoline } = parts;
  const memories = new Set<WebAssembly.Memory>();
  const memoryBytes = (): number => {
    let sum = meter.heapUsed;
    for (const { buffer } of memories) sum += buffer.byteLength;
    return sum;
  };
  let overgrown = false;
  const meter = createMeter({
    fuel: spec.limits.fuel,
    onSlice: () => {
      // Each memory has its own cap in the binary; here they are held to the cap together.
      overgrown ||= memoryBytes() > spec.limits.memoryBytes;
      return overgrown ? 'cancelled' : host.stopReason();
    },
    ...(data.mode === 'jspi' && host.turns !== undefined ? { turns: host.turns } : {}),
    ...defined({ trampoline }),
  });
  host.trackMemory(memoryBytes);
  host.trackFuel?.(() => meter.used);
  const run = createGuestRun(host, spec, data.mode, {
    stop: () => meter.stop('cancelled'),
    charge: meter.charge,
    left: meter.left,
  });

  const instantiateCore = (module: CoreModule, imports?: WebAssembly.Imports) => {
    const instance = parts.makeInstance(module, withStatus(imports, run.noteStatus));
    const exports = meter.attach(instance);
    for (const item of Object.values(exports)) if (item instanceof WebAssembly.Memory) memories.add(item);
    meter.start(instance);
    return { exports };
  };

  const end = (outcome: CallOutcome): GuestResult => {
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
  const outcome = attempt(run, () => {
    const instance = parts.instantiate(parts.getCore, implementImports(run, data.imports), instantiateCore);
    return functionOf(instance, call)(...call.args);
  });
  return after(outcome, end);
}

/** Reads along where an adapted command calls preview1's `proc_exit`: its adapter passes on only whether the status was 0. */
export function withStatus(
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

/** A call that answers at once has ended at once, with no promise in between. */
export function attempt(run: ComponentRun, call: () => unknown): Eventually<CallOutcome> {
  let value: unknown;
  try {
    value = call();
  } catch (thrown) {
    return { kind: 'threw', thrown };
  }
  if (!(value instanceof Promise)) return { kind: 'returned', value };
  const left: CallOutcome = { kind: 'threw', thrown: new GuestEnded('The guest has ended') };
  return Promise.race([
    value.then(
      (settled: unknown): CallOutcome => ({ kind: 'returned', value: settled }),
      (thrown: unknown): CallOutcome => ({ kind: 'threw', thrown }),
    ),
    run.ended.then(() => left),
  ]);
}

type Exposed = (...args: readonly unknown[]) => unknown;

/** The function as the glue exposes it: at the top or in an object named after its interface, or of a resource's class there. */
export function functionOf(instance: unknown, { exported }: Call): Exposed {
  const holder = exported.interface === undefined ? instance : property(instance, exported.interface);
  const { kind, resource, name } = partsOfName(exported.function);
  const find = (from: unknown, called: string): Exposed => {
    const found = property(from, called);
    if (typeof found !== 'function')
      throw new TypeError(`Cannot call ${exported.name}: the glue does not expose it`);
    return found as Exposed;
  };
  if (kind === undefined) {
    const found = find(holder, camelCase(name));
    return (...args) => Reflect.apply(found, holder, args);
  }
  if (kind === DROP) return (self) => dispose(self);
  const made = find(holder, classNameOf(resource));
  if (kind === 'constructor') return (...args) => Reflect.construct(made, args);
  if (kind === 'static') return (...args) => Reflect.apply(find(made, camelCase(name)), made, args);
  return (self, ...args) => Reflect.apply(find(made.prototype, camelCase(name)), self, args);
}

/** `[resource-drop]counter`: what a caller does with a handle that it needs no more. */
export const DROP = 'resource-drop';

function dispose(resource: unknown): void {
  const found: unknown = Reflect.get(Object(resource), Symbol.dispose);
  if (typeof found === 'function') Reflect.apply(found, resource, []);
}

const property = (holder: unknown, name: string): unknown =>
  (typeof holder === 'object' && holder !== null) || typeof holder === 'function'
    ? Object.getOwnPropertyDescriptor(holder, name)?.value
    : undefined;
