import type { Engine, Executor } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import type { Instrumented } from './instrument-job.ts';
import type { ModuleCaches, PreparedModule } from './prepare.ts';
import { PREVIEW1_OPTIONS } from './run-options.ts';

export interface Preview1EngineOptions {
  /** Compiled modules kept in memory, 1..1_000. @default 32 */
  readonly cachedModules?: number;
}

/** A module that ships with us: packed on disk, read when a run first needs it. */
export interface OwnModule {
  /** Lower-case hex SHA-256 of the bytes. */
  readonly hash: string;
  readonly load: () => Promise<Uint8Array<ArrayBuffer>>;
}

/** Of instrumented, and of compiled modules in memory, bytes; the ones used last. */
const KEPT_BYTES = 256 * MIB;

/**
 * Runs core modules: WASI preview 1 programs by their `_start`, anything else by exported function. WASI is served by
 * `@bjorn3/browser_wasi_shim`, with every argument checked in front of it and with granted folders read and written live.
 * @throws {RangeError} on an option out of range.
 */
export function createPreview1Engine(options: Preview1EngineOptions = {}): Engine {
  let executor: Executor | undefined;
  return {
    ...moduleEngine('preview1', options),
    version: 'browser_wasi_shim 0.4.2',
    languageVersion: 'core modules, WASI preview1',
    options: PREVIEW1_OPTIONS,
    realm: 'sealed',
    inline: true,
    executorUrl: ownUrl(import.meta.url, './execute', './execute.cell').href,
    // Brought in by the first run in this thread; cells import it by its URL.
    execute: async (...run) => {
      executor ??= await import('./execute.ts');
      return executor.execute(...run);
    },
    open: async () => (await import('./execute.ts')).open(),
  };
}

/**
 * The same modules over `@wasmer/wasi`, a second implementation of WASI to compare with; chosen by its name only. It cannot sleep, and it sees
 * granted folders as copies made before the run, to which it cannot write. Its cell is used once, because all runs of a realm share its state.
 * @throws {RangeError} on an option out of range.
 */
export function createWasmerEngine(options: Preview1EngineOptions = {}): Engine {
  const engine = moduleEngine('preview1-wasmer', options);
  return {
    ...engine,
    // The scratch folder would be empty, and stay so.
    prepare: async (...guest) => ({ ...(await engine.prepare(...guest)), wantsFolders: false }),
    version: 'wasmer-wasi 1.2.2',
    languageVersion: 'core modules, WASI preview1',
    options: PREVIEW1_OPTIONS,
    realm: 'exposed',
    inline: false,
    executorUrl: ownUrl(import.meta.url, './execute-wasmer').href,
    // Half a megabyte of base64 that nobody should load who does not use it.
    execute: async (...run) => (await import('./execute-wasmer.ts')).execute(...run),
  };
}

type ModuleEngine = Pick<Engine, 'name' | 'languages' | 'memoryBytes' | 'stackSizeMb' | 'prepare'>;

function moduleEngine(name: string, { cachedModules = 32 }: Preview1EngineOptions): ModuleEngine {
  if (!Number.isInteger(cachedModules) || cachedModules < 1 || cachedModules > 1000) {
    throw new RangeError(
      `Cannot create the engine: cachedModules ${cachedModules} is not a whole number from 1 to 1000`,
    );
  }
  const caches: ModuleCaches = {
    instrumented: new Recent<Promise<Instrumented>>(cachedModules, KEPT_BYTES),
    compiled: new Recent<Promise<PreparedModule>>(cachedModules, KEPT_BYTES),
    jobUrl: ownUrl(import.meta.url, './instrument-job').href,
  };
  let preparer: typeof import('./prepare.ts') | undefined;
  return {
    name,
    languages: [],
    memoryBytes: 64 * MIB,
    stackSizeMb: 4,
    prepare: async (source, context) => {
      if (source.kind === 'wasm') {
        preparer ??= await import('./prepare.ts');
        const { bytes, hash } = source;
        return preparer.prepareModule(
          name,
          { hash, name: source.name, bytes: async () => bytes },
          context,
          caches,
        );
      }
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot run ${source.language}: this engine runs .wasm modules only`,
      );
    },
  };
}
