import type { countBuffers } from './buffers.ts';
import type { guardCalls } from './calls.ts';
import type {
  BootOptions,
  EmscriptenModule,
  ModuleSettings,
  RealmApi,
  RealmPort,
  RunSettings,
} from './contract.ts';
import type { Fs } from './files/fs.ts';
import type { FileParts, FileRealm, installFiles } from './files/install.ts';
import type { hardenLanguage } from './language.ts';
import type { lateSymbols } from './late-symbols.ts';
import type { serveGuest } from './serve-guest.ts';
import type { openStreams, StreamTaker } from './streams.ts';
import type { installSurroundings } from './surroundings.ts';
import type { guardTexts } from './texts.ts';
import type { guardWasm, WasmGuard, WasmParts } from './wasm/guard-wasm.ts';
import type { wrapPort } from './wrap-port.ts';
import type { keepZone } from './zone.ts';

/** What the boot script needs of Pyodide's own objects; they are untyped text to us otherwise. */
interface PyodideApi extends StreamTaker {
  readonly globals: { get(name: string): unknown };
  readonly _module: EmscriptenModule;
  readonly _api: { fatal_error: (error: unknown) => never; readonly isPyProxy: (value: unknown) => boolean };
  runPython(code: string): unknown;
  pyimport(name: string): PyModule;
  makeMemorySnapshot(): Uint8Array;
}

interface PyModule {
  attach(host: object): void;
  /** Tells a program that it waits for what nothing will bring. */
  stuck(): void;
  /** Runs a program, which reports by itself; answers once it has ended or waits for the first time. */
  readonly start: { callPromising(spec: string): Promise<void> };
}

/** The other functions that run inside the guest's realm, each of that realm. */
export interface RealmParts extends FileParts, WasmParts {
  readonly countBuffers: typeof countBuffers;
  readonly guardCalls: typeof guardCalls;
  readonly guardTexts: typeof guardTexts;
  readonly guardWasm: typeof guardWasm;
  readonly hardenLanguage: typeof hardenLanguage;
  readonly installFiles: typeof installFiles;
  readonly installSurroundings: typeof installSurroundings;
  readonly keepZone: typeof keepZone;
  readonly lateSymbols: typeof lateSymbols;
  readonly openStreams: typeof openStreams;
  readonly serveGuest: typeof serveGuest;
  readonly wrapPort: typeof wrapPort;
}

/**
 * Runs inside the guest's realm. Its text is taken by `String(bootRealm)`, so it can use nothing from outside but its parameters. All that it
 * relies on later is captured here, before any guest code runs: a guest may change every object of its realm.
 */
