import { SandglassError } from '../../../vocabulary/errors.ts';
import { normalName } from './requirement.ts';

/** One entry of a lock file, in Pyodide's own format. */
export interface LockedPackage {
  /** Normalised. */
  readonly name: string;
  readonly version: string;
  readonly file: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly depends: readonly string[];
  /** Modules that it brings. */
  readonly imports: readonly string[];
}

/**
 * Reads a lock file in Pyodide's format: which wheel each name stands for, its SHA-256, what it depends on.
 * @throws {SandglassError} MODULE_INVALID when it is malformed.
 */
export function readPackageLock(text: string): ReadonlyMap<string, LockedPackage> {
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
  const packages = new Map<string, LockedPackage>();
  for (const [key, value] of Object.entries(listed)) {
    const read = readEntry(value);
    if (read === undefined) throw malformed(`"${key}" lacks a name, a file_name or a SHA-256`);
    packages.set(read.name, read);
  }
  return packages;
}

function readEntry(value: unknown): LockedPackage | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, version, file_name: file, sha256, depends, imports } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof file !== 'string' || typeof sha256 !== 'string') return undefined;
  if (!/^[0-9a-f]{64}$/.test(sha256) || !isTexts(depends)) return undefined;
  return {
    name: normalName(name),
    version: typeof version === 'string' ? version : (file.split('-')[1] ?? '0'),
    file,
    sha256,
    depends,
    imports: isTexts(imports) ? imports : [name.replaceAll('-', '_')],
  };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Modules → packages, for `PackageSource.modules`. */
export const modulesOf = (lock: ReadonlyMap<string, LockedPackage>): ReadonlyMap<string, string> =>
  new Map(
    [...lock.values()].flatMap(({ name, imports }) =>
      imports.map((module): [string, string] => [module.split('.')[0] ?? module, name]),
    ),
  );
