import { checkPythonOptions } from '../../../engines/pyodide/options.ts';

/** Where packages of Python guests come from. All of it is of the host: guests fetch nothing themselves. */
export interface PythonPackageOptions {
  /**
   * Folder of wheels, looked at first. With a `pyodide-lock.json` in it, or `lock`, only what that names is used, each wheel with its
   * SHA-256; without one every wheel that is there.
   */
  readonly wheels?: string;
  /**
   * Lock file of the wheel folder, in Pyodide's format; without a folder, of the wheels under `baseUrl`. @default `pyodide-lock.json` in the
   * folder; for `baseUrl` the one of the installed Pyodide
   */
  readonly lock?: string;
  /** Address under which the wheels of a lock lie, such as a mirror of Pyodide's release. @default none */
  readonly baseUrl?: string;
  /**
   * Look last for what nobody else has at the address that Pyodide itself would bring its packages from: numpy, pandas and others that are
   * built for it. @default false
   */
  readonly release?: boolean;
  /** Address of an index with the simple API (PEP 503, 691). @default none: nothing is downloaded */
  readonly index?: string;
  /** Use only what is in the folder and the cache. @default false */
  readonly offline?: boolean;
  /** Also bring what the program imports and the folder or Pyodide's lock knows by that name. @default true */
  readonly fromImports?: boolean;
  /**
   * Sets of packages to import ahead, by names as a run's `packages` has them, e.g. `[['attrs', 'pyyaml']]`; at most 16. A run whose packages
   * are all in a set starts from a snapshot in which the whole set is imported. Made by the first run that could use it, then cached. A set
   * that cannot be kept so, such as one with native modules, is told of in a warning and in `engines()`; its runs install as others do.
   * Sessions and deterministic runs always do. @default none
   */
  readonly snapshots?: readonly (readonly string[])[];
}

const MAX_SNAPSHOTS = 16;

const KNOWN: Readonly<Record<keyof PythonPackageOptions, 'string' | 'boolean' | 'object'>> = {
  wheels: 'string',
  lock: 'string',
  baseUrl: 'string',
  release: 'boolean',
  index: 'string',
  offline: 'boolean',
  fromImports: 'boolean',
  snapshots: 'object',
};

/** @throws {TypeError} on an unknown option, a wrong type, or an address that is neither https nor of this machine. */
export function checkPackageOptions(options: PythonPackageOptions): PythonPackageOptions {
  const fail = (reason: string): never => {
    throw new TypeError(`Cannot create a runtime: packages${reason}`);
  };
  if (typeof options !== 'object' || options === null) fail(' is not an object');
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(KNOWN, name) ? KNOWN[name as keyof PythonPackageOptions] : undefined; // hasOwn has looked
    if (type === undefined) fail(`: unknown option "${name}", known are ${Object.keys(KNOWN).join(', ')}`);
    if (value !== undefined && typeof value !== type) fail(`.${name} is not a ${type}`);
  }
  for (const name of ['baseUrl', 'index'] as const) {
    const text = options[name];
    if (text !== undefined && !isTrustworthy(text)) {
      fail(`.${name} ${JSON.stringify(text)} is not an https address, nor one of this machine`);
    }
  }
  if (options.snapshots !== undefined) checkSnapshots(options.snapshots, fail);
  if (options.lock !== undefined && options.wheels === undefined && options.baseUrl === undefined)
    fail('.lock needs wheels or baseUrl: where the wheels lie that it describes');
  return options;
}

function checkSnapshots(sets: readonly (readonly string[])[], fail: (reason: string) => never): void {
  if (!Array.isArray(sets) || sets.length > MAX_SNAPSHOTS)
    fail(`.snapshots is not a list of at most ${MAX_SNAPSHOTS} sets`);
  for (const names of sets) {
    if (!Array.isArray(names) || names.length === 0)
      fail(`.snapshots: ${JSON.stringify(names)} is not a list of package names`);
    try {
      checkPythonOptions({ packages: names });
    } catch (error) {
      fail(`.snapshots: ${error instanceof Error ? error.message : 'malformed'}`);
    }
  }
}

function isTrustworthy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  );
}
