import { satisfies } from '@renovatebot/pep440';
import type { PackageFile, PackageSet, WantedPackages } from '../../../engines/pyodide/packages.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { MIB } from '../../../vocabulary/units.ts';
import { digestInSlices } from '../../digest-in-slices.ts';
import type { Candidate, PackageSource } from './package-source.ts';
import type { PackageWork } from './package-work.ts';
import { normalName, type Requirement, readRequirement } from './requirement.ts';
import type { Wheel } from './unpack-wheel.ts';

/** Guests have these already: small ones, over the host's http. The real ones would look for sockets. */
const BUILT_IN: ReadonlySet<string> = new Set(['requests', 'httpx', 'urllib3']);
/** Guests have these in Python, for where nothing nearer than Pyodide's release has the native ones. */
const STAND_INS: ReadonlySet<string> = new Set(['rpds-py']);
const MAX_PACKAGES = 200;
/** Of one package: extras; of all together: requirements. */
const MAX_EXTRAS = 1_000;
const MAX_REQUIREMENTS = 10_000;
/** Characters of one requirement that are looked at. */
const MAX_LINE = 1_000;
/** Requirements that are looked at before others have a turn of the thread. */
const TURN = 100;
const MAX_FILES_BYTES = 1024 * MIB;
/** Files of all packages: the list of them goes to a cell in one step. */
const MAX_FILES = 20_000;
/** Unpacked wheels that stay in memory for the next run, bytes; the oldest go first. */
const MAX_KEPT_BYTES = 512 * MIB;

export interface Installed {
  readonly candidate: Candidate;
  /** Lower-case hex, of the wheel. */
  readonly sha256: string;
  readonly files: readonly PackageFile[];
  /** Asked for by name. */
  readonly named: boolean;
}

interface Unpacked extends Wheel {
  readonly sha256: string;
}

/** Wheels, unpacked and metered, by content and cap. */
export interface UnpackedWheels {
  get(candidate: Candidate, maxMemoryPages: number): Promise<Unpacked>;
}

export function createUnpackedWheels(work: Pick<PackageWork, 'unpack'>): UnpackedWheels {
  const coming = new Map<string, Promise<Unpacked>>();
  const kept = new Map<string, Unpacked>();
  let keptBytes = 0;

  const keep = (key: string, wheel: Unpacked): void => {
    kept.set(key, wheel);
    keptBytes += sizeOf(wheel.files);
    for (const [oldest, its] of kept) {
      if (keptBytes <= MAX_KEPT_BYTES) break;
      kept.delete(oldest);
      keptBytes -= sizeOf(its.files);
    }
  };
  return {
    get: async (candidate, maxMemoryPages) => {
      const { sha256, file } = candidate;
      const unpack = async (): Promise<Unpacked> => {
        const bytes = await candidate.read();
        return {
          sha256: sha256 ?? (await digestInSlices('sha256', bytes)).toString('hex'),
          ...(await work.unpack({ bytes, file, maxMemoryPages })),
        };
      };
      if (sha256 === undefined) return unpack(); // a file that may be another one tomorrow
      const key = `${sha256} ${maxMemoryPages}`;
      const there = kept.get(key) ?? coming.get(key);
      if (there !== undefined) return there;
      const unpacking = unpack();
      coming.set(key, unpacking);
      try {
        const wheel = await unpacking;
        keep(key, wheel);
        return wheel;
      } finally {
        coming.delete(key);
      }
    },
  };
}

const sizeOf = (files: readonly PackageFile[]): number =>
  files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

/**
 * Chooses and brings packages with all they depend on: each once, from the first source that has one that fits. What was chosen is not
 * chosen again: requirements that do not fit together are an error.
 * @throws {SandglassError} INPUT_INVALID, UNSUPPORTED, MODULE_INVALID or HOST_CALL_FAILED, naming the package.
 */
