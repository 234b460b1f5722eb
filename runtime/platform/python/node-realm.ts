import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import type { OpenRealm } from '../../engines/pyodide/interpreter.ts';

/**
 * A realm with nothing in it but the language: no Node globals, no code from strings, no `import()`. Node says that `vm` is no security
 * boundary; it is one layer here, inside a permissioned cell that is used once.
 */
export const openNodeRealm: OpenRealm = (code = {}) => {
  const scripts = new Map<string, vm.Script>();
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    name: 'guest',
    codeGeneration: { strings: false, wasm: true },
    microtaskMode: undefined,
  });
  return {
    evaluate: (source, filename) => {
      const cachedData = code[filename];
      const script = new vm.Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
      scripts.set(filename, script);
      return script.runInContext(context);
    },
    compiled: () =>
      Object.fromEntries([...scripts].map(([name, script]) => [name, script.createCachedData()])),
    externalBytes: () => getHeapStatistics().external_memory,
    collect: () => {
      collector ??= openCollector();
      collector();
      collector(); // what the first turn frees is only counted by the next
    },
  };
};

let collector: (() => void) | undefined;

/** V8's own `gc()`, got without giving it to any realm of a guest: the flag is on for as long as it takes to make one realm. */
function openCollector(): () => void {
  setFlagsFromString('--expose-gc');
  try {
    return vm.runInNewContext('gc') as () => void; // what the flag adds
  } finally {
    setFlagsFromString('--no-expose-gc');
  }
}
