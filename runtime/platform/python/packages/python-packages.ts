import { readFile } from 'node:fs/promises';
import type { ByteCache } from '../../../contracts/engine.ts';
import type { ResolvePackages, WantedPackages } from '../../../engines/pyodide/packages.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { readLock } from '../pyodide-files.ts';
import { createDownloads, type Downloads } from './downloads.ts';
import { createLockedSource } from './locked-source.ts';
import type { PythonPackageOptions } from './options.ts';
import { modulesOf, readPackageLock } from './package-lock.ts';
import type { PackageSource } from './package-source.ts';
import { createPackageWork } from './package-work.ts';
import { releaseAddress } from './pyodide-release.ts';
import { createUnpackedWheels, type Installed, packageSetOf, resolvePackages } from './resolve-packages.ts';
import { createSimpleIndex } from './simple-index.ts';
import { createWheelFolder } from './wheel-folder.ts';

export interface PythonPackages {
  readonly resolve: ResolvePackages;
  /** Brings them into the cache and tells what they are, running nothing. */
  fetch(names: readonly string[], cache: ByteCache | undefined): Promise<readonly Installed[]>;
}

export interface PythonPackagesParts {
  /** Choose versions anew, whatever was chosen before. @default false */
  readonly refresh?: boolean;
  readonly onDownload?: (what: string) => void;
  /** @default the platform's */
  readonly fetch?: typeof fetch;
}

/** Of a guest with the default memory: what is fetched is checked as it will be used. */
const FETCH_PAGES = 8192;

/** Where the packages of Python guests come from: the folder first, then Pyodide's lock, then the index. */
export function createPythonPackages(
  options: PythonPackageOptions,
  parts: PythonPackagesParts = {},
): PythonPackages {
  const work = createPackageWork();
  const unpacked = createUnpackedWheels(work);
  let lock: ReturnType<typeof ownLock> | undefined;

  const released = (): ReturnType<typeof ownLock> => {
    lock ??= ownLock();
    return lock;
  };
  const sourcesWith = async (cache: ByteCache | undefined): Promise<readonly PackageSource[]> => {
    const downloads: Downloads = createDownloads({
      cache,
      offline: options.offline ?? false,
      fetch: parts.fetch ?? fetch,
      ...defined({ onDownload: parts.onDownload }),
    });
    const sources: PackageSource[] = [];
    if (options.wheels !== undefined) {
      const { wheels: folder, lock: file } = options;
      const known = async (): Promise<ReadonlyMap<string, string>> => modulesOf(await released());
      sources.push(createWheelFolder({ folder, known, ...defined({ lock: file }) }));
    }
    if (options.baseUrl !== undefined) {
      const described = options.wheels === undefined && options.lock !== undefined;
      const itsLock = described ? readPackageLock(await readLockFile(options.lock)) : await released();
      sources.push(createLockedSource(itsLock, asFolder(options.baseUrl), downloads));
    }
    if (options.index !== undefined) {
      // An index has anybody's names, so imports are looked up in the lock: what Pyodide calls by that name is what is meant.
      const known = modulesOf(await released());
      const index = createSimpleIndex(asFolder(options.index), downloads, work, parts.refresh ?? false);
      sources.push({ ...index, modules: async () => known });
    }
    const published = options.release === true ? await releaseAddress() : undefined;
    if (published !== undefined) {
      sources.push(createLockedSource(await released(), published, downloads));
    }
    if (options.index !== undefined) {
      // Last: what nobody has as a wheel may lie there as source that is used as it is.
      const index = asFolder(options.index);
      const source = createSimpleIndex(index, downloads, work, parts.refresh ?? false, true);
      sources.push({ ...source, modules: async () => new Map() });
    }
    return sources;
  };
  const install = async (
    wanted: WantedPackages,
    maxMemoryPages: number,
    cache: ByteCache | undefined,
  ): Promise<readonly Installed[]> => {
    const imports = options.fromImports === false ? [] : wanted.imports;
    return resolvePackages({ ...wanted, imports }, maxMemoryPages, await sourcesWith(cache), unpacked);
  };
  return {
    resolve: async (wanted, { maxMemoryPages, cache }) =>
      packageSetOf(await install(wanted, maxMemoryPages, cache)),
    fetch: (names, cache) => install({ names, imports: [] }, FETCH_PAGES, cache),
  };
}

const asFolder = (address: string): URL => new URL(address.endsWith('/') ? address : `${address}/`);

/** Read anew each time: its owner may change it. */
function readLockFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => {
    throw new SandglassError('UNSUPPORTED', 'Cannot install packages: their lock file is not there', {
      hint: 'Name a pyodide-lock.json, or leave it out for the one of the installed Pyodide',
    });
  });
}

/** What Pyodide was published with: names, versions and SHA-256 of some hundred packages. */
const ownLock = async (): Promise<ReturnType<typeof readPackageLock>> => readPackageLock(await readLock());
