import type { EmscriptenModule } from './contract.ts';

/** What is exported no longer, see `deferExports`: there once something is linked against the interpreter. */
export interface LateSymbols {
  /** Stands before the glue's imports: to be called before the interpreter's instance is made. */
  guard(env: Record<string, unknown>, links: Record<string, unknown>): void;
  /** The interpreter is made, and exports this to the glue; nothing of a guest has run. */
  ready(instance: WebAssembly.Instance, exports: Readonly<Record<string, unknown>>): void;
  /** As the glue has made it. */
  linkBy(glue: EmscriptenModule): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. The glue's own linker finds all exports of the interpreter as soon as a native module is
 * loaded, or `ctypes` asks for one; before that nobody does.
 *
 * @param readNames Answers JSON: `DeferredNames`.
 * @param table Name of the table that holds the functions.
 */
export function lateSymbols(readNames: () => string, table: string): LateSymbols {
  const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { parse } = JSON;
  const { Global, Table } = WebAssembly;
  const getEntry = Table.prototype.get;
  const lengthOf = getOwnPropertyDescriptor(Table.prototype, 'length')?.get as () => number; // every Table has it
  const hasOwn = Object.prototype.hasOwnProperty;
  interface Glue {
    updateGOT(symbols: object): void;
    updateTableMap(from: number, count: number): void;
    getFunctionAddress(of: object): number;
    readonly wasmTable: WebAssembly.Table;
  }
  type Import = (...args: unknown[]) => unknown;

  let functions: WebAssembly.Table | undefined;
  let exports: Readonly<Record<string, unknown>> = {};
  let kept: readonly string[] = [];
  /** Has the glue find which functions have an address. */
  let addresses: (() => void) | undefined;
  let link: ((symbols: object) => void) | undefined;
  let symbols: Record<string, unknown> | undefined;
  /** What the glue's linker does with all exports at its start. */
  const bring = (env: Record<string, unknown>): void => {
    if (symbols !== undefined || functions === undefined || link === undefined) return;
    symbols = { __proto__: null } as unknown as Record<string, unknown>;
    const names = parse(readNames()) as { functions: string[]; globals: string[]; values: number[] }; // written by `deferExports`
    for (let index = 0; index < names.functions.length; index++)
      symbols[names.functions[index] ?? ''] = apply(getEntry, functions, [index]);
    for (let index = 0; index < names.globals.length; index++)
      symbols[names.globals[index] ?? ''] = new Global({ value: 'i32' }, names.values[index] ?? 0);
    for (const name of kept) symbols[name] = exports[name];
    for (const name in symbols) {
      const present = apply(hasOwn, env, [name])
        ? (env[name] as { readonly stub?: unknown } | undefined)
        : undefined;
      if (!present || present.stub) env[name] = symbols[name];
    }
    addresses?.();
    link(symbols);
  };
  /** Imports by which C code asks for a symbol, or loads a module that does. */
  const LINKERS = ['_dlopen_js', '_dlsym_js', '_dlsym_catchup_js', '_emscripten_dlopen_js'];
  /** Of functions of the glue that only drawing uses, whose address the interpreter takes: they have none. */
  const noAddress = new Global({ value: 'i32', mutable: true }, 0);
  return {
    guard: (env, imports) => {
      for (const name of LINKERS) {
        const original = env[name] as Import; // of the glue
        if (typeof original !== 'function') throw new Error(`the glue has no ${name}`);
        env[name] = Object.assign((...args: unknown[]) => {
          bring(env);
          return apply(original, undefined, args);
        }, original); // with its signature, which side modules need
      }
      const addresses = imports['GOT.func'] as Record<string, unknown>; // the glue's linker, which makes what it is asked for
      imports['GOT.func'] = new Proxy(addresses, {
        get: (target, name) =>
          symbols === undefined && typeof env[name as string] === 'function'
            ? noAddress
            : target[name as string],
      });
    },
    ready: (instance, visible) => {
      functions = instance.exports[table] as WebAssembly.Table; // by its own name, of the rewriter
      exports = visible;
      kept = ownKeys(visible) as string[]; // no export is named by a symbol
    },
    linkBy: (glue) => {
      const { updateGOT, updateTableMap, getFunctionAddress, wasmTable } = glue as unknown as Glue; // its own names
      link = updateGOT;
      addresses = () => {
        getFunctionAddress(updateGOT); // makes the map, should nothing have been added yet
        updateTableMap(0, apply(lengthOf, wasmTable, []) as number);
      };
    },
  };
}
