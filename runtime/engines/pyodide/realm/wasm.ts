import type { ModuleSettings, RealmPort } from './contract.ts';
import type { LateSymbols } from './late-symbols.ts';

/** The interpreter's instance and those of its side modules, as the realm may use them. */
export interface WasmGuard {
  memoryBytes(): number;
  /** As it is now; it is another one after each growth. */
  memoryBuffer(): ArrayBuffer;
  /** What the memory may grow to, bytes. */
  setLimit(bytes: number): void;
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

/**
 * Runs inside the guest's realm; see `bootRealm`. Holds the real memory and the real constructors of WebAssembly; whoever asks for them afterwards gets ones that compile only what
 * the host approves and grow only to the limit.
 */
export function guardWasm(
  module: WebAssembly.Module,
  given: WebAssembly.Memory,
  memoryImport: string,
  port: RealmPort,
  copyOf: (view: unknown) => ArrayBuffer,
  guardImports: (env: Record<string, unknown>, missing: unknown) => void,
): WasmGuard {
  const { apply, getOwnPropertyDescriptor, getPrototypeOf, defineProperty, ownKeys } = Reflect;
  const { create } = Object;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const Failure = Error;
  const Range = RangeError;
  const Whole = Number;
  const promiseThen = Promise.prototype.then;
  const sliceText = String.prototype.slice;
  const { Memory, Instance, Module } = WebAssembly;
  const memoryBuffer = getOwnPropertyDescriptor(Memory.prototype, 'buffer')?.get;
  const memoryGrow = Memory.prototype.grow;
  const sectionsOf = Module.customSections;
  const lengthOf = getOwnPropertyDescriptor(Buffer.prototype, 'byteLength')?.get;
  if (memoryBuffer === undefined || lengthOf === undefined)
    throw new Failure('the realm lacks WebAssembly.Memory');

  /** For the glue, which asks it for a section: the module itself is the thread's, and serves all its realms. */
  const stand = create(Module.prototype) as WebAssembly.Module;
  let maxMemoryBytes = 0;
  let unused: WebAssembly.Memory | undefined = given;
  let memory: WebAssembly.Memory | undefined;
  let started: WebAssembly.Instance | undefined;
  let overflowed = false;
  const bufferOf = (): ArrayBuffer => apply(memoryBuffer, memory, []) as ArrayBuffer; // never shared: the module declares its own memory
  const memoryBytes = (): number => (memory === undefined ? 0 : (apply(lengthOf, bufferOf(), []) as number));
  const PAGE = 65_536;
  /** Stands for the memory wherever the glue uses it; the real one stays here, so that this cap cannot be gone round. */
  const guardedMemory = {
    get buffer(): ArrayBuffer {
      return bufferOf();
    },
    grow: (pages: unknown): number => {
      const more = Whole(pages) >>> 0;
      if (memoryBytes() + more * PAGE > maxMemoryBytes) throw new Range('memory limit reached');
      try {
        return apply(memoryGrow, memory, [more]) as number;
      } catch {
        throw new Range('memory limit reached');
      }
    },
  };
  const approvedModule = function (this: unknown, source: unknown): WebAssembly.Module {
    const bytes = copyOf(source);
    if (!port.approve(bytes)) throw new Failure('compiling WebAssembly is not allowed here');
    return new Module(bytes);
  };
  const approvedInstance = function (
    this: unknown,
    of: WebAssembly.Module,
    imports: Record<string, Record<string, unknown>>,
  ): WebAssembly.Instance {
    const own: Record<string, unknown> = { __proto__: null } as unknown as Record<string, unknown>;
    for (const name of ownKeys(imports)) {
      const part = imports[name as string];
      // Only `env` holds the memory; in the glue's other parts, a name that is looked up is a symbol that is missed.
      own[name as string] = name === 'env' && part?.memory === guardedMemory ? withMemory(part) : part;
    }
    const instance = new Instance(of, own as WebAssembly.Imports); // the glue's own imports, with the real memory where it gave the guarded one
    // Before the run, the glue starts small helpers of its own, which need no meter.
    if (refillTable === '' || instance.exports[refillTable] === undefined) return instance;
    const exports = visibleExports(instance);
    guarded[guarded.length] = instance;
    guardCallback(instance);
    return { exports } as WebAssembly.Instance; // the glue takes nothing but the exports of it
  };
  const visibleExports = (instance: WebAssembly.Instance): Record<string, unknown> => {
    const exports: Record<string, unknown> = { __proto__: null } as unknown as Record<string, unknown>;
    const hidden = port.attach(instance);
    const all = instance.exports;
    for (const name of ownKeys(all) as string[]) // no export is named by a symbol
      if (apply(sliceText, name, [0, hidden.length]) !== hidden) exports[name] = all[name];
    return exports;
  };
  /** Set with the run: how the rewriter calls its table, and what in it the meter has put where. */
  const guarded: WebAssembly.Instance[] = [];
  let refillTable = '';
  let refillSlot = 0;
  let refillStop = 1;
  let thunk: WebAssembly.Module | undefined;
  const guardCallback = (instance: WebAssembly.Instance): void => {
    const table = instance.exports[refillTable] as WebAssembly.Table; // the rewriter's own export
    const refill = table.get(refillSlot) as () => number; // put there by the meter
    // Run at the end of the stack, the host's callback would throw an error of the host's realm into this one.
    const guarded = (): number => {
      try {
        return apply(refill, undefined, []);
      } catch {
        overflowed = true;
        return refillStop;
      }
    };
    // A module that imports one function `() -> i32` and exports it: a table takes only functions of wasm.
    thunk ??= new Module(
      new Bytes([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 2, 7, 1, 1, 101, 1, 102, 0, 0, 7, 5, 1, 1, 102,
        0, 0,
      ]),
    );
    table.set(refillSlot, new Instance(thunk, { e: { f: guarded } }).exports.f);
  };
  /** The glue's imports look their names up as they are asked for: only the memory may be answered differently. */
  const withMemory = (part: Record<string, unknown>): Record<string, unknown> =>
    new Proxy(part, { get: (target, name) => (name === 'memory' ? memory : target[name as string]) });
  const refused = (): never => {
    throw new Failure('not allowed here');
  };
  /** Calls into Python that have not ended. One that waits holds a stack, which is not part of any memory that is counted. */
  let stacks = 0;
  const MAX_STACKS = 16;
  const leaveStack = (): void => {
    stacks -= 1;
  };
  /** Set once the interpreter is up: what only its start needs is refused from then on. */
  let sealed = false;
  const hardenWasm = (): void => {
    const wasm = WebAssembly as unknown as Record<string, unknown>; // its members are replaced by what may be used of them
    const stands = (name: string, replacement: { prototype: unknown }, prototype: object): void => {
      replacement.prototype = prototype;
      wasm[name] = replacement;
      defineProperty(prototype, 'constructor', { value: replacement });
    };
    const customSections = (of: unknown, name: unknown): ArrayBuffer[] =>
      apply(sectionsOf, undefined, [of === stand ? module : of, name]) as ArrayBuffer[];
    stands('Module', Object.assign(approvedModule, { customSections }), Module.prototype);
    stands('Instance', approvedInstance, Instance.prototype);
    const { Table } = WebAssembly;
    const memoryUntilSealed = function (
      this: unknown,
      descriptor: WebAssembly.MemoryDescriptor,
    ): WebAssembly.Memory {
      return sealed ? refused() : new Memory(descriptor);
    };
    stands('Memory', memoryUntilSealed, Memory.prototype);
    const tableUntilSealed = function (
      this: unknown,
      descriptor: WebAssembly.TableDescriptor,
    ): WebAssembly.Table {
      return sealed ? refused() : new Table(descriptor);
    };
    stands('Table', tableUntilSealed, Table.prototype);
    const Approved = wasm.Module as new (bytes: Uint8Array) => WebAssembly.Module; // set just above
    const Started = wasm.Instance as new (of: WebAssembly.Module, imports: object) => WebAssembly.Instance;
    wasm.compile = async (bytes: Uint8Array) => new Approved(bytes);
    wasm.instantiate = async (source: Uint8Array | WebAssembly.Module, imports: object = {}) => {
      if (source instanceof Module) return new Started(source, imports);
      const compiled = new Approved(source);
      return { module: compiled, instance: new Started(compiled, imports) };
    };
    for (const name of ['compileStreaming', 'instantiateStreaming', 'validate']) wasm[name] = refused;
    const promising = wasm.promising as (entry: unknown) => (...args: unknown[]) => Promise<unknown>; // JSPI, which every Node of ours has
    wasm.promising = (entry: unknown) => {
      const enter = promising(entry);
      return (...args: unknown[]): Promise<unknown> => {
        if (stacks >= MAX_STACKS) throw new Range('too many suspended calls');
        const left = apply(enter, undefined, args) as Promise<unknown>; // a function made by `promising` answers one
        stacks += 1;
        apply(promiseThen, left, [leaveStack, leaveStack]);
        return left;
      };
    };
  };
  const growHeap = (settings: ModuleSettings, requested: number): boolean => {
    const wanted = requested >>> 0;
    const present = memoryBytes();
    const grow = settings.growMemory;
    if (grow !== undefined && wanted <= maxMemoryBytes) {
      // A fifth more than asked saves later growths; near the cap, exactly what was asked.
      const generous = Math.min(maxMemoryBytes, Math.max(wanted, Math.floor(present * 1.2)));
      for (const bytes of [generous, wanted]) {
        if (grow(Math.ceil(bytes / PAGE) * PAGE) === 1) return true;
      }
    }
    port.refusedGrowth();
    return false;
  };

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
      env.emscripten_resize_heap = (requested: number) => (growHeap(settings, requested) ? 1 : 0);
      const mine = unused;
      unused = undefined;
      if (mine === undefined) throw new Failure('not allowed here');
      // It takes away what anybody has of its bytes, and makes a buffer of this realm for them.
      apply(memoryGrow, mine, [0]);
      if (getPrototypeOf(apply(memoryBuffer, mine, []) as object) !== Buffer.prototype)
        throw new Failure('the memory has a buffer of another realm');
      memory = mine;
      const own: Record<string, unknown> = {
        __proto__: null,
        [memoryImport]: { __proto__: null, [memoryImport]: mine },
      } as unknown as Record<string, unknown>;
      for (const name of ownKeys(imports) as string[]) own[name] = imports[name]; // none is a symbol
      const instance = new Instance(module, own as WebAssembly.Imports); // the glue's own imports, complete by construction
      started = instance;
      const exports = visibleExports(instance);
      exports.memory = guardedMemory;
      late.ready(instance, exports);
      receive({ exports }, stand);
      return {};
    };

  hardenWasm();
  return {
    memoryBytes,
    memoryBuffer: bufferOf,
    setLimit: (bytes) => {
      maxMemoryBytes = bytes;
    },
    instantiateMain,
    section: (name) => {
      const [section] = sectionsOf(module, name);
      return section === undefined ? '' : port.decode(section, 0, apply(lengthOf, section, []) as number);
    },
    exports: () => (started?.exports ?? {}) as Record<string, unknown>,
    seal: () => {
      sealed = true;
    },
    guardRefill: (name, slot, stop) => {
      refillTable = name;
      refillSlot = slot;
      refillStop = stop;
      if (started !== undefined) guardCallback(started);
      for (let index = 0; index < guarded.length; index++) {
        const instance = guarded[index];
        if (instance !== undefined) guardCallback(instance);
      }
    },
    overflowed: () => overflowed,
    end: () => {
      unused = undefined;
      memory = undefined;
      started = undefined;
      guarded.length = 0;
    },
  };
}
