import type { SnapshotInfo } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { PyodideAssets } from './assets.ts';
import {
  filesOf,
  type InstalledWheel,
  type PackageContext,
  type PackageFile,
  type PackageSet,
  type ResolvePackages,
} from './packages.ts';

/** Packages that an interpreter has in place, imported before any guest. */
export interface ImportedPackages {
  /** Says which wheels they are of, by content, and which modules. */
  readonly key: string;
  readonly files: readonly PackageFile[];
  /** Top-level modules. */
  readonly modules: readonly string[];
}

/** A set that is ready: what its interpreters start from. */
export interface PackageSnapshot extends ImportedPackages {
  readonly assets: PyodideAssets;
}

export interface PackageSnapshotsOptions {
  /** Sets of names, as `packages` of a run has them. */
  readonly sets: readonly (readonly string[])[];
  readonly resolve: ResolvePackages;
  /** Told once of each set that cannot be kept: its runs install and import for themselves. */
  readonly onRefused: (packages: readonly string[], reason: string) => void;
}

export interface PackageSnapshots {
  /**
   * The first set that holds every wheel of a run, by content; its snapshot is made now if nobody has. `undefined` where there is none, or
   * it could not be made.
   */
  find(
    wanted: PackageSet,
    context: PackageContext,
    make: (packages: ImportedPackages) => Promise<PyodideAssets>,
  ): Promise<PackageSnapshot | undefined>;
  list(): readonly SnapshotInfo[];
}

interface Entry {
  readonly names: readonly string[];
  resolving?: Promise<PackageSet>;
  /** No source has it; a network that fails may be there tomorrow. */
  hopeless?: boolean;
  /** By the key of its wheels: a wheel of the folder may be another one tomorrow. */
  made?: { readonly key: string; readonly snapshot: Promise<PackageSnapshot | undefined> };
  info: SnapshotInfo;
}

/** Keeps, for sets of packages that many runs want, an interpreter's memory in which they are imported. */
export function createPackageSnapshots(options: PackageSnapshotsOptions): PackageSnapshots {
  const entries: Entry[] = options.sets.map((names) => ({
    names,
    info: { packages: names, state: 'unmade' },
  }));

  const refuse = (entry: Entry, reason: string): void => {
    entry.info = { packages: entry.names, state: 'refused', reason };
    options.onRefused(entry.names, reason);
  };
  const resolved = async (entry: Entry, context: PackageContext): Promise<PackageSet | undefined> => {
    if (entry.hopeless === true) return undefined;
    entry.resolving ??= options.resolve({ names: entry.names, imports: [] }, context);
    try {
      return await entry.resolving;
    } catch (error) {
      delete entry.resolving; // the next run tries again
      entry.hopeless = !(error instanceof SandglassError && error.code === 'HOST_CALL_FAILED');
      if (entry.info.state !== 'refused') refuse(entry, messageOf(error));
      return undefined;
    }
  };
  /** Resolved anew if the run has another wheel of the same name. */
  const setFor = async (
    entry: Entry,
    wanted: PackageSet,
    context: PackageContext,
  ): Promise<PackageSet | undefined> => {
    const set = await resolved(entry, context);
    if (set === undefined || holds(set, wanted) || !sameNames(set, wanted)) return set;
    delete entry.resolving;
    return resolved(entry, context);
  };

  return {
    find: async (wanted, context, make) => {
      for (const entry of entries) {
        const set = await setFor(entry, wanted, context);
        if (set === undefined || !holds(set, wanted)) continue;
        const packages = importedOf(set);
        if (entry.made?.key !== packages.key) {
          const snapshot = snapshotOf(set, packages, make).then(
            (made) => {
              entry.info = { packages: entry.names, state: 'ready' };
              return made;
            },
            (error: unknown) => {
              refuse(entry, messageOf(error));
              return undefined;
            },
          );
          entry.made = { key: packages.key, snapshot };
        }
        const snapshot = await entry.made?.snapshot;
        if (snapshot !== undefined) return snapshot;
      }
      return undefined;
    },
    list: () => entries.map(({ info }) => info),
  };
}

async function snapshotOf(
  set: PackageSet,
  packages: ImportedPackages,
  make: (packages: ImportedPackages) => Promise<PyodideAssets>,
): Promise<PackageSnapshot> {
  const native = set.wheels.find(({ files }) => files.some((file) => file.native));
  if (native !== undefined) {
    throw new SandglassError(
      'UNSUPPORTED',
      `${native.name} has native modules, whose functions are not part of the memory that a snapshot holds`,
    );
  }
  return { ...packages, assets: await make(packages) };
}

const identityOf = ({ name, sha256 }: InstalledWheel): string => `${name} ${sha256}`;

function holds(set: PackageSet, wanted: PackageSet): boolean {
  const there = new Set(set.wheels.map(identityOf));
  return wanted.wheels.every((wheel) => there.has(identityOf(wheel)));
}

function sameNames(set: PackageSet, wanted: PackageSet): boolean {
  const there = new Set(set.wheels.map(({ name }) => name));
  return wanted.wheels.every(({ name }) => there.has(name));
}

function importedOf(set: PackageSet): ImportedPackages {
  const modules = set.wheels.filter(({ named }) => named).flatMap(({ files }) => modulesIn(files));
  return { key: [...set.wheels.map(identityOf).sort(), ...modules].join('\n'), files: filesOf(set), modules };
}

/** Folders of wheels that hold no module of the package's own. */
const ASIDE: ReadonlySet<string> = new Set(['test', 'tests', 'doc', 'docs', 'example', 'examples']);

/** Top-level modules and packages among the files of a wheel. */
function modulesIn(files: readonly PackageFile[]): readonly string[] {
  const modules = new Set<string>();
  for (const { path } of files) {
    const name = /^([A-Za-z]\w*)(?:\.py|\/__init__\.py)$/.exec(path)?.[1];
    if (name !== undefined && !ASIDE.has(name)) modules.add(name);
  }
  return [...modules].sort();
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
