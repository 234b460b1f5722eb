import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { rcompare, satisfies, valid } from '@renovatebot/pep440';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { madeOnce } from '../../../vocabulary/made-once.ts';
import { checkWheel } from './checked-wheel.ts';
import { type LockedPackage, modulesOf, readPackageLock } from './package-lock.ts';
import type { Candidate, PackageSource } from './package-source.ts';
import { readWheelName } from './wheel-name.ts';

export interface WheelFolderOptions {
  /** Folder of wheels. */
  readonly folder: string;
  /** Lock file in Pyodide's format. @default `pyodide-lock.json` in the folder, if it is there */
  readonly lock?: string;
  /** Modules → packages, for what lies in a folder without a lock. @default none: a module is called as its package */
  readonly known?: () => Promise<ReadonlyMap<string, string>>;
}

type Lock = ReadonlyMap<string, LockedPackage>;

/**
 * A folder of the operator's own. With a lock only what it names is used, and only with the SHA-256 that it says; without one every wheel
 * in the folder, as its file name says.
 */
export function createWheelFolder({ folder, lock, known }: WheelFolderOptions): PackageSource {
  const readLock = madeOnce(() => lockOf(folder, lock));
  return {
    find: async (name, specifier) => {
      const locked = await readLock();
      if (locked === undefined) return newestOf(folder, name, specifier);
      const entry = locked.get(name);
      if (entry === undefined || !satisfies(entry.version, specifier, { prereleases: true }))
        return undefined;
      return {
        ...entry,
        from: 'folder',
        read: async () => {
          const bytes = await readWheel(folder, entry.name, entry.file);
          await checkWheel(bytes, entry);
          return bytes;
        },
      };
    },
    modules: async () => {
      const locked = await readLock();
      if (locked !== undefined) return modulesOf(locked);
      const names = new Set((await wheelsIn(folder)).map(({ name }) => name));
      const byLock = [...((await known?.()) ?? [])].filter(([, name]) => names.has(name));
      return new Map([
        ...[...names].map((name): [string, string] => [name.replaceAll('-', '_'), name]),
        ...byLock,
      ]);
    },
  };
}

async function lockOf(folder: string, lock: string | undefined): Promise<Lock | undefined> {
  try {
    return readPackageLock(await readFile(lock ?? join(folder, 'pyodide-lock.json'), 'utf8'));
  } catch (error) {
    if (error instanceof SandglassError) throw error;
    if (lock === undefined) return undefined;
    throw new SandglassError('UNSUPPORTED', 'Cannot install packages: their lock file is not there', {
      hint: 'Name a pyodide-lock.json, or leave it out and give a folder of wheels',
    });
  }
}

async function wheelsIn(folder: string): Promise<readonly NonNullable<ReturnType<typeof readWheelName>>[]> {
  const files = await readdir(folder).catch(() => {
    throw new SandglassError('UNSUPPORTED', 'Cannot install packages: the wheel folder is not there');
  });
  return files.map(readWheelName).filter((wheel) => wheel !== undefined);
}

async function newestOf(folder: string, name: string, specifier: string): Promise<Candidate | undefined> {
  const [best] = (await wheelsIn(folder))
    .filter((wheel) => wheel.name === name && valid(wheel.version) !== null)
    .filter((wheel) => satisfies(wheel.version, specifier, { prereleases: true }))
    .sort((a, b) => rcompare(a.version, b.version) || a.rank - b.rank);
  if (best === undefined) return undefined;
  const { version, file } = best;
  return { name, version, file, from: 'folder', read: () => readWheel(folder, name, file) };
}

async function readWheel(folder: string, name: string, file: string): Promise<Uint8Array> {
  const within = basename(file); // a lock may hold addresses; only the folder is read
  try {
    return await readFile(join(folder, within));
  } catch {
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot install "${name}": its wheel ${within} is not in the wheel folder`,
      { hint: `Put ${within} into the wheel folder`, details: { package: name } },
    );
  }
}
