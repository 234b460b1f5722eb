import type { Engine, PrepareContext, PreparedGuest, ScriptSource } from '../../contracts/engine.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import type { PyodideAssets } from './assets.ts';
import { findImportedNames, findImports } from './find-imports.ts';
import type { LibraryModule } from './library.ts';
import { MODULE_NAME } from './module-name.ts';
import { checkPythonOptions, PYTHON_OPTIONS, type PythonOptions } from './options.ts';
import {
  createPackageSnapshots,
  type ImportedPackages,
  type PackageSnapshot,
  type PackageSnapshotsOptions,
} from './package-snapshots.ts';
import {
  filesOf,
  type InstalledWheel,
  type PackageContext,
  type PackageFile,
  type PackageSet,
  type ResolvePackages,
} from './packages.ts';
import type { PyodideProgram, PyodideShared } from './program.ts';

const PAGE = 65_536;
/** Memory caps whose parts are kept, the ones used last: a caller may ask for any. */
const MOST_PREPARED = 16;
/** The interpreter's present memory before any guest code, whole MiB: less cannot hold it. */
const LEAST_MEMORY_BYTES = 40 * MIB;
const MAX_SOURCE_BYTES = 8 * MIB;

export interface PyodideEngineOptions {
  /** Version of the interpreter's package, e.g. `314.0.7`. */
  readonly version: string;
  /** Brings what every interpreter starts from; called once. */
  readonly load: (context: PrepareContext) => Promise<PyodideBuild>;
  /** URL of the executor for this platform. */
  readonly executorUrl: string;
  readonly execute: Engine['execute'];
  readonly open?: NonNullable<Engine['open']>;
  /** Where packages come from. Absent: a run that names any is refused. */
  readonly packages?: ResolvePackages;
  /** Sets of packages to be imported ahead. @default none */
  readonly snapshots?: readonly (readonly string[])[];
  /** Told once of each of them that cannot be. */
  readonly onRefused?: PackageSnapshotsOptions['onRefused'];
}

