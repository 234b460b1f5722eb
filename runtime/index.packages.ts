import { openFileCache } from './platform/node-cache.ts';
import { checkPackageOptions, type PythonPackageOptions } from './platform/python/packages/options.ts';
import { createPythonPackages } from './platform/python/packages/python-packages.ts';
import { defined } from './vocabulary/defined.ts';

export interface FetchedPackage {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Lower-case hex; absent for wheels of a folder without a lock. */
  readonly sha256?: string;
  readonly from: 'folder' | 'lock' | 'index';
  /** Unpacked. */
  readonly bytes: number;
}

/**
 * Brings packages of Python guests, with all they depend on, into the cache, choosing versions anew.
 * @param cache Folder of the cache. @default the user's cache folder
 * @throws {SandglassError} INPUT_INVALID, UNSUPPORTED, MODULE_INVALID or HOST_CALL_FAILED, naming the package.
 */
export async function fetchPackages(
  sources: PythonPackageOptions,
  names: readonly string[],
  onDownload?: (what: string) => void,
  cache?: string,
): Promise<readonly FetchedPackage[]> {
  const packages = createPythonPackages(checkPackageOptions(sources), {
    refresh: true,
    ...defined({ onDownload }),
  });
  const installed = await packages.fetch(names, openFileCache(cache));
  return installed.map(({ candidate: { name, version, file, sha256, from }, files }) => ({
    name,
    version,
    file,
    from,
    ...defined({ sha256 }),
    bytes: files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0),
  }));
}
