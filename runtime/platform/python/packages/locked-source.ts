import { satisfies } from '@renovatebot/pep440';
import type { Downloads } from './downloads.ts';
import { type LockedPackage, modulesOf } from './package-lock.ts';
import type { PackageSource } from './package-source.ts';

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
        read: () => downloads.wheel(new URL(encodeURI(entry.file), base), entry),
      };
    },
    modules: async () => modulesOf(lock),
  };
}
