import { hide, inner, nodeError } from './inner.ts';
import { builtin } from './registry.ts';

interface Found {
  readonly builtin?: string;
  readonly name?: string;
  readonly json?: string;
  readonly failure?: string;
  readonly refusal?: object;
}

/** A CommonJS module, with the names that Node gives its parts. */
export interface Module {
  id: string;
  readonly filename: string;
  readonly path: string;
  exports: unknown;
  loaded: boolean;
  readonly children: Module[];
  readonly paths: string[];
  require?: unknown;
}

const makeModule = (name: string): Module => ({
  id: name,
  filename: absolute(name),
  path: inner.path.dirname(absolute(name)),
  exports: {},
  loaded: false,
  children: [],
  paths: [],
});

const absolute = (name: string): string => (name[0] === '/' ? name : inner.path.resolve(name));

let cache: Record<string, Module> = Object.create(null);

const find = (base: string, specifier: unknown): Found => {
  if (typeof specifier !== 'string' || specifier === '') {
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_TYPE',
      'The "id" argument must be of type string and not be empty',
    );
  }
  const text = inner.host.resolve(base, specifier.toWellFormed().replaceAll('\0', '\ufffd'));
  const found = JSON.parse(text) as Found;
  if (found.failure === undefined) return found;
  const error =
    found.refusal === undefined
      ? new Error(found.failure)
      : inner.calls.failure(JSON.stringify({ message: found.failure, refusal: found.refusal }));
  const { refusal } = found as { readonly refusal?: { readonly details?: { readonly reason?: string } } };
  if (refusal === undefined || refusal.details?.reason === 'not-found')
    Object.assign(error, { code: 'MODULE_NOT_FOUND', requireStack: [] });
  throw error;
};

/** The exports of a file, run once. One that is asked for while it runs has what it has exported so far. */
export const loadFile = (name: string, json?: string): unknown => {
  const known = cache[name];
  if (known !== undefined) return known.exports;
  const module = makeModule(name);
  cache[name] = module;
  try {
    if (json !== undefined) module.exports = JSON.parse(json);
    else {
      const run = inner.host.compile(name);
      if (run === undefined)
        throw nodeError(
          Error,
          'ERR_REQUIRE_ASYNC_MODULE',
          `require() cannot be used on an ESM graph with top-level await. Use import() instead. From ${absolute(name)}`,
        );
      if (Object.prototype.toString.call(run) === '[object Module]') {
        const whole = run as Readonly<Record<string, unknown>>;
        module.exports = 'module.exports' in whole ? whole['module.exports'] : whole;
        module.loaded = true;
        return module.exports;
      }
      if (typeof run !== 'function') throw run;
      const require = makeRequire(name);
      module.require = require;
      Reflect.apply(run, module.exports, [module.exports, require, module, module.filename, module.path]);
    }
  } catch (error) {
    delete cache[name];
    throw error;
  }
  module.loaded = true;
  return module.exports;
};

/** `require` as a file sees it; `base` is its name, empty for the program itself. */
export const makeRequire = (base: string): unknown => {
  const require = (specifier: unknown): unknown => {
    const found = find(base, specifier);
    if (found.builtin !== undefined) return builtin(found.builtin);
    return loadFile(found.name ?? '', found.json);
  };
  require.resolve = (specifier: unknown): string => {
    const found = find(base, specifier);
    return found.builtin === undefined ? absolute(found.name ?? '') : String(specifier);
  };
  require.cache = cache;
  require.extensions = {};
  require.main = main();
  return require;
};

let mainModule: Module | undefined;
const main = (): Module => {
  mainModule ??= makeModule(inner.setup.program);
  return mainModule;
};

/** `require`, `module`, `exports`, `__filename` and `__dirname` of the program itself: globals, each made when it is first used. */
export const installRequire = (): void => {
  const lazy = (name: string, make: () => unknown): void => {
    Object.defineProperty(globalThis, name, {
      configurable: true,
      enumerable: false,
      get: () => {
        const value = make();
        hide(globalThis, name, value);
        return value;
      },
      set: (value: unknown) => hide(globalThis, name, value),
    });
  };
  const begin = (): void => {
    cache = Object.create(null);
    mainModule = undefined;
    lazy('require', () => makeRequire(''));
    lazy('module', main);
    lazy('exports', () => main().exports);
    lazy('__filename', () => main().filename);
    lazy('__dirname', () => main().path);
  };
  begin();
  inner.hooks.begin.push(begin);
  const { sandglass } = globalThis as unknown as { readonly sandglass: object }; // the prelude's own
  hide(sandglass, 'builtin', builtin);
  hide(sandglass, 'file', (name: string) => {
    const found = find('', name);
    return loadFile(found.name ?? '', found.json);
  });
};
