import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { shareBytes } from '../engines/pyodide/assets.ts';
import type { PackageFile, PackageSet, ResolvePackages } from '../engines/pyodide/packages.ts';
import { SandglassError } from '../errors.ts';
import { instrument } from '../wasm/instrument.ts';
import { unzip } from './unzip.ts';

const MIB = 1024 * 1024;
const MAX_UNPACKED_BYTES = 512 * MIB;
const MAX_PACKAGES = 200;

/** One entry of a lock file, in Pyodide's own format. */
interface LockedPackage {
  readonly name: string;
  readonly file_name: string;
  readonly sha256: string;
  readonly depends: readonly string[];
}

export interface WheelFolderOptions {
  /** Folder of wheels. */
  readonly folder: string;
  /** Lock file in Pyodide's format: which wheel each name stands for, its SHA-256, and what it depends on. @default `pyodide-lock.json` in the folder */
  readonly lock?: string;
}

/** Finds packages in a folder, by a lock file. A wheel is used only if its SHA-256 is the one in the lock. */
export function createWheelFolder(options: WheelFolderOptions): ResolvePackages {
  const lockPath = options.lock ?? join(options.folder, 'pyodide-lock.json');
  const unpacked = new Map<string, Promise<readonly PackageFile[]>>();
  let lock: Promise<ReadonlyMap<string, LockedPackage>> | undefined;

  return async (names, maxMemoryPages): Promise<PackageSet> => {
    lock ??= readLock(lockPath).catch((error: unknown) => {
      lock = undefined; // the next run looks again
      throw error;
    });
    const files: PackageFile[] = [];
    for (const entry of withDependencies(names, await lock)) {
      const key = `${entry.file_name}/${entry.sha256}/${maxMemoryPages}`;
      let wheel = unpacked.get(key);
      if (wheel === undefined) {
        wheel = readWheel(options.folder, entry, maxMemoryPages);
        unpacked.set(key, wheel);
        wheel.catch(() => unpacked.delete(key));
      }
      files.push(...(await wheel));
    }
    return { files };
  };
}

const normal = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, '-');

async function readLock(path: string): Promise<ReadonlyMap<string, LockedPackage>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new SandglassError('UNSUPPORTED', 'Cannot install packages: there is no lock file', {
      hint: 'Give a folder of wheels with a pyodide-lock.json that names each wheel and its SHA-256',
    });
  }
  const packages = new Map<string, LockedPackage>();
  const malformed = (what: string): SandglassError =>
    new SandglassError('MODULE_INVALID', `Cannot read the package lock: ${what}`);
  let lock: unknown;
  try {
    lock = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  const listed = (lock as { packages?: unknown } | null)?.packages;
  if (typeof listed !== 'object' || listed === null) throw malformed('it has no packages');
  for (const [key, value] of Object.entries(listed)) {
    if (!isLocked(value)) throw malformed(`"${key}" lacks a name, a file_name or a SHA-256`);
    packages.set(normal(value.name), value);
  }
  return packages;
}

function isLocked(value: unknown): value is LockedPackage {
  if (typeof value !== 'object' || value === null) return false;
  const { name, file_name: file, sha256, depends } = value as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof file === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    Array.isArray(depends) &&
    depends.every((item) => typeof item === 'string')
  );
}

/** Dependencies first; each package once. */
function withDependencies(
  names: readonly string[],
  lock: ReadonlyMap<string, LockedPackage>,
): readonly LockedPackage[] {
  const found = new Map<string, LockedPackage>();
  const add = (name: string, neededBy: string | undefined): void => {
    const key = normal(name);
    if (found.has(key)) return;
    const entry = lock.get(key);
    if (entry === undefined) {
      const reason = neededBy === undefined ? '' : `, which ${neededBy} needs`;
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot install "${name}"${reason}: the package lock does not name it`,
        {
          hint: `Put its wheel into the wheel folder and its SHA-256 into pyodide-lock.json`,
          details: { package: name },
        },
      );
    }
    if (found.size >= MAX_PACKAGES)
      throw new SandglassError('UNSUPPORTED', `Cannot install over ${MAX_PACKAGES} packages`);
    found.set(key, entry);
    for (const dependency of entry.depends) add(dependency, entry.name);
  };
  for (const name of names) add(name, undefined);
  return [...found.values()].reverse();
}

async function readWheel(
  folder: string,
  entry: LockedPackage,
  maxMemoryPages: number,
): Promise<readonly PackageFile[]> {
  const name = basename(entry.file_name); // a lock may hold addresses; only the folder is read
  let wheel: Uint8Array;
  try {
    wheel = await readFile(join(folder, name));
  } catch {
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot install "${entry.name}": its wheel ${name} is not in the wheel folder`,
      {
        hint: `Put ${name} into the wheel folder`,
        details: { package: entry.name },
      },
    );
  }
  const sha256 = createHash('sha256').update(wheel).digest('hex');
  if (sha256 !== entry.sha256) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot install "${entry.name}": ${name} does not have the SHA-256 of the lock`,
      {
        details: { package: entry.name, expected: entry.sha256, actual: sha256 },
      },
    );
  }
  return unzip(wheel, name, MAX_UNPACKED_BYTES).map(({ path, bytes }) => {
    const native = /\.so(\.|$)/.test(path);
    return {
      path: sitePath(path),
      bytes: shareBytes(native ? instrument(bytes, { maxMemoryPages }) : bytes),
      native,
    };
  });
}

/** `name.data/purelib/x` and `…/platlib/x` are installed as `x`. */
const sitePath = (path: string): string => path.replace(/^[^/]+\.data\/(?:pure|plat)lib\//, '');
