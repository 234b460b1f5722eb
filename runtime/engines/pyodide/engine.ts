import type { JsonObject } from '../../codec.ts';
import type { Engine, PrepareContext, PreparedGuest, ScriptSource } from '../../engine.ts';
import { SandglassError } from '../../errors.ts';
import type { PyodideAssets } from './assets.ts';
import type { PyodideProgram, PyodideShared } from './execute.ts';
import { findImports } from './find-imports.ts';
import { MODULE_NAME } from './module-name.ts';
import { checkPythonOptions, type PythonOptions } from './options.ts';
import type { PackageSet, ResolvePackages } from './packages.ts';

const MIB = 1024 * 1024;
const PAGE = 65_536;
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
}

/** What a platform's `load` gives. */
export interface PyodideBuild {
  /** With a hash seed of this install's own. */
  readonly assets: PyodideAssets;
  /** The same with the hash seed 0, for runs that repeat everywhere. */
  repeatable(): Promise<PyodideAssets>;
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
  const prepared = new Map<string, Promise<PreparedGuest>>();

  const build = (context: PrepareContext): Promise<PyodideBuild> => {
    loading ??= options.load(context).catch((error: unknown) => {
      loading = undefined; // the next run tries again
      throw error;
    });
    return loading;
  };
  const partsFor = (bytes: number, context: PrepareContext): Promise<PreparedGuest> => {
    const pages = Math.floor(bytes / PAGE);
    const key = `${pages} ${context.deterministic === true}`;
    let parts = prepared.get(key);
    if (parts === undefined) {
      parts = prepare(pages, context);
      prepared.set(key, parts);
      parts.catch(() => prepared.delete(key));
    }
    return parts;
  };
  const prepare = async (pages: number, context: PrepareContext): Promise<PreparedGuest> => {
    const built = await build(context);
    const bytes = await built.wasm(pages);
    const assets = context.deterministic === true ? await built.repeatable() : built.assets;
    const data: PyodideShared = { assets, maxMemoryBytes: pages * PAGE };
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
  ): Promise<PackageSet | undefined> => {
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
    const set = await options.packages(
      { names, imports },
      {
        maxMemoryPages: Math.floor(bytes / PAGE),
        ...(context.cache === undefined ? {} : { cache: context.cache }),
      },
    );
    return set.files.length === 0 ? undefined : set;
  };

  return {
    name: 'pyodide',
    version: options.version,
    languageVersion: 'CPython 3.14',
    setup: 'its snapshot, made by the first run of a version and then cached',
    languages: ['python'],
    realm: 'exposed',
    memoryBytes,
    stackSizeMb: 64,
    inline: false,
    executorUrl: options.executorUrl,
    execute: options.execute,
    ...(options.open === undefined ? {} : { open: options.open }),
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
      const own =
        mostBytes > memoryBytes || context.deterministic === true
          ? await partsFor(mostBytes, context)
          : undefined;
      const packages = await installed(source, context, mostBytes);
      const program: PyodideProgram = {
        ...(packages === undefined ? {} : { packages }),
        code,
        filename,
        modules,
        ...(own === undefined ? {} : { shared: own.data as PyodideShared }), // made by `prepare` above
      };
      return { engine: 'pyodide', data: program, modules: own?.modules ?? {} };
    },
  };
}

function readOptions(options: JsonObject): PythonOptions {
  try {
    return checkPythonOptions(options);
  } catch (error) {
    throw new SandglassError('INPUT_INVALID', error instanceof Error ? error.message : 'Cannot read options');
  }
}
