import type { Engine } from '../../contracts/engine.ts';
import { createPyodideEngine } from '../../engines/pyodide/engine.ts';
import type { ResolvePackages } from '../../engines/pyodide/packages.ts';
import { defined } from '../../vocabulary/defined.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import type { PythonPackageOptions } from './packages/options.ts';
import { findPyodide } from './pyodide-files.ts';

export interface NodePyodideOptions {
  /** Where packages come from. @default none: a run that names packages is refused */
  readonly packages?: PythonPackageOptions;
}

/**
 * Python on Node: the npm package `pyodide`, metered and snapshotted once per version, then kept in the cache. Nothing of it is loaded before
 * the first run that needs it.
 * @throws {SandglassError} INTERNAL when a file of the package is missing.
 */
export function createNodePyodideEngine({ packages }: NodePyodideOptions = {}): Engine {
  return createPyodideEngine({
    version: findPyodide().version,
    executorUrl: ownUrl(import.meta.url, './pyodide-node').href,
    execute: async (...run) => (await import('./pyodide-node.ts')).execute(...run),
    open: async () => (await import('./pyodide-node.ts')).open(),
    load: async (context) => (await import('./pyodide-build.ts')).loadPyodide(context),
    ...(packages === undefined ? {} : { packages: packagesFrom(packages) }),
    ...defined({ snapshots: packages?.snapshots }),
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
