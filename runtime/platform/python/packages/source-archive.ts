import { SandglassError } from '../../../vocabulary/errors.ts';
import { saysNativeIsOptional } from './optional-native.ts';
import { normalName } from './requirement.ts';
import { untar } from './untar.ts';
import type { UnzipCaps, ZipEntry } from './unzip.ts';

/** Packages whose native parts only make them faster: without those, their Python does all. */
const NATIVE_IS_OPTIONAL: ReadonlySet<string> = new Set(['markupsafe', 'msgpack', 'pyyaml']);
/** Source of what a pure package does not have. */
const NATIVE =
  /\.(?:c|cc|cpp|cxx|h|hpp|pyx|pxd|rs|f|f90|s)$|(?:^|\/)(?:Cargo\.toml|meson\.build|CMakeLists\.txt)$/i;
/** Where projects keep their packages. */
const ROOTS = ['', 'src/', 'lib/'];
/** Folders of projects that are not what is imported. */
const BESIDES: ReadonlySet<string> = new Set([
  'bench',
  'doc',
  'docs',
  'example',
  'examples',
  'scripts',
  'test',
  'tests',
  'tools',
]);
const MAX_NAME = 255;
const MAX_MODULES = 100;
/** Of a list of requirements. */
const MAX_LINES = 10_000;

export interface SourceName {
  readonly file: string;
  /** Normalised. */
  readonly name: string;
  readonly version: string;
}

/** @returns `undefined` for what is not a source archive by its name, `NAME-VERSION.tar.gz`. */
export function readSourceName(file: string): SourceName | undefined {
  if (file.length > MAX_NAME || !file.endsWith('.tar.gz')) return undefined;
  const dash = file.lastIndexOf('-');
  const [name, version] = [file.slice(0, Math.max(0, dash)), file.slice(dash + 1, -'.tar.gz'.length)];
  if (!/^[A-Za-z0-9]/.test(name) || /[^\w.-]/.test(name)) return undefined;
  if (!/^[0-9]/.test(version) || /[^\w.!+]/.test(version)) return undefined;
  return { file, name: normalName(name), version };
}

/** Whether the source archive of a package may be taken before other sources were asked for a wheel. */
export const isPureByRecipe = (name: string): boolean => NATIVE_IS_OPTIONAL.has(name);

/**
 * The files of a source archive as those of a pure wheel. Nothing of the archive is run: its packages and modules are taken as they lie there.
 * @throws {SandglassError} MODULE_INVALID for what is not an archive, UNSUPPORTED when it needs a compiler or has nothing to import; both name it.
 */
export function pureFilesOf(archive: Uint8Array, file: string, caps: UnzipCaps): readonly ZipEntry[] {
  const fail = (reason: string): never => {
    throw new SandglassError('UNSUPPORTED', `Cannot install ${file}: ${reason}`);
  };
  const named = readSourceName(file) ?? fail('it is not a source archive');
  const files = new Map(
    untar(archive, file, caps).map(({ path, bytes }) => [path.slice(path.indexOf('/') + 1), bytes]),
  );
  const paths = [...files.keys()];
  const text = (path: string): string | undefined => {
    const bytes = files.get(path);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  const native = paths.find((path) => NATIVE.test(path));
  if (native !== undefined && !NATIVE_IS_OPTIONAL.has(named.name) && !saysNativeIsOptional(text('setup.py')))
    fail(`it has to be compiled ("${native.slice(0, 100)}")`);
  const found = new Map<string, ZipEntry>();
  for (const module of modulesOf(paths, text, named.name)) {
    const root =
      ROOTS.find((at) => files.has(`${at}${module}/__init__.py`) || files.has(`${at}${module}.py`)) ??
      ROOTS.find((at) => paths.some((path) => path.startsWith(`${at}${module}/`) && path.endsWith('.py'))); // of several packages
    if (root === undefined) continue;
    for (const [path, bytes] of files) {
      const inside = path.startsWith(`${root}${module}/`) || path === `${root}${module}.py`;
      const target = path.slice(root.length);
      if (inside && !NATIVE.test(path)) found.set(target, { path: target, bytes });
    }
  }
  if (found.size === 0) fail('it has no package that could be taken without running its build');
  const metadata = files.get('PKG-INFO');
  if (metadata !== undefined) {
    const path = `${named.name.replaceAll('-', '_')}-${named.version}.dist-info/METADATA`;
    const listed = inEggInfo(paths, 'requires.txt');
    found.set(path, { path, bytes: withRequirements(metadata, listed === undefined ? '' : text(listed)) });
  }
  return [...found.values()];
}

/** Older archives say in a list beside it what they need, by sections: `[extra]`, `[:marker]` or `[extra:marker]`. */
function withRequirements(metadata: Uint8Array<ArrayBuffer>, list = ''): Uint8Array<ArrayBuffer> {
  if (list === '' || /^Requires-Dist:/im.test(new TextDecoder().decode(metadata))) return metadata;
  let condition = '';
  const lines: string[] = [];
  for (const line of list.split(/\r?\n/, MAX_LINES).map((each) => each.trim())) {
    if (line.startsWith('[') && line.endsWith(']')) condition = conditionOf(line.slice(1, -1));
    else if (line !== '' && !line.startsWith('#'))
      lines.push(`Requires-Dist: ${line}${condition === '' ? '' : `; ${condition}`}\n`);
  }
  const head = new TextEncoder().encode(lines.join(''));
  const whole = new Uint8Array(head.length + metadata.length);
  whole.set(head);
  whole.set(metadata, head.length);
  return whole;
}

function conditionOf(section: string): string {
  const colon = section.indexOf(':');
  const extra = colon < 0 ? section : section.slice(0, colon);
  const marker = colon < 0 ? '' : section.slice(colon + 1);
  if (extra === '') return marker;
  return marker === '' ? `extra == "${extra}"` : `(${marker}) and extra == "${extra}"`;
}

/** The path of a file that the archive's own metadata has, where it has any. */
function inEggInfo(paths: readonly string[], name: string): string | undefined {
  return paths.find((path) => {
    const [folder = '', last, ...more] = path
      .slice(ROOTS.findLast((at) => path.startsWith(at))?.length)
      .split('/');
    return folder.endsWith('.egg-info') && last === name && more.length === 0;
  });
}

/** As the archive's own list says; else what is called as the package is; else the one package that there is. */
function modulesOf(
  paths: readonly string[],
  text: (path: string) => string | undefined,
  name: string,
): readonly string[] {
  const list = inEggInfo(paths, 'top_level.txt');
  const lines = list === undefined ? [] : (text(list) ?? '').split(/\r?\n/, MAX_MODULES);
  const listed = lines.map((line) => line.trim()).filter((line) => /^\w+$/.test(line));
  if (listed.length > 0) return listed;
  const called = name.replaceAll('-', '_');
  const packages = packagesIn(paths);
  const [only] = packages;
  if (packages.length !== 1 || only === undefined) return [called];
  return [packages.find((each) => each.toLowerCase() === called) ?? only];
}

/** Folders that are packages of Python, where projects keep theirs, but for what only goes with one. */
function packagesIn(paths: readonly string[]): readonly string[] {
  const found = paths.flatMap((path) => {
    const root = ROOTS.findLast((at) => path.startsWith(at)) ?? '';
    const [folder = '', file, ...more] = path.slice(root.length).split('/');
    return file === '__init__.py' && more.length === 0 && !BESIDES.has(folder) ? [folder] : [];
  });
  return [...new Set(found)];
}