/** What a platform's `load` gives. */
export interface PyodideBuild {
  /** Each interpreter that starts from them takes a hash secret of its own. */
  readonly assets: PyodideAssets;
  /** The same with the hash seed 0, for runs that repeat everywhere. */
  repeatable(): Promise<PyodideAssets>;
  /** What the Python files of a wheel are compiled to, to be put in place beside them, and what they import; nothing where that cannot be. */
  bytecode(
    wheel: InstalledWheel,
  ): Promise<{ readonly files: readonly PackageFile[]; readonly imports: readonly string[] }>;
  /** These modules of the standard library and all that they load, compiled: those that an interpreter does not have at its start. */
  library(names: readonly string[]): Promise<readonly LibraryModule[]>;
  /** The same with these packages imported. Rejects where their modules cannot be kept in a snapshot. */
  withPackages(packages: ImportedPackages): Promise<PyodideAssets>;
  /** The interpreter's wasm, metered, with this many pages at most. */
  wasm(maxMemoryPages: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Python guests on Pyodide, each in a realm and an interpreter of its own that start from one snapshot.
 *
 * @example
 * createRuntimeOn({ ...nodePlatform, engines: [createNodePyodideEngine()], hostFunctions: [] }, {});
 */
export function createPyodideEngine(options: PyodideEngineOptions): Engine {
  const memoryBytes = 512 * MIB;
  let loading: Promise<PyodideBuild> | undefined;
  /** Prepared parts by memory cap, and by whether their runs repeat. */
  const prepared = new Recent<Promise<PreparedGuest>>(MOST_PREPARED);

  const build = (context: PrepareContext): Promise<PyodideBuild> => {
    loading ??= options.load(context).catch((error: unknown) => {
      loading = undefined; // the next run tries again
      throw error;
    });
    return loading;
  };
  const partsFor = (
    bytes: number,
    context: PrepareContext,
    ahead?: PackageSnapshot,
  ): Promise<PreparedGuest> => {
    const pages = Math.floor(bytes / PAGE);
    const key = `${pages} ${context.deterministic === true} ${ahead?.key ?? ''}`;
    let parts = prepared.get(key);
    if (parts === undefined) {
      parts = prepare(pages, context, ahead);
      prepared.set(key, parts);
      parts.catch(() => prepared.delete(key));
    }
    return parts;
  };
  const prepare = async (
    pages: number,
    context: PrepareContext,
    ahead: PackageSnapshot | undefined,
  ): Promise<PreparedGuest> => {
    const built = await build(context);
    const bytes = await built.wasm(pages);
    const assets =
      ahead?.assets ?? (context.deterministic === true ? await built.repeatable() : built.assets);
    const data: PyodideShared = {
      assets,
      maxMemoryBytes: pages * PAGE,
      ...(ahead === undefined ? {} : { packages: ahead.files }),
    };
    return {
      engine: 'pyodide',
      data,
      modules: { [MODULE_NAME]: { module: await context.compile(bytes), bytes } },
    };
  };

  const installed = async (
    source: ScriptSource,
    context: PrepareContext,
    bytes: number,
  ): Promise<{ readonly set: PackageSet; readonly imports: readonly string[] } | undefined> => {
    const names = readOptions(context.options ?? {}).packages ?? [];
    if (options.packages === undefined) {
      if (names.length === 0) return undefined;
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot install "${names[0]}": no source of packages is configured`,
        {
          hint: 'Configure a folder of wheels or an index: --wheels, --index; in a program the option packages of createRuntime',
          details: { package: names[0] ?? '' },
        },
      );
    }
    const imports = [source.code, ...Object.values(source.modules)].flatMap(findImports);
    const set = await options.packages({ names, imports }, packageContext(context, bytes));
    if (set.wheels.length === 0) return undefined;
    const built = await build(context);
    const wheels: InstalledWheel[] = [];
    const imported: string[] = [];
    for (const wheel of set.wheels) {
      const compiled = await built.bytecode(wheel);
      wheels.push({ ...wheel, files: [...wheel.files, ...compiled.files] });
      imported.push(...compiled.imports);
    }
    return { set: { wheels }, imports: imported };
  };

  const snapshots =
    options.packages === undefined || options.snapshots === undefined
      ? undefined
      : createPackageSnapshots({
          sets: options.snapshots,
          resolve: options.packages,
          onRefused: options.onRefused ?? (() => undefined),
        });
  /** Engines whose warm cells start from other parts than most: packages that are imported, or hashes that repeat. */
  const others = new Map<string, Engine>();
  const startedWith = (repeats: boolean, ahead: PackageSnapshot | undefined): Engine => {
    const key = `${repeats} ${ahead?.key ?? ''}`;
    let other = others.get(key);
    if (other === undefined) {
      other = {
        ...engine,
        shared: (context) => partsFor(memoryBytes, { ...context, deterministic: repeats }, ahead),
      };
      others.set(key, other);
    }
    return other;
  };
  /** The snapshot that a run starts from; none for what must repeat on every machine, or has a guest already. */
  const aheadOf = async (
    packages: PackageSet,
    context: PrepareContext,
    bytes: number,
  ): Promise<PackageSnapshot | undefined> => {
    if (context.deterministic === true || context.keptCell === true) return undefined;
    const ahead = await snapshots?.find(packages, packageContext(context, bytes), async (set) =>
      (await build(context)).withPackages(set),
    );
    const present = ahead?.assets.snapshot?.memoryBytes ?? 0;
    return present > context.limits.memoryBytes ? undefined : ahead;
  };

  const engine: Engine = {
    name: 'pyodide',
    version: options.version,
    languageVersion: 'CPython 3.14',
    setup:
      'its snapshot ships; those with packages, and of deterministic runs, are made once and then cached',
    languages: ['python'],
    options: PYTHON_OPTIONS,
    realm: 'sealed',
    renews: true,
    memoryBytes,
    stackSizeMb: 64,
    inline: false,
    executorUrl: options.executorUrl,
    execute: options.execute,
    ...defined({ open: options.open }),
    ...(snapshots === undefined ? {} : { snapshots: snapshots.list }),
    shared: (context) => partsFor(memoryBytes, context),
    prepare: async (source, context) => {
      if (source.kind !== 'script' || source.language !== 'python') {
        throw new SandglassError('UNSUPPORTED', 'Cannot run this with pyodide: it takes Python source');
      }
      if (source.code.length > MAX_SOURCE_BYTES) {
        throw new SandglassError(
          'INPUT_INVALID',
          `Cannot run ${source.filename}: over ${MAX_SOURCE_BYTES} characters`,
        );
      }
      if (context.limits.memoryBytes < LEAST_MEMORY_BYTES) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot run Python in ${context.limits.memoryBytes} bytes: the interpreter itself takes ${LEAST_MEMORY_BYTES}`,
          { hint: `Raise limits.memoryBytes to ${LEAST_MEMORY_BYTES} or more` },
        );
      }
      const { code, filename, modules } = source;
      const mostBytes = Math.max(memoryBytes, context.limits.memoryBytes);
      const found = await installed(source, context, mostBytes);
      const packages = found?.set;
      const imports = [code, ...Object.values(modules)].flatMap(findImportedNames);
      const library =
        imports.length === 0 && found === undefined
          ? []
          : await (await build(context)).library([...imports, ...(found?.imports ?? [])]);
      const ahead = packages === undefined ? undefined : await aheadOf(packages, context, mostBytes);
      const repeats = context.deterministic === true;
      // A cell that has a guest already has warm parts of its own; cells with more memory than most are not kept warm.
      const isOwn = mostBytes > memoryBytes || (repeats && context.keptCell === true);
      const own = isOwn ? await partsFor(mostBytes, context, ahead) : undefined;
      const inOtherCell = !isOwn && (repeats || ahead !== undefined);
      const program: PyodideProgram = {
        ...(packages === undefined || ahead !== undefined ? {} : { packages: filesOf(packages) }),
        code,
        filename,
        modules,
        ...(library.length === 0 ? {} : { library }),
        ...(own === undefined ? {} : { shared: own.data as PyodideShared }), // made by `prepare` above
      };
      return {
        ownScratch: true,
        engine: 'pyodide',
        data: program,
        modules: own?.modules ?? {},
        ...(inOtherCell ? { cellsOf: startedWith(repeats, ahead) } : {}),
      };
    },
  };
  return engine;
}

const packageContext = ({ cache }: PrepareContext, bytes: number): PackageContext => ({
  maxMemoryPages: Math.floor(bytes / PAGE),
  ...defined({ cache }),
});

function readOptions(options: JsonObject): PythonOptions {
  try {
    return checkPythonOptions(options);
  } catch (error) {
    throw new SandglassError('INPUT_INVALID', error instanceof Error ? error.message : 'Cannot read options');
  }
}
