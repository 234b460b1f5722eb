import { type Callable, wrongArgument } from '../inner.ts';
import { moduleNames } from '../registry.ts';
import { makeRequire } from '../require.ts';

/** `createRequire(import.meta.url)`: a `require` that starts at that file. */
const createRequire = (from: unknown): unknown => {
  const text = from instanceof URL ? from.href : from;
  if (typeof text !== 'string')
    throw wrongArgument('filename', 'a file URL object, file URL string, or absolute path string', from);
  const path = text.startsWith('file:') ? decodeURIComponent(new URL(text).pathname) : text;
  return makeRequire(path.endsWith('/') ? `${path}noop.js` : path);
};

const plain = (name: string): string => name.replace(/^node:/, '');

class Module {
  static readonly builtinModules = moduleNames();
  static readonly createRequire = createRequire;
  static readonly Module = Module;
  static readonly _extensions = {};
  static readonly _cache = {};
  static readonly isBuiltin = (name: string): boolean => moduleNames().includes(plain(name));
  static readonly register = (): void => undefined;
  static readonly syncBuiltinESMExports = (): void => undefined;
  static readonly findSourceMap = (): undefined => undefined;
  static wrap(code: string): string {
    return `(function (exports, require, module, __filename, __dirname) { ${code}\n});`;
  }
  readonly exports = {};
  readonly id: string;
  constructor(id = '') {
    this.id = id;
  }
  require(name: string): unknown {
    return (makeRequire(this.id) as Callable)(name);
  }
}

export const module: unknown = Module;
