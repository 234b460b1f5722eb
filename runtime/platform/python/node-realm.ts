import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import vm from 'node:vm';
import type { CompiledScripts } from '../../engines/pyodide/assets.ts';
import type { OpenRealm } from '../../engines/pyodide/open-realm.ts';
import { defined } from '../../vocabulary/defined.ts';

/**
 * A realm with nothing in it but the language: no Node globals, no code from strings, no `import()`, and a queue of its own for its promises, which
 * is looked at when a script is evaluated in it, and never again once its run has ended. Node says that `vm` is not a security boundary; it is one
 * layer here, inside a permissioned cell.
 */
export const openNodeRealm: OpenRealm = (code = {}) => {
  const scripts = new Map<string, vm.Script>();
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    name: 'guest',
    codeGeneration: { strings: false, wasm: true },
    microtaskMode: 'afterEvaluate',
  });
  return {
    evaluate: (source, filename) => {
      const script = scriptOf(source, filename, code[filename]);
      scripts.set(filename, script);
      return script.runInContext(context);
    },
    turn: () => void NOTHING.runInContext(context),
    compiled: (): CompiledScripts =>
      Object.fromEntries([...scripts].map(([name, script]) => [name, script.createCachedData()])),
    externalBytes: () => getHeapStatistics().external_memory,
    collect: () => {
      collector ??= openCollector();
      collector();
      collector(); // what the first turn frees is only counted by the next
    },
  };
};

const NOTHING = new vm.Script('0', { filename: 'turn.js' });

/** Compiled once for all realms of a thread, by file name; a script holds no state of any realm. */
const compiledScripts = new Map<string, { readonly source: string; readonly script: vm.Script }>();

function scriptOf(source: string, filename: string, cachedData: Uint8Array | undefined): vm.Script {
  const known = compiledScripts.get(filename);
  if (known?.source === source) return known.script;
  const script = new vm.Script(source, { filename, ...defined({ cachedData }) });
  compiledScripts.set(filename, { source, script });
  return script;
}

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
