import type { ModuleSettings, RealmPort } from '../contract.ts';
import type { LateSymbols } from '../late-symbols.ts';
import type { guardInstances } from './guard-instances.ts';
import type { hardenWasm } from './harden-wasm.ts';
import type { KeptMemory, keepMemory } from './keep-memory.ts';

/** The interpreter's instance and those of its side modules, as the realm may use them. */
export interface WasmGuard {
  readonly memory: Pick<KeptMemory, 'bytes' | 'buffer' | 'setLimit'>;
  /** For the glue: makes the one instance of the interpreter. */
  instantiateMain(settings: ModuleSettings, late: LateSymbols): ModuleSettings['instantiateWasm'];
  /** A custom section of the interpreter's module, as text. */
  section(name: string): string;
  /** Exports of the interpreter's instance. */
  exports(): Readonly<Record<string, unknown>>;
  /** The interpreter is up: what only its start needs is refused from now on. */
  seal(): void;
  /** Puts a function of this realm before the meter's in each refill table: see `RealmApi.guardRefill`. */
  guardRefill(name: string, slot: number, stop: number): void;
  /** The run is over, and the memory serves another: whoever still asks for it here gets none. */
  end(): void;
  /** A refill came at the end of the stack. */
  overflowed(): boolean;
}

/** Its own parts, each a function of the realm. */
export interface WasmParts {
  readonly guardInstances: typeof guardInstances;
  readonly hardenWasm: typeof hardenWasm;
  readonly keepMemory: typeof keepMemory;
}

/** What the interpreter is made of, and what stands before its imports. */
export interface WasmOrigin {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** By what name, in a part of that name, the module imports the memory. */
  readonly memoryImport: string;
  readonly guardImports: (env: Record<string, unknown>, missing: unknown) => void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Holds the real memory and the real constructors of WebAssembly; whoever asks for them
 * afterwards gets ones that compile only what the host approves and grow only to the limit.
 */
export function guardWasm(
  { module, memory: given, memoryImport, guardImports }: WasmOrigin,
  port: RealmPort,
  copyOf: (view: unknown) => ArrayBuffer,
  parts: WasmParts,
): WasmGuard {
  const { apply, getOwnPropertyDescriptor, ownKeys } = Reflect;
  const Failure = Error;
  const { Instance, Module } = WebAssembly;
  const sectionsOf = Module.customSections;
  const lengthOf = getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;
  if (lengthOf === undefined) throw new Failure('the realm lacks ArrayBuffer');
  /** For the glue, which asks it for a section: the module itself is the thread's, and serves all its realms. */
  const stand = Object.create(Module.prototype) as WebAssembly.Module;
  let started: WebAssembly.Instance | undefined;
  const memory = parts.keepMemory(given, port);
  const instances = parts.guardInstances(port, memory, copyOf);
  const seal = parts.hardenWasm(module, stand, instances);

  const instantiateMain =
    (settings: ModuleSettings, late: LateSymbols): ModuleSettings['instantiateWasm'] =>
    (imports, receive) => {
      const marker = Symbol('error marker');
      const { env } = imports;
      if (env === undefined) throw new Failure('the glue gives no env imports');
      env.Jsv_GetError_import = () => marker;
      env.JsvError_Check = (value: unknown) => (value === marker ? 1 : 0);
      guardImports(env, marker);
      late.guard(env, imports);
      env.emscripten_resize_heap = (requested: number) => (memory.growHeap(settings, requested) ? 1 : 0);
      const own: Record<string, unknown> = {
        __proto__: null,
        [memoryImport]: { __proto__: null, [memoryImport]: memory.take() },
      } as unknown as Record<string, unknown>;
      for (const name of ownKeys(imports) as string[]) own[name] = imports[name]; // none is a symbol
      const instance = new Instance(module, own as WebAssembly.Imports); // the glue's own imports, complete by construction
      started = instance;
      const exports = instances.visibleExports(instance);
      exports.memory = memory.guarded;
      late.ready(instance, exports);
      receive({ exports }, stand);
      return {};
    };

  return {
    memory,
    instantiateMain,
    section: (name) => {
      const [section] = sectionsOf(module, name);
      return section === undefined ? '' : port.decode(section, 0, apply(lengthOf, section, []) as number);
    },
    exports: () => (started?.exports ?? {}) as Record<string, unknown>,
    seal,
    guardRefill: (name, slot, stop) => instances.guardRefill(name, slot, stop, started),
    overflowed: instances.overflowed,
    end: () => {
      memory.end();
      started = undefined;
      instances.end();
    },
  };
}
