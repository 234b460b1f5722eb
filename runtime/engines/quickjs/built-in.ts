/** Modules of Node that guests have not, with what to use. */
const MISSING: Readonly<Record<string, string>> = Object.assign(Object.create(null), {
  child_process: 'a guest cannot start processes; write what the command does in JavaScript',
  cluster: 'a guest is one thread; do the work in it, or start several runs',
  dgram: 'a guest has no sockets; use fetch or WebSocket',
  domain: 'it is deprecated; use try and catch, or AsyncLocalStorage of node:async_hooks',
  inspector: 'a guest has no debugger; use console.log',
  'inspector/promises': 'a guest has no debugger; use console.log',
  repl: 'a guest has no terminal; read lines with node:readline',
  sea: 'a guest is not an executable file',
  sqlite: 'a guest has no database of its own; keep data in files or in memory',
  'test/reporters': 'the tests of a guest are told in one form; print what you need',
  trace_events: 'a guest has no tracing; use performance.now()',
  v8: 'a guest does not run on V8; copy values with structuredClone',
  vm: 'a guest makes no further realms; compile text with new Function',
  wasi: 'a guest starts no wasm; give the module to the run instead',
});

/** Why a name of Node's own is not there; `undefined` for any other name. */
export function missingBuiltIn(name: string, prefixed: boolean): string | undefined {
  const advice = MISSING[name];
  if (advice !== undefined) return advice;
  return prefixed ? 'Node has no such module' : undefined;
}

export const isBuiltIn = (library: Readonly<Record<string, readonly string[]>>, name: string): boolean =>
  Object.hasOwn(library, name);

const RESERVED: ReadonlySet<string> = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends ' +
    'false finally for function if implements import in instanceof interface let new null package ' +
    'private protected public return static super switch this throw true try typeof var void while with ' +
    'yield arguments eval'
  ).split(' '),
);

const NAME = /^[A-Za-z_$][\w$]*$/;

/** Names of a module's members that can be imported by name. */
export const importable = (names: Iterable<string>): readonly string[] =>
  [...new Set(names)].filter((name) => NAME.test(name) && !RESERVED.has(name));

/** The text of a module that gives out one of the library's. */
export const builtInSource = (name: string, names: readonly string[]): string =>
  `const api = globalThis.sandglass.builtin(${JSON.stringify(name)}); export default api; export const { ${importable(names).join(', ')} } = api;`;
