import type { BootOptions, EmscriptenModule, RealmApi, RealmPort, RunSettings } from './realm-contract.ts';
import type { FileRealm, installFiles } from './realm-files.ts';

/** What the boot script needs of Pyodide's own objects; they are untyped text to us otherwise. */
interface PyodideApi {
  readonly globals: { get(name: string): unknown };
  readonly _module: EmscriptenModule;
  readonly _api: { fatal_error: (error: unknown) => never };
  runPython(code: string): unknown;
  pyimport(name: string): PyModule;
  setStdin(options: object): void;
  setStdout(options: object): void;
  setStderr(options: object): void;
  makeMemorySnapshot(): Uint8Array;
}

interface PyModule {
  attach(host: object): void;
  readonly main: { callPromising(spec: string): Promise<PromiseLike<string>> };
}

interface ModuleSettings {
  instantiateWasm: (
    imports: Record<string, Record<string, unknown>>,
    receive: (instance: { exports: object }, module: WebAssembly.Module) => void,
  ) => object;
  growMemory?: (bytes: number) => number | undefined;
}

/**
 * Runs inside the guest's realm. Its text is taken by `String(bootRealm)`, so it can use nothing from outside but its parameters. All that it
 * relies on later is captured here, before any guest code runs: a guest may change every object of its realm.
 */
