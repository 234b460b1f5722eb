import process from 'node:process';
import { cachedDataVersionTag } from 'node:v8';
import type { PrepareContext } from '../../contracts/engine.ts';
import {
  type CompiledScripts,
  decodeScripts,
  decodeSnapshot,
  encodeScripts,
  encodeSnapshot,
  type PyodideAssets,
  type Snapshot,
  shareBytes,
} from '../../engines/pyodide/assets.ts';
import type { PyodideBuild } from '../../engines/pyodide/engine.ts';
import { realmScripts } from '../../engines/pyodide/glue.ts';
import { PLAN_VERSION } from '../../engines/pyodide/hashes/plan.ts';
import { HOST_EXPORTS } from '../../engines/pyodide/host-exports.ts';
import type { ImportedPackages } from '../../engines/pyodide/package-snapshots.ts';
import type { InstalledWheel } from '../../engines/pyodide/packages.ts';
import type { PreparingSources } from '../../engines/pyodide/python/sources.ts';
import { BOOT_SCRIPT, PARTS_SCRIPT } from '../../engines/pyodide/realm/scripts.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { MIB } from '../../vocabulary/units.ts';
import { capMemories } from '../../wasm/cap-memories.ts';
import { FUEL_SCHEDULE } from '../../wasm/fuel-schedule.ts';
import { importMemory } from '../../wasm/import-memory.ts';
import { INSTRUMENT_VERSION } from '../../wasm/instrument.ts';
import { sha256Hex } from '../sha256-hex.ts';
import { keepLibrary } from './library-bytecode.ts';
import { widenStacks } from './node-stacks.ts';
import {
  type BytecodeJob,
  job as compileSources,
  readFrames,
  type WheelBytecode,
} from './pyodide-bytecode.ts';
import { type CompileJob, job as compileScripts } from './pyodide-code.ts';
import { type PyodideFiles, readPyodide } from './pyodide-files.ts';
import { DEALLOC_FRAME, type MeteredJob, job as meter } from './pyodide-metered.ts';
import { job, type SnapshotJob, type SnapshotRefused } from './pyodide-snapshot.ts';
import { readPythonSources } from './python-sources.ts';
import { METERED, SNAPSHOT } from './shipped-python.ts';

const PAGE = 65_536;
/** Enough to set Python up in; the snapshot itself only grows with what is used. */
const SETUP_PAGES = (256 * MIB) / PAGE;
/** Wheels whose bytecode stays in memory. */
const MOST_BYTECODES = 100;
const JOB_LIMITS = { timeoutMs: 120_000, memoryMb: 512 };

/** Beside this file, in the form this file has: `.ts` from sources, `.js` once built. */
const besides = (name: string): string => ownUrl(import.meta.url, `./${name}`).href;

/**
 * Reads the package, and derives what the cache does not have: the metered wasm and the snapshot.
 * @throws {SandglassError} INTERNAL when a file of the package is missing or damaged, or Python does not start from them.
 */
export async function loadPyodide(context: PrepareContext): Promise<PyodideBuild> {
  const files = await readPyodide();
  try {
    return await derive(files, context);
  } catch (cause) {
    throw new SandglassError('INTERNAL', 'Cannot start Python: its interpreter could not be made ready', {
      hint: '"npm ci" installs it anew, should it be damaged',
      cause,
    });
  }
}

