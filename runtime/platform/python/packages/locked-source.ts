import { satisfies } from '@renovatebot/pep440';
import { defined } from '../../../vocabulary/defined.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { Downloads } from './downloads.ts';
import { type LockedPackage, modulesOf } from './package-lock.ts';
import type { PackageSource } from './package-source.ts';

/** A wheel that does not come: which file it is, and where else it could come from. */
const fromWhere =
  ({ file }: LockedPackage, base: URL) =>
  (error: unknown): never => {
    if (!(error instanceof SandglassError) || error.code === 'MODULE_INVALID') throw error;
    throw new SandglassError(error.code, error.message, {
      hint:
        `${file} belongs to Pyodide's release, looked for at ${base.host}. Name a mirror of the release ` +
        '(--base-url=URL), or put the file into the wheel folder (--wheels=FOLDER)',
      ...defined({ details: error.details }),
      retryable: error.retryable,
      cause: error,
    });
  };

/** Packages of a lock whose wheels lie under one address, such as those that Pyodide itself publishes. */
export function createLockedSource(
  lock: ReadonlyMap<string, LockedPackage>,
  base: URL,
  downloads: Downloads,
): PackageSource {
  return {
    find: async (name, specifier) => {
      const entry = lock.get(name);
      if (entry === undefined || !satisfies(entry.version, specifier, { prereleases: true }))
        return undefined;
      return {
        ...entry,
        from: 'lock',
        read: () =>
          downloads.wheel(new URL(encodeURI(entry.file), base), entry).catch(fromWhere(entry, base)),
      };
    },
    modules: async () => modulesOf(lock),
  };
}