export function bootRealm(host: RealmPort, module: WebAssembly.Module, files: typeof installFiles): RealmApi {
  const realm = globalThis as unknown as Record<string, unknown>; // names that only the changed glue scripts know are set here
  const { apply, construct, getOwnPropertyDescriptor, defineProperty, ownKeys } = Reflect;
  const { parse } = JSON;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const Failure = Error;
  const Range = RangeError;
  const Text = String;
  const Whole = Number;
  const TypeFailure = TypeError;
  const PromiseOf = Promise;
  const promiseThen = PromiseOf.prototype.then;
  const dateNow = (): number => Math.floor(port.now());
  const { Memory, Instance, Module } = WebAssembly;
  const memoryBuffer = getOwnPropertyDescriptor(Memory.prototype, 'buffer')?.get;
  const memoryGrow = Memory.prototype.grow;
  const lengthOf = getOwnPropertyDescriptor(Buffer.prototype, 'byteLength')?.get;
  if (memoryBuffer === undefined || lengthOf === undefined)
    throw new Failure('the realm lacks WebAssembly.Memory');
  const setBytes = Bytes.prototype.set;
  const subarrayOf = Bytes.prototype.subarray;
  const splitText = Text.prototype.split;
  const sliceText = Text.prototype.slice;
  const stringFrom = Text.fromCharCode;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const mapClear = Map.prototype.clear;

  /** A host function that can neither throw a host's error into the realm nor answer anything but a primitive. */
  const wrapped =
    (call: (...args: never[]) => unknown) =>
    (...args: unknown[]): unknown => {
      let answer: unknown;
      try {
        answer = apply(call, undefined, args);
      } catch {
        throw new Failure('host call failed');
      }
      return typeof answer === 'object' || typeof answer === 'function' ? undefined : answer;
    };
  const port: RealmPort = {
    now: wrapped(host.now) as RealmPort['now'], // `wrapped` keeps each function's own type for primitives
    monotonic: wrapped(host.monotonic) as RealmPort['monotonic'],
    random: wrapped(host.random) as RealmPort['random'],
    decode: wrapped(host.decode) as RealmPort['decode'],
    write: wrapped(host.write) as RealmPort['write'],
    timer: wrapped(host.timer) as RealmPort['timer'],
    sleep: wrapped(host.sleep) as RealmPort['sleep'],
    callSync: wrapped(host.callSync) as RealmPort['callSync'],
    call: wrapped(host.call) as RealmPort['call'],
    take: wrapped(host.take) as RealmPort['take'],
    size: wrapped(host.size) as RealmPort['size'],
    load: wrapped(host.load) as RealmPort['load'],
    attach: wrapped(host.attach) as RealmPort['attach'],
    restore: wrapped(host.restore) as RealmPort['restore'],
    refusedGrowth: wrapped(host.refusedGrowth) as RealmPort['refusedGrowth'],
    reserve: wrapped(host.reserve) as RealmPort['reserve'],
    approve: wrapped(host.approve) as RealmPort['approve'],
    done: wrapped(host.done) as RealmPort['done'],
  };

  const copyOf = (view: Uint8Array): ArrayBuffer => {
    const { length } = view;
    charge(length); // a guest may pass anything that has a length
    const copy = new Bytes(length);
    apply(setBytes, copy, [view]);
    return copy.buffer;
  };
  const fileBytes = (name: string): Uint8Array => {
    const size = port.size(name);
    if (size < 0) throw new Failure(`no file ${name}`);
    const buffer = new Buffer(size);
    port.load(name, buffer);
    return new Bytes(buffer);
  };

  // --- what the glue expects of its surroundings -------------------------------------------------------------------------------------
  let identifiers = 0;
  /** The question that the guest's program is the answer to, once it runs. */
  let running = 0;
  const timers = new Map<number, () => void>();
  const later = (callback: (...args: unknown[]) => void, ms: number, args: unknown[]): number => {
    const id = ++identifiers;
    apply(mapSet, timers, [id, () => watched(() => callback(...args))]);
    port.timer(id, ms);
    return id;
  };
  /** The interpreter runs its tasks in timers: what fails there is its own failure, and nobody else would hear of it. */
  const watched = (work: () => unknown): void => {
    try {
      const result = work();
      if (typeof result === 'object' && result !== null) apply(promiseThen, result, [undefined, failRun]);
    } catch (error) {
      // `then` refuses what is no promise; that is no failure.
      if (!(error instanceof TypeFailure)) failRun(error);
    }
  };
  const failRun = (error: unknown): void => {
    if (running > 0) fatal(running, error);
  };
  const setTimer = (callback: (...args: unknown[]) => void, ms?: unknown, ...args: unknown[]): number =>
    later(callback, Math.max(0, Whole(ms)), args);
  const setSoon = (callback: (...args: unknown[]) => void, ...args: unknown[]): number =>
    later(callback, -1, args);
  const clearTimer = (id: unknown): void => {
    apply(mapDelete, timers, [id]);
  };
  const nothing = (): void => undefined;
  const define = (name: string, value: unknown): void => {
    realm[name] = value;
  };
  define('WorkerGlobalScope', { __proto__: null });
  define('performance', { now: () => port.monotonic(), timeOrigin: 0, mark: nothing, measure: nothing });
  define('crypto', {
    getRandomValues: (view: Uint8Array): Uint8Array => {
      const buffer = new Buffer(view.byteLength);
      port.random(buffer);
      apply(setBytes, new Bytes(view.buffer, view.byteOffset, view.byteLength), [new Bytes(buffer)]);
      return view;
    },
  });
  define('console', { log: nothing, warn: nothing, error: nothing, info: nothing, debug: nothing });
  define('setTimeout', setTimer);
  define('setImmediate', setSoon);
  define('clearTimeout', clearTimer);
  define('clearInterval', clearTimer);
  define('setInterval', () => {
    throw new Failure('setInterval is not available here');
  });
  // The glue frees objects of Python in such callbacks, and that can run a guest's code: what fails in it must not be the cell's own failure.
  const Registry = FinalizationRegistry;
  define(
    'FinalizationRegistry',
    class extends Registry<unknown> {
      constructor(free: (held: unknown) => void) {
        super((held) => {
          try {
            free(held);
          } catch (error) {
            failRun(error);
          }
        });
      }
    },
  );
  define('queueMicrotask', (callback: () => void): void => {
    PromiseOf.resolve().then(callback);
  });
  define(
    'TextDecoder',
    class {
      readonly encoding: string;
      constructor(encoding = 'utf-8') {
        this.encoding = encoding;
      }
      decode(input?: ArrayBuffer | Uint8Array): string {
        if (input === undefined) return '';
        const view = input instanceof Bytes ? input : input instanceof Buffer ? new Bytes(input) : undefined;
        if (view === undefined) return '';
        if (this.encoding !== 'utf-16le') {
          return port.decode(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength); // the realm has no SharedArrayBuffer
        }
        let text = '';
        for (let at = 0; at + 1 < view.length; at += 2)
          text += stringFrom((view[at] ?? 0) | ((view[at + 1] ?? 0) << 8));
        return text;
      }
    },
  );
  const encode = (input: unknown): Uint8Array => {
    const text = Text(input);
    const bytes: number[] = [];
    for (let at = 0; at < text.length; at++) {
      let point = text.codePointAt(at) ?? 0;
      if (point > 0xffff) at++;
      else if (point >= 0xd800 && point < 0xe000) point = 0xfffd;
      if (point < 0x80) bytes.push(point);
      else if (point < 0x800) bytes.push(0xc0 | (point >> 6), 0x80 | (point & 63));
      else if (point < 0x10000)
        bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      else {
        bytes.push(
          0xf0 | (point >> 18),
          0x80 | ((point >> 12) & 63),
          0x80 | ((point >> 6) & 63),
          0x80 | (point & 63),
        );
      }
    }
    return Bytes.from(bytes);
  };
  define(
    'TextEncoder',
    class {
      encode(text: unknown): Uint8Array {
        return encode(text);
      }
      encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
        const bytes = encode(text);
        into.set(bytes.subarray(0, into.length));
        return { read: text.length, written: Math.min(bytes.length, into.length) };
      }
    },
  );
  define(
    'AbortController',
    class {
      readonly signal = { aborted: false, addEventListener: nothing, removeEventListener: nothing };
      abort(): void {
        this.signal.aborted = true;
      }
    },
  );
  define(
    'URL',
    class {
      readonly href: string;
      constructor(href: unknown) {
        this.href = Text(href);
      }
      toString(): string {
        return this.href;
      }
    },
  );
  const noImport = (): never => {
    throw new Failure('import() is not available here');
  };
  define('__noImport', noImport);
  define('readbuffer', (name: unknown) => {
    const base = apply(splitText, Text(name), ['/']).pop() ?? '';
    // The glue asks for its wasm, which it gets compiled instead; what it reads here is never used.
    return base === 'pyodide.asm.wasm' ? new Buffer(8) : fileBytes(base).buffer;
  });
  define('read', noImport);
  define('load', noImport);

  // --- memory outside wasm -------------------------------------------------------------------------------------------------------------
  /** Bytes of buffers that were made since the host was last asked. */
  let unreported = 0;
  const REPORT_BYTES = 4 * 1024 * 1024;
  /** Buffers are not part of wasm's memory: the host looks at how much of them is alive, and may refuse. */
  const charge = (bytes: number): void => {
    if (!(bytes > 0)) return;
    unreported += bytes;
    if (unreported < REPORT_BYTES) return;
    const asked = unreported;
    unreported = 0;
    if (!port.reserve(asked)) throw new Range('memory limit reached');
  };
  const sizeOf = (source: unknown, unit: number): number => {
    if (typeof source === 'number') return source * unit;
    if (typeof source !== 'object' || source === null || source instanceof Buffer) return 0;
    return Whole((source as { length?: unknown }).length) * unit; // a list or another view: it is copied
  };
  /** What a `slice` copies: the glue cuts small pieces out of wasm's whole memory. */
  const sliceBytes = (of: { length?: number; byteLength: number }, [from, to]: unknown[]): number => {
    const length = of.length ?? of.byteLength;
    const place = (value: unknown, otherwise: number): number => {
      const at = value === undefined ? otherwise : Math.trunc(Whole(value)) || 0;
      return at < 0 ? Math.max(0, length + at) : Math.min(at, length);
    };
    return Math.max(0, place(to, length) - place(from, 0)) * (of.byteLength / (length || 1));
  };
  const hardenBuffers = (): void => {
    type Constructor = (new (...args: unknown[]) => object) & { BYTES_PER_ELEMENT?: number };
    const views = [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
    ];
    const wide = [Float32Array, Float64Array, BigInt64Array, BigUint64Array];
    const typedArray = Object.getPrototypeOf(Bytes) as Constructor;
    for (const original of [Buffer, ...views, ...wide] as unknown as Constructor[]) {
      const unit = original.BYTES_PER_ELEMENT ?? 1;
      const counted: Constructor = new Proxy(original, {
        construct: (target, args, newTarget) => {
          charge(sizeOf(args[0], unit));
          if (args.length > 1 && original === (Buffer as unknown)) throw new Range('not allowed here'); // a buffer that can grow
          return construct(target, args, newTarget === counted ? target : newTarget);
        },
      });
      realm[original.name] = counted;
      defineProperty(original.prototype, 'constructor', { value: counted });
    }
    const copying = ['slice', 'map', 'filter', 'toSorted', 'toReversed', 'with'];
    for (const holder of [Buffer.prototype, typedArray.prototype] as Record<string, unknown>[]) {
      for (const name of [...copying, 'transfer', 'transferToFixedLength', 'resize']) {
        const original = holder[name];
        if (typeof original !== 'function') continue;
        const counted = function (this: { byteLength: number }, ...args: unknown[]): unknown {
          if (holder === (Buffer.prototype as unknown) && name !== 'slice')
            throw new Range('not allowed here');
          charge(name === 'slice' ? sliceBytes(this, args) : this.byteLength);
          return apply(original, this, args);
        };
        defineProperty(holder, name, { value: counted, writable: true, configurable: true });
      }
    }
    for (const name of ['of', 'from']) {
      const original = (
        typedArray as unknown as Record<string, (...args: unknown[]) => { byteLength: number }>
      )[name];
      if (original === undefined) continue;
      const counted = function (this: unknown, ...args: unknown[]): unknown {
        const made = apply(original, this, args);
        charge(made.byteLength);
        return made;
      };
      defineProperty(typedArray, name, { value: counted, writable: true, configurable: true });
    }
    defineProperty(typedArray.prototype, 'constructor', { value: undefined });
  };
  /** What would tell of the host, or hold this thread where no meter runs. */
  const hardenLanguage = (): void => {
    // V8 makes Temporal when it is first touched, with the prototypes of whichever realm touches it.
    for (const name of ['SharedArrayBuffer', 'Atomics', 'Temporal']) delete realm[name];
    Date.now = dateNow;
    defineProperty(Date.prototype, 'constructor', { value: undefined });
    delete (Date.prototype as { toTemporalInstant?: unknown }).toTemporalInstant;
    // Stack texts hold the host's file names; without frames there are none.
    for (const kind of [
      Failure,
      Range,
      TypeError,
      SyntaxError,
      ReferenceError,
      EvalError,
      URIError,
      AggregateError,
    ]) {
      defineProperty(kind, 'stackTraceLimit', { get: nothing, set: nothing, configurable: false });
      defineProperty(kind, 'prepareStackTrace', { value: undefined, writable: false, configurable: false });
      defineProperty(kind, 'captureStackTrace', { value: nothing, writable: false, configurable: false });
    }
  };

  // --- the instance --------------------------------------------------------------------------------------------------------------------
  let maxMemoryBytes = 0;
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
  const approvedModule = function (this: unknown, source: Uint8Array | ArrayBuffer): WebAssembly.Module {
    const bytes = copyOf(source instanceof Bytes ? source : new Bytes(source));
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
    const customSections = Module.customSections;
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
    (settings: ModuleSettings): ModuleSettings['instantiateWasm'] =>
    (imports, receive) => {
      const marker = Symbol('error marker');
      const { env } = imports;
      if (env === undefined) throw new Failure('the glue gives no env imports');
      env.Jsv_GetError_import = () => marker;
      env.JsvError_Check = (value: unknown) => (value === marker ? 1 : 0);
      env.emscripten_resize_heap = (requested: number) => (growHeap(settings, requested) ? 1 : 0);
      const instance = new Instance(module, imports as WebAssembly.Imports); // the glue's own imports, complete by construction
      started = instance;
      const exports = visibleExports(instance);
      memory = exports.memory as WebAssembly.Memory; // Pyodide's module exports its memory under this name
      exports.memory = guardedMemory;
      receive({ exports }, module);
      return {};
    };

  hardenWasm();
  let pyodide: PyodideApi | undefined;
  let runner: PyModule | undefined;
  let fileRealm: FileRealm | undefined;
  const calls = new Map<number, (answer: string) => void>();
  let snapshotBytes: Uint8Array | undefined;

  /** What Python calls. Answers are JSON text; their bytes are taken right after, by the call's number. */
  const hostObject = {
    __proto__: null,
    call: (operation: unknown, args: unknown, body?: Uint8Array): string => {
      return port.callSync(Text(operation), Text(args), body === undefined ? undefined : copyOf(body));
    },
    call_later: (operation: unknown, args: unknown, body?: Uint8Array): Promise<string> =>
      new PromiseOf((resolve) => {
        const id = ++identifiers;
        apply(mapSet, calls, [id, resolve]);
        port.call(id, Text(operation), Text(args), body === undefined ? undefined : copyOf(body));
      }),
    take: (id: unknown, size: unknown): Uint8Array => {
      const length = Whole(size);
      charge(length);
      const bytes = new Bytes(length);
      port.take(Whole(id), bytes.buffer, 0);
      return bytes;
    },
    refusal: (): string => fileRealm?.refusal() ?? '',
    sleep: (ms: unknown): void => port.sleep(Whole(ms)),
    now: (): number => port.now(),
    monotonic: (): number => port.monotonic(),
  };

  const boot = async (options: BootOptions): Promise<void> => {
    maxMemoryBytes = options.maxMemoryBytes;
    const create = realm.__createPyodideModule as (settings: ModuleSettings) => Promise<EmscriptenModule>; // set by the changed glue
    const load = realm.loadPyodide as (settings: object) => Promise<PyodideApi>; // set by the changed loader
    delete realm.__createPyodideModule;
    delete realm.loadPyodide;
    const restoring = options.start === 'restore';
    const jsglobals: object = { __proto__: null, setTimeout: setTimer, clearTimeout: clearTimer } as object;
    const settings: Record<string, unknown> = {
      indexURL: '/pyodide/',
      lockFileContents: options.lockFile,
      packageBaseUrl: '/none/',
      jsglobals,
      env: { HOME: '/tmp', PYTHONHASHSEED: Text(options.hashSeed) },
      _makeSnapshot: options.start === 'prepare',
      createPyodideModule: async (moduleSettings: ModuleSettings) => {
        moduleSettings.instantiateWasm = instantiateMain(moduleSettings);
        const created = await create(moduleSettings);
        if (restoring) {
          const missing = options.snapshotMemory - memoryBytes();
          if (missing > 0 && moduleSettings.growMemory?.(options.snapshotMemory) !== 1) {
            throw new Range('memory limit reached');
          }
          port.restore();
        }
        return created;
      },
    };
    // The header names the objects that the snapshot refers to; the memory itself is put in place by the host, with no copy in this realm.
    if (restoring) settings._loadSnapshot = fileBytes('snapshot-header');
    pyodide = await load(settings);
    // Pyodide's own handler prints its frames to the guest's output; whatever brings it here ends the run.
    pyodide._api.fatal_error = (error: unknown): never => {
      const { name, status } = error as { name?: unknown; status?: unknown };
      if (name === 'ExitStatus')
        port.done(running, true, `{"exit":${Whole(status) & 255}}`); // os._exit()
      else failRun(error);
      throw error;
    };
    if (options.start !== 'prepare') narrowStack(options.recursionBytes);
    sealed = true;
    hardenBuffers();
    hardenLanguage();
    fileRealm = files(pyodide._module, port);
    if (options.start === 'fresh') pyodide.runPython(options.setUp);
    if (options.start !== 'prepare') {
      runner = pyodide.pyimport('_sandglass');
      runner.attach(hostObject);
    }
  };

  /**
   * Python measures its recursion by the stack of the wasm's own memory, whose end it notes once; the thread's stack fills several times as
   * fast. With an end that is nearer, Python raises its RecursionError before V8 ends the run.
   */
  const narrowStack = (bytes: number): void => {
    const exports = started?.exports as Record<string, (...args: number[]) => number>; // of CPython and Emscripten, all of numbers
    const call = (name: string, ...args: number[]): number =>
      apply(exports[name] ?? nothing, undefined, args);
    const base = call('emscripten_stack_get_base');
    call('emscripten_stack_set_limits', base, base - bytes); // for the states that the glue makes for each of its entries
    call('_Py_InitializeRecursionLimits', call('PyThreadState_Get'));
  };

  const stream = (number: number) => ({
    isatty: false,
    write: (bytes: Uint8Array): number => {
      const whole = new Bytes(bytes);
      port.write(number, whole.buffer, 0, whole.length);
      return whole.length;
    },
  });
  let stdin: Uint8Array = new Bytes();
  let stdinAt = 0;
  /** Nobody but the rehearsal has had the streams, which has left them as they were. */
  let streamsAreFresh = false;
  const openStreams = (api: PyodideApi): void => {
    if (!streamsAreFresh) {
      api.setStdin({
        isatty: false,
        read: (into: Uint8Array): number => {
          const part = apply(subarrayOf, stdin, [stdinAt, stdinAt + into.length]) as Uint8Array;
          apply(setBytes, into, [part]);
          stdinAt += part.length;
          return part.length;
        },
      });
      api.setStdout(stream(1));
      api.setStderr(stream(2));
    }
    streamsAreFresh = false;
    stdin = fileBytes('stdin');
    stdinAt = 0;
  };

  /** Errors that end here are the interpreter's own; what Python code raises is in the runner's report. */
  const fatal = (id: number, error: unknown): void => {
    let text = 'fatal error';
    try {
      text = overflowed || error instanceof Range ? 'stack overflow' : Text((error as Error)?.stack ?? error);
    } catch {
      // A guest may have made the error: its text is then of no use.
    }
    port.done(id, false, text);
  };
  const settled = (id: number, work: Promise<unknown>): void => {
    apply(promiseThen, work, [
      (value: unknown) => port.done(id, true, typeof value === 'string' ? value : ''),
      (error: unknown) => fatal(id, error),
    ]);
  };
  const mainOf = async (spec: string): Promise<string> => {
    if (pyodide === undefined || runner === undefined) throw new Failure('run before boot');
    openStreams(pyodide);
    return await await runner.main.callPromising(spec);
  };

  return {
    boot: (id, options) => settled(id, boot(parse(options) as BootOptions)), // written by the host
    run: (id, spec) => {
      running = id;
      settled(id, mainOf(spec));
    },
    prepare: (id, code) =>
      settled(
        id,
        (async () => {
          pyodide?.runPython(code);
        })(),
      ),
    snapshot: () => {
      snapshotBytes = pyodide?.makeMemorySnapshot();
      return snapshotBytes?.length ?? 0;
    },
    save: (into) => {
      if (snapshotBytes !== undefined) apply(setBytes, new Bytes(into), [snapshotBytes]);
    },
    fire: (id) => {
      const callback = apply(mapGet, timers, [id]) as (() => void) | undefined;
      apply(mapDelete, timers, [id]);
      callback?.();
    },
    settle: (id, answer) => {
      const waiting = apply(mapGet, calls, [id]) as ((answer: string) => void) | undefined;
      apply(mapDelete, calls, [id]);
      waiting?.(`${id}:${answer}`);
    },
    install: (name, path) => fileRealm?.install(path, fileBytes(name)),
    enter: (text) => {
      const settings = parse(text) as RunSettings; // written by the host
      maxMemoryBytes = settings.maxMemoryBytes;
      for (const [index, path] of (settings.packages ?? []).entries()) {
        fileRealm?.install(path, fileBytes(`package-${index}`));
      }
      fileRealm?.enter(
        settings.mounts,
        settings.writable,
        settings.cwd,
        settings.chunkBytes,
        settings.scratchBytes,
      );
    },
    reset: () => {
      fileRealm?.leave();
      streamsAreFresh = true;
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
    leave: () => {
      apply(mapClear, timers, []);
      apply(mapClear, calls, []);
      running = 0;
    },
    memoryBytes,
  };
}