export function bootRealm(
  host: RealmPort,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  memoryImport: string,
  parts: RealmParts,
): RealmApi {
  const realm = globalThis as unknown as Record<string, unknown>; // names that only the changed glue scripts know are set here
  const { apply } = Reflect;
  const { parse } = JSON;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const Failure = Error;
  const Range = RangeError;
  const Text = String;
  const sliceText = Text.prototype.slice;
  const promiseThen = Promise.prototype.then;
  const setBytes = Bytes.prototype.set;

  const port = parts.wrapPort(host);

  const fileBytes = (name: string): Uint8Array => {
    const size = port.size(name);
    if (size < 0) throw new Failure(`no file ${name}`);
    const buffer = new Buffer(size);
    port.load(name, buffer);
    return new Bytes(buffer);
  };

  /** The question that the guest's program is the answer to, once it runs. */
  let running = 0;
  const failRun = (error: unknown): void => {
    if (running > 0) fatal(running, error);
  };
  const nothing = (): void => undefined;
  parts.keepZone(realm, port);
  const buffers = parts.countBuffers(realm, port);
  const LIBRARY = 'python_stdlib.zip';
  /** An interpreter that is restored has read of its library what it needs to start. */
  let restoring = false;
  const ownFile = (name: string): Uint8Array =>
    restoring && name === LIBRARY ? new Bytes(8) : fileBytes(name);
  const timers = parts.installSurroundings(realm, port, ownFile, failRun);
  const calls = parts.guardCalls();
  const texts = parts.guardTexts(() => wasm.memory.buffer());
  const guardImports = (env: Record<string, unknown>, missing: unknown): void => {
    texts.guard(env);
    calls.guard(env, missing);
    env.__syscall_umask_js = (mask: number) => fileRealm?.umask(mask) ?? 0;
  };
  const origin = { module, memory, memoryImport, guardImports };
  const wasm: WasmGuard = parts.guardWasm(origin, port, buffers.copyOf, parts);
  let pyodide: PyodideApi | undefined;
  let runner: PyModule | undefined;
  let fileRealm: FileRealm | undefined;
  let snapshotBytes: Uint8Array | undefined;

  const guest = parts.serveGuest(
    port,
    buffers,
    timers,
    (text) => port.done(running, true, text),
    () => fileRealm?.refusal() ?? '',
  );

  const boot = async (options: BootOptions): Promise<void> => {
    wasm.memory.setLimit(options.maxMemoryBytes);
    const create = realm.__createPyodideModule as (settings: ModuleSettings) => Promise<EmscriptenModule>; // set by the changed glue
    const load = realm.loadPyodide as (settings: object) => Promise<PyodideApi>; // set by the changed loader
    delete realm.__createPyodideModule;
    delete realm.loadPyodide;
    restoring = options.start === 'restore';
    const late = parts.lateSymbols(() => wasm.section(options.deferred.section), options.deferred.table);
    if (options.foreign) calls.allowSilence();
    const jsglobals: object = {
      __proto__: null,
      setTimeout: timers.setTimer,
      clearTimeout: timers.clearTimer,
    } as object;
    const settings: Record<string, unknown> = {
      indexURL: '/pyodide/',
      lockFileContents: options.lockFile,
      packageBaseUrl: '/none/',
      jsglobals,
      env: { HOME: '/tmp', PYTHONHASHSEED: Text(options.hashSeed) },
      _makeSnapshot: options.start === 'prepare',
      createPyodideModule: async (moduleSettings: ModuleSettings) => {
        moduleSettings.instantiateWasm = wasm.instantiateMain(moduleSettings, late);
        const created = await create(moduleSettings);
        late.linkBy(created);
        if (restoring) {
          const missing = options.snapshotMemory - wasm.memory.bytes();
          if (missing > 0 && moduleSettings.growMemory?.(options.snapshotMemory) !== 1) {
            throw new Range('memory limit reached');
          }
          parts.lateFile(created.FS as Fs, '/lib/python314.zip', port.size(LIBRARY), () =>
            fileBytes(LIBRARY),
          );
          // Objects of packages may run their code when they are asked for their hashes.
          calls.silence(true);
          port.restore();
          calls.silence(false);
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
      if (name === 'ExitStatus' && typeof status === 'number')
        port.done(running, true, `{"exit":${status & 255}}`); // os._exit()
      else failRun(error);
      throw error;
    };
    if (options.start !== 'prepare') narrowStack(options.recursionBytes);
    wasm.seal();
    calls.seal(pyodide._api.isPyProxy);
    buffers.harden();
    parts.hardenLanguage(realm, port);
    fileRealm = parts.installFiles(pyodide._module, port, parts);
    if (options.start !== 'prepare') {
      runner = pyodide.pyimport('_sandglass');
      runner.attach(guest.object);
    }
  };

  /**
   * Python measures its recursion by the stack of the wasm's own memory, whose end it notes once; the thread's stack fills several times as
   * fast. With an end that is nearer, Python raises its RecursionError before V8 ends the run.
   */
  const narrowStack = (bytes: number): void => {
    const exports = wasm.exports() as Record<string, (...args: number[]) => number>; // of CPython and Emscripten, all of numbers
    const call = (name: string, ...args: number[]): number =>
      apply(exports[name] ?? nothing, undefined, args);
    const base = call('emscripten_stack_get_base');
    call('emscripten_stack_set_limits', base, base - bytes); // for the states that the glue makes for each of its entries
    call('_Py_InitializeRecursionLimits', call('PyThreadState_Get'));
  };

  const streams = parts.openStreams(port, buffers, fileBytes);
  const MOST_ERROR_TEXT = 4000;
  const ownText = (value: unknown): string => {
    if (typeof value !== 'string') throw new Failure('no text');
    return value;
  };
  /** Errors that end here are the interpreter's own; what Python code raises is in the runner's report. */
  const fatal = (id: number, error: unknown): void => {
    let text = 'fatal error';
    try {
      text =
        wasm.overflowed() || error instanceof Range
          ? 'stack overflow'
          : apply(sliceText, ownText((error as Error)?.stack ?? (error as Error)?.message), [
              0,
              MOST_ERROR_TEXT,
            ]);
    } catch {
      // A guest may have made the error: its text is then of no use.
    }
    port.done(id, false, text);
  };
  const settled = (id: number, work: Promise<unknown>): void => {
    apply(promiseThen, work, [() => port.done(id, true, ''), (error: unknown) => fatal(id, error)]);
  };
  const runProgram = async (spec: string): Promise<void> => {
    if (pyodide === undefined || runner === undefined) throw new Failure('run before boot');
    streams.open(pyodide);
    await runner.start.callPromising(spec);
  };

  return {
    boot: (id, options) => settled(id, boot(parse(options) as BootOptions)), // written by the host
    run: (id, spec) => {
      running = id;
      apply(promiseThen, runProgram(spec), [nothing, failRun]);
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
    fire: timers.fire,
    settle: guest.settle,
    install: (name, path) => fileRealm?.install(path, fileBytes(name)),
    enter: (text) => {
      const settings = parse(text) as RunSettings; // written by the host
      wasm.memory.setLimit(settings.maxMemoryBytes);
      texts.setLimit(settings.textLength);
      for (const [index, path] of (settings.packages ?? []).entries()) {
        try {
          fileRealm?.install(path, fileBytes(`package-${index}`));
        } catch {
          return index; // one package has as a folder what another, or Python, has as a file
        }
      }
      for (const [name, path] of settings.library ?? [])
        fileRealm?.offer(path, port.size(name), () => fileBytes(name));
      fileRealm?.enter(
        settings.mounts,
        settings.writable,
        settings.cwd,
        settings.chunkBytes,
        settings.scratchBytes,
      );
      return -1;
    },
    put: (name, path) => fileRealm?.given.put(path, fileBytes(name)),
    collect: () => fileRealm?.given.collect(),
    wake: () => {
      if (running > 0 && timers.count() === 0 && guest.idle()) runner?.stuck();
    },
    reset: () => {
      fileRealm?.leave();
      streams.areFresh();
    },
    guardRefill: wasm.guardRefill,
    hush: () => calls.silence(true),
    end: () => {
      timers.end();
      wasm.end();
    },
    leave: () => {
      timers.clear();
      guest.clear();
      running = 0;
    },
    memoryBytes: wasm.memory.bytes,
  };
}