export async function resolvePackages(
  wanted: WantedPackages,
  maxMemoryPages: number,
  sources: readonly PackageSource[],
  unpacked: UnpackedWheels,
): Promise<readonly Installed[]> {
  const chosen = new Map<string, Chosen>();
  const todo: Wish[] = wanted.names.flatMap((text) => wish(text, [], undefined));
  let bytes = 0;
  let files = 0;
  for (const name of await packagesOf(wanted.imports, sources)) {
    const optional = { name, extras: [], specifier: '', text: name };
    if (!todo.some(({ requirement }) => requirement.name === name))
      todo.push({ requirement: optional, optional: true });
  }
  // A list that grows while it is gone through; what was wished for twice is looked at twice, at no more cost.
  for (const [index, next] of todo.entries()) {
    const { requirement } = next;
    if (index % TURN === TURN - 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    if (todo.length > MAX_REQUIREMENTS)
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot install "${requirement.name}": over ${MAX_REQUIREMENTS} requirements`,
      );
    if (BUILT_IN.has(requirement.name)) continue;
    let there = chosen.get(requirement.name);
    if (there === undefined) {
      if (chosen.size >= MAX_PACKAGES)
        throw new SandglassError('UNSUPPORTED', `Cannot install over ${MAX_PACKAGES} packages`);
      const standsIn = STAND_INS.has(requirement.name);
      const candidate = await find(standsIn ? { ...next, optional: true } : next, sources);
      if (candidate === undefined || (standsIn && !isNear(candidate))) continue;
      const wheel = await unpacked.get(candidate, maxMemoryPages);
      bytes += sizeOf(wheel.files);
      files += wheel.files.length;
      if (files > MAX_FILES)
        throw new SandglassError('UNSUPPORTED', `Cannot install over ${MAX_FILES} files of packages`);
      if (bytes > MAX_FILES_BYTES)
        throw new SandglassError('UNSUPPORTED', `Cannot install over ${MAX_FILES_BYTES} bytes of packages`);
      const named = next.by === undefined && next.optional !== true;
      const lines = candidate.depends ?? wheel.requires;
      there = { candidate, ...wheel, named, lines, byExtra: linesByExtra(lines), extras: new Set() };
      chosen.set(requirement.name, there);
      todo.push(...needs(there, undefined));
    } else if (!fits(there.candidate.version, requirement.specifier)) throw conflict(next, there.candidate);
    for (const extra of requirement.extras) {
      if (there.extras.has(extra)) continue;
      if (there.extras.size >= MAX_EXTRAS)
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot install "${requirement.name}": over ${MAX_EXTRAS} extras of it`,
        );
      there.extras.add(extra);
      todo.push(...needs(there, extra));
    }
  }
  return [...chosen.values()];
}

/** A wheel that is not of a release far away, nor to be made of its source. */
const isNear = ({ from, file }: Candidate): boolean => from !== 'lock' && file.endsWith('.whl');

interface Chosen extends Installed {
  /** What it depends on, as it says itself. */
  readonly lines: readonly string[];
  readonly byExtra: ReadonlyMap<string, readonly string[]>;
  /** Whose requirements were taken in. */
  readonly extras: Set<string>;
}

/** Lines by the texts in their markers, one of which is the extra that a line is for: each extra then costs what its own lines do. */
function linesByExtra(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of lines) {
    const marker = line.slice(0, MAX_LINE).split(';').slice(1).join(';');
    if (!marker.includes('extra')) continue;
    for (const [, double, single = ''] of marker.matchAll(/"([^"]*)"|'([^']*)'/g)) {
      const extra = normalName(double ?? single);
      const known = found.get(extra);
      if (known === undefined) found.set(extra, [line]);
      else if (known.at(-1) !== line) known.push(line);
    }
  }
  return found;
}

/** What a package needs of itself, or for one of its extras beside that. */
function needs({ candidate: { name, file }, lines, byExtra }: Chosen, extra: string | undefined): Wish[] {
  const own = extra === undefined ? lines : (byExtra.get(extra) ?? []);
  try {
    return own.flatMap((line) => wish(line, extra === undefined ? [] : [extra], name));
  } catch (error) {
    if (!(error instanceof SandglassError)) throw error;
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot install "${name}": its wheel ${file} is malformed. ${error.message}`,
      {
        details: { package: name },
      },
    );
  }
}

export const packageSetOf = (installed: readonly Installed[]): PackageSet => ({
  wheels: installed.map(({ candidate: { name }, sha256, files, named }) => ({ name, sha256, files, named })),
});

interface Wish {
  readonly requirement: Requirement;
  /** Package that needs it; absent for what was asked for. */
  readonly by?: string;
  /** Found in the program's imports: if nobody has it, the import fails by itself. */
  readonly optional?: boolean;
}

function wish(text: string, extras: readonly string[], by: string | undefined): Wish[] {
  const requirement = readRequirement(text, extras);
  return requirement === undefined ? [] : [{ requirement, ...defined({ by }) }];
}

async function packagesOf(
  imports: readonly string[],
  sources: readonly PackageSource[],
): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  if (imports.length === 0) return names;
  for (const source of sources) {
    const modules = await source.modules();
    for (const module of imports) {
      const name = modules.get(module);
      if (name !== undefined) names.add(normalName(name));
    }
  }
  return names;
}

async function find(wished: Wish, sources: readonly PackageSource[]): Promise<Candidate | undefined> {
  const { requirement, optional = false } = wished;
  for (const source of sources) {
    const candidate = await source.find(requirement.name, requirement.specifier);
    if (candidate !== undefined) return candidate;
  }
  if (optional) return undefined;
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot install "${requirement.name}"${needed(wished)}: no source of packages has a wheel of it that runs here`,
    {
      hint:
        'A wheel must be pure Python, or built for pyemscripten_2026_0_wasm32. Put it into the wheel ' +
        'folder (--wheels), or name an index (--index) that has it',
      details: { package: requirement.name, requirement: requirement.text },
    },
  );
}

const needed = ({ by }: Wish): string => (by === undefined ? '' : `, which ${by} needs`);

const fits = (version: string, specifier: string): boolean =>
  specifier === '' || satisfies(version, specifier, { prereleases: true });

const conflict = (wished: Wish, candidate: Candidate): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot install "${wished.requirement.text}"${needed(wished)}: version ${candidate.version} was chosen before`,
    {
      hint: `Ask for a version of ${candidate.name} that fits all`,
      details: { package: candidate.name, version: candidate.version, requirement: wished.requirement.text },
    },
  );