async function derive(files: PyodideFiles, context: PrepareContext): Promise<PyodideBuild> {
  const { stdlib, lock, wasmHash, leastMemoryBytes, source } = files;
  const scripts = realmScripts(files.loader, files.glue);
  const sources = readPythonSources();
  const metered = meteredOnce(context, source, wasmHash, [...HOST_EXPORTS, ...scripts.exports]);
  const wasm = async (pages: number): Promise<Uint8Array<ArrayBuffer>> =>
    importMemory(await capMemories(await metered(), pages));
  const bare: PyodideAssets = {
    ...scripts,
    stdlib: shareBytes(stdlib),
    lockFile: emptyLock(lock),
    snapshot: undefined,
  };
  const inputs = inputsOf(files);
  // Its bytes are the same on both supported majors of Node, but nothing promises it.
  const key = sha256Hex([inputs, majorOf(process.versions.node)].join('\0'));
  const setUp = async (): Promise<Omit<CompileJob, 'assets'>> => ({
    module: await context.compile(await wasm(SETUP_PAGES)),
    maxMemoryBytes: SETUP_PAGES * PAGE,
  });
  const snapshotOf = async (
    name: string,
    hashes: SnapshotJob['hashes'],
    packages?: ImportedPackages,
  ): Promise<Snapshot> => {
    const encoded = await cached(context, `pyodide-snapshot/${key}/${name}`, async () => {
      const input: SnapshotJob = {
        ...(await setUp()),
        assets: bare,
        leastMemoryBytes,
        hashes,
        setUp: sources.setUp,
        ...(packages === undefined
          ? {}
          : {
              packages: {
                files: packages.files,
                modules: packages.modules,
                importing: sources.importPackages(packages.modules),
              },
            }),
      };
      const made =
        context.job === undefined
          ? await job(input)
          : await context.job(besides('pyodide-snapshot'), input, JOB_LIMITS);
      const snapshot = made as Snapshot | SnapshotRefused; // what `job` answers
      if ('refused' in snapshot) throw new SandglassError('UNSUPPORTED', snapshot.refused);
      return encodeSnapshot(snapshot);
    });
    return decodeSnapshot(shareBytes(encoded));
  };
  const shipped = 'shipped' in source ? await source.shipped.derived(SNAPSHOT, inputs) : undefined;
  const started: PyodideAssets = {
    ...bare,
    snapshot:
      shipped === undefined ? await snapshotOf('renewed', 'renewed') : decodeSnapshot(shareBytes(shipped)),
  };
  widenStacks(); // a flag that is set later would make V8 refuse what was compiled before
  const compiled = await cached(context, `pyodide-code/${key}/${cachedDataVersionTag()}`, async () => {
    const input: CompileJob = { ...(await setUp()), assets: started };
    const made =
      context.job === undefined
        ? await compileScripts(input)
        : await context.job(besides('pyodide-code'), input, JOB_LIMITS);
    return encodeScripts(made as CompiledScripts); // what `job` answers
  });
  const assets: PyodideAssets = { ...started, code: decodeScripts(shareBytes(compiled)) };
  let repeatable: Promise<PyodideAssets> | undefined;
  return {
    assets,
    wasm,
    ...keepCompiled(context, [wasmHash, sha256Hex(stdlib)], stdlib, { assets, sources, setUp }),
    withPackages: async (packages) => {
      const name = `packages-${sha256Hex([packages.key, sources.importPackages(packages.modules)].join('\0'))}`;
      return { ...assets, snapshot: await snapshotOf(name, 'renewed', packages) };
    },
    repeatable: () => {
      repeatable ??= snapshotOf('repeatable', 'kept').then((snapshot) => ({ ...assets, snapshot }));
      repeatable.catch(() => {
        repeatable = undefined; // the next run tries again
      });
      return repeatable;
    },
  };
}

/** Bytecode of wheels and of the standard library, which guests of our own compile. */
function keepCompiled(
  context: PrepareContext,
  made: readonly string[],
  stdlib: Uint8Array,
  given: {
    readonly assets: PyodideAssets;
    readonly sources: PreparingSources;
    readonly setUp: () => Promise<Omit<CompileJob, 'assets'>>;
  },
): Pick<PyodideBuild, 'bytecode' | 'library'> {
  const { assets, sources, setUp } = given;
  const compile = async (what: Omit<BytecodeJob, keyof CompileJob>): Promise<Uint8Array> => {
    const input: BytecodeJob = { ...(await setUp()), assets, ...what };
    const answer =
      context.job === undefined
        ? await compileSources(input)
        : await context.job(besides('pyodide-bytecode'), input, JOB_LIMITS);
    return answer as Uint8Array; // what `job` answers
  };
  return {
    bytecode: keepBytecode(context, made, sources.compilePackage, compile),
    library: keepLibrary({
      stdlib,
      key: [...made, sha256Hex(sources.setUp), sha256Hex(sources.compileLibrary)].join('/'),
      cache: context.cache,
      compile: (names) => compile({ source: sources.compileLibrary, files: [], names }),
    }),
  };
}

