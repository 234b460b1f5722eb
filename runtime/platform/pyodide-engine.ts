import type { Engine } from '../engine.ts';
import { createPyodideEngine, type HashSeed } from '../engines/pyodide/engine.ts';
import type { ResolvePackages } from '../engines/pyodide/packages.ts';
import type { PythonPackageOptions } from './packages/options.ts';
import { findPyodide } from './pyodide-files.ts';

/** Options of Python guests. */
export interface PythonGuestOptions {
  /**
   * How long a seed of Python's string hashes lasts. `install`: it is in the interpreter's snapshot, one for each cache folder, and all runs
   * have it. `run`: each interpreter starts from nothing with 128 random bits of its own, which takes seconds; warm cells do so ahead, in the
   * background. Not with `packages.snapshots`. Deterministic runs have the seed 0 either way. @default 'install'
   */
  readonly hashSeed?: HashSeed;
}

const HASH_SEEDS: readonly HashSeed[] = ['install', 'run'];

/** @throws {TypeError} on an unknown option or value, or one that the options of packages exclude. */
export function checkPythonGuestOptions(
  options: PythonGuestOptions,
  packages: PythonPackageOptions | undefined,
): PythonGuestOptions {
  const fail = (reason: string): never => {
    throw new TypeError(`Cannot create a runtime: python${reason}`);
  };
  if (typeof options !== 'object' || options === null) fail(' is no object');
  for (const name of Object.keys(options))
    if (name !== 'hashSeed') fail(`: unknown option "${name}", known is hashSeed`);
  const { hashSeed } = options;
  if (hashSeed !== undefined && !HASH_SEEDS.includes(hashSeed))
    fail(`.hashSeed ${JSON.stringify(hashSeed)} is none of ${HASH_SEEDS.join(', ')}`);
  if (hashSeed === 'run' && packages?.snapshots !== undefined)
    fail(".hashSeed 'run' excludes packages.snapshots: a snapshot has its seed in it");
  return options;
}

export interface NodePyodideOptions extends PythonGuestOptions {
  /** Where packages come from. @default none: a run that names packages is refused */
  readonly packages?: PythonPackageOptions;
}

/**
 * Python on Node: the npm package `pyodide`, metered and snapshotted once per version, then kept in the cache. Nothing of it is loaded before
 * the first run that needs it.
 * @throws {SandglassError} INTERNAL when a file of the package is missing.
 */
export function createNodePyodideEngine({ packages, hashSeed }: NodePyodideOptions = {}): Engine {
  return createPyodideEngine({
    version: findPyodide().version,
    executorUrl: new URL(`./pyodide-node${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
      .href,
    execute: async (...run) => (await import('./pyodide-node.ts')).execute(...run),
    open: async () => (await import('./pyodide-node.ts')).open(),
    load: async (context) => (await import('./pyodide-build.ts')).loadPyodide(context),
    ...(packages === undefined ? {} : { packages: packagesFrom(packages) }),
    ...(hashSeed === undefined ? {} : { hashSeed }),
    ...(packages?.snapshots === undefined ? {} : { snapshots: packages.snapshots }),
    onRefused: (names, reason) =>
      process.emitWarning(
        `Cannot keep a snapshot with ${names.join(', ')} imported: ${reason}. Runs install and import them each for itself`,
        { type: 'SandglassWarning', code: 'SANDGLASS_SNAPSHOT' },
      ),
  });
}

function packagesFrom(options: PythonPackageOptions): ResolvePackages {
  let packages: Promise<ResolvePackages> | undefined;
  return async (...asked) => {
    packages ??= import('./packages/python-packages.ts').then(
      ({ createPythonPackages }) => createPythonPackages(options).resolve,
    );
    return (await packages)(...asked);
  };
}
