/** Reads one file of this folder, by its path below it. */
export type ReadSource = (path: string) => string;

/** Files of modules that an interpreter has, in the order in which they are loaded; each is named after its module. */
const MODULES = [
  '_sandglass_errno.py',
  '_sandglass_host.py',
  '_sandglass_tools.py',
  '_sandglass_named.py',
  '_sandglass_threads.py',
  '_sandglass_loop.py',
  '_sandglass_hashes.py',
  '_sandglass_notebook.py',
  '_sandglass_files.py',
  '_sandglass_library.py',
  'http/_sandglass_http.py',
  'http/_sandglass_http_client.py',
  'http/_sandglass_urllib.py',
  'http/_sandglass_pyfetch.py',
  'http/_sandglass_http_exchange.py',
  '_sandglass_stand_ins.py',
  '_sandglass_positions.py',
  '_sandglass_views.py',
  '_sandglass_policy.py',
  '_sandglass_program.py',
  '_sandglass_values.py',
  '_sandglass_display.py',
  '_sandglass_processes.py',
  '_sandglass_surroundings.py',
  'webbrowser.py',
  'sandglass.py',
  '_sandglass.py',
] as const;

/** Those of them that have an `install()`, in the order in which it is called. */
const INSTALLED = [
  '_sandglass_errno.py',
  '_sandglass_threads.py',
  '_sandglass_loop.py',
  '_sandglass_hashes.py',
  '_sandglass_processes.py',
  '_sandglass_surroundings.py',
  '_sandglass_files.py',
  '_sandglass_library.py',
  'http/_sandglass_http_client.py',
  'http/_sandglass_urllib.py',
  'http/_sandglass_pyfetch.py',
  '_sandglass_stand_ins.py',
] as const satisfies readonly (typeof MODULES)[number][];

/** For programs that were given no real ones; made when they are imported. */
const LIBRARIES = [
  'http/libraries/requests.py',
  'http/libraries/urllib3.py',
  'http/libraries/httpx.py',
  'libraries/dbm.py',
  'libraries/rpds.py',
] as const;

/** What is run in an interpreter before its snapshot is taken: Python source, whole, so that it also is the key of what it makes. */
export interface PreparingSources {
  /** Run once in every interpreter. */
  readonly setUp: string;
  /** Then, where packages are to be imported ahead. */
  importPackages(modules: readonly string[]): string;
  /** A program that compiles the files of a package, whose paths it is given. */
  readonly compilePackage: string;
  /** The same for modules of the standard library, by name. */
  readonly compileLibrary: string;
}

/** Puts the files of this folder together. Only where snapshots are made; what starts from one needs none of them. */
export function preparingSources(read: ReadSource): PreparingSources {
  const named = (path: string): readonly [name: string, source: string] => [moduleOf(path), read(path)];
  const importsOf = read('prepare/imports_of.py');
  const settle = called(read('prepare/settle.py'), 'settle');
  return {
    setUp:
      called(
        read('prepare/set_up.py'),
        'set_up',
        MODULES.map(named),
        Object.fromEntries(LIBRARIES.map(named)),
        INSTALLED.map(moduleOf),
      ) + settle,
    compilePackage: importsOf + read('prepare/compile_package.py'),
    compileLibrary: importsOf + read('prepare/compile_library.py'),
    importPackages: (modules) =>
      called(read('prepare/import_packages.py'), 'import_packages', modules) + settle,
  };
}

const moduleOf = (path: string): string => path.replace(/^.*\/|\.py$/g, '');

/** A source that defines one function, and a call of it. Lists, maps and texts in JSON are Python's own. */
const called = (source: string, name: string, ...args: readonly unknown[]): string =>
  `${source}\n${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})\ndel ${name}\n`;