/**
 * Bytecode by wheel, made once and cached: of the interpreter (`made`), of the program that compiles (`source`) and of the wheel; nothing else
 * is in it, and no run of a guest's has a part in it.
 */
function keepBytecode(
  context: PrepareContext,
  made: readonly string[],
  source: string,
  compile: (what: Omit<BytecodeJob, keyof CompileJob>) => Promise<Uint8Array>,
): PyodideBuild['bytecode'] {
  const kept = new Map<string, Promise<WheelBytecode>>();
  const bytecode = async (wheel: InstalledWheel): Promise<WheelBytecode> => {
    const files = wheel.files.filter(({ path }) => path.endsWith('.py'));
    if (files.length === 0 || context.cache === undefined) return NOT_COMPILED;
    const key = `pyodide-bytecode/${[...made, sha256Hex(source), wheel.sha256].join('/')}`;
    const encoded = await cached(context, key, async () => new Uint8Array(await compile({ source, files })));
    return readFrames(shareBytes(encoded));
  };
  return (wheel) => {
    const there = kept.get(wheel.sha256);
    if (there !== undefined) return there;
    const coming = bytecode(wheel).catch(() => NOT_COMPILED); // then each run compiles what it imports
    if (kept.size >= MOST_BYTECODES) kept.clear();
    kept.set(wheel.sha256, coming);
    return coming;
  };
}

const NOT_COMPILED: WheelBytecode = { files: [], imports: [] };

/** The interpreter's wasm as it is metered, once for all caps on its memory. */
const meteredOnce = (
  context: PrepareContext,
  source: PyodideFiles['source'],
  wasmHash: string,
  exports: readonly string[],
): (() => Promise<Uint8Array<ArrayBuffer>>) => {
  const key = meteredKey(wasmHash, exports);
  return keptWithoutCache('shipped' in source ? {} : context, async () => {
    if ('shipped' in source) {
      const derived = await source.shipped.derived(METERED, key);
      if (derived === undefined) throw new Error('Cannot start Python: what ships is of another version');
      return derived;
    }
    return cached(context, key, async () => {
      const input: MeteredJob = { plain: source.wasm, exports };
      const made =
        context.job === undefined
          ? meter(input)
          : await context.job(besides('pyodide-metered'), input, JOB_LIMITS);
      return made as Uint8Array<ArrayBuffer>; // what `job` answers
    });
  });
};

const meteredKey = (wasmHash: string, exports: readonly string[]): string =>
  `pyodide-wasm/${wasmHash}/${FUEL_SCHEDULE.version}.${INSTRUMENT_VERSION}.${DEALLOC_FRAME.frameBytes}/${sha256Hex(exports.join())}`;

/** Every input of a snapshot, as one digest; the platform that makes it is none of them. */
export function inputsOf({
  loader,
  glue,
  stdlib,
  wasmHash,
}: Pick<PyodideFiles, 'loader' | 'glue' | 'stdlib' | 'wasmHash'>): string {
  const scripts = realmScripts(loader, glue);
  return sha256Hex(
    [
      wasmHash,
      sha256Hex(stdlib),
      scripts.loader,
      scripts.glue,
      readPythonSources().setUp,
      BOOT_SCRIPT,
      PARTS_SCRIPT,
      String(PLAN_VERSION),
    ].join('\0'),
  );
}

/** What no cache keeps is made once for the process, and stays. */
function keptWithoutCache<T>(
  { cache }: Pick<PrepareContext, 'cache'>,
  make: () => Promise<T>,
): () => Promise<T> {
  if (cache !== undefined) return make;
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    made.catch(() => {
      made = undefined; // the next run tries again
    });
    return made;
  };
}

const majorOf = (version: string): string => version.split('.', 1)[0] ?? '';
/** The lock's description of the platform without its packages: the guest is told of none that the host has not put in place. */
function emptyLock(lock: string): string {
  const { info } = JSON.parse(lock) as { readonly info: unknown }; // from the package itself
  return JSON.stringify({ info, packages: {} });
}

async function cached(
  context: PrepareContext,
  key: string,
  make: () => Promise<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const known = await context.cache?.get(key);
  if (known !== undefined) return known;
  context.tell?.({ kind: 'preparing', message: 'Preparing Python, once per version' });
  const made = await make();
  await context.cache?.set(key, made);
  return made;
}
