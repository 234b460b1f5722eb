/** Where packages of Python guests come from. All of it is of the host: guests fetch nothing themselves. */
export interface PythonPackageOptions {
  /**
   * Folder of wheels, looked at first. With a `pyodide-lock.json` in it, or `lock`, only what that names is used, each wheel with its
   * SHA-256; without one every wheel that is there.
   */
  readonly wheels?: string;
  /** Lock file of the wheel folder, in Pyodide's format. @default `pyodide-lock.json` in the folder */
  readonly lock?: string;
  /** Address under which the wheels of Pyodide's own lock lie, such as a mirror of a release of it. @default none */
  readonly baseUrl?: string;
  /** Address of an index with the simple API (PEP 503, 691). @default none: nothing is downloaded */
  readonly index?: string;
  /** Use only what is in the folder and the cache. @default false */
  readonly offline?: boolean;
  /** Also bring what the program imports and the folder or Pyodide's lock knows by that name. @default true */
  readonly fromImports?: boolean;
}

const KNOWN: Readonly<Record<keyof PythonPackageOptions, 'string' | 'boolean'>> = {
  wheels: 'string',
  lock: 'string',
  baseUrl: 'string',
  index: 'string',
  offline: 'boolean',
  fromImports: 'boolean',
};

/** @throws {TypeError} on an unknown option, a wrong type, or an address that is neither https nor of this machine. */
export function checkPackageOptions(options: PythonPackageOptions): PythonPackageOptions {
  const fail = (reason: string): never => {
    throw new TypeError(`Cannot create a runtime: packages${reason}`);
  };
  if (typeof options !== 'object' || options === null) fail(' is no object');
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(KNOWN, name) ? KNOWN[name as keyof PythonPackageOptions] : undefined; // hasOwn has looked
    if (type === undefined) fail(`: unknown option "${name}", known are ${Object.keys(KNOWN).join(', ')}`);
    if (value !== undefined && typeof value !== type) fail(`.${name} is no ${type}`);
  }
  for (const name of ['baseUrl', 'index'] as const) {
    const text = options[name];
    if (text !== undefined && !isTrustworthy(text)) {
      fail(`.${name} ${JSON.stringify(text)} is no https address, nor one of this machine`);
    }
  }
  if (options.lock !== undefined && options.wheels === undefined)
    fail('.lock needs wheels: the folder it describes');
  return options;
}

function isTrustworthy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  );
}
