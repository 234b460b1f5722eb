import { getHeapStatistics } from 'node:v8';
import vm from 'node:vm';
import type { OpenRealm } from '../engines/pyodide/realm.ts';

/**
 * A realm with nothing in it but the language: no Node globals, no code from strings, no `import()`. Node says that `vm` is no security
 * boundary; it is one layer here, inside a permissioned cell that is used once.
 */
export const openNodeRealm: OpenRealm = () => {
  const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
    name: 'guest',
    codeGeneration: { strings: false, wasm: true },
    microtaskMode: undefined,
  });
  return {
    evaluate: (source, filename) => new vm.Script(source, { filename }).runInContext(context),
    externalBytes: () => getHeapStatistics().external_memory,
  };
};
