// The executor that worker and process cells import for components on Node.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import vm from 'node:vm';
import type { Execute, OpenGuest } from '../../contracts/engine.ts';
import { open as openComponent } from '../../engines/component/execute.ts';
import { createRealmExecutor, type RealmMaker } from '../../engines/component/realm/executor.ts';

/**
 * Node says that `vm` is not a security boundary; it is one layer here, inside a permissioned cell. Promises of a realm have a queue of their own,
 * which is looked at when a script is evaluated in it, and never again once the run has ended.
 */
const realms: RealmMaker = {
  compile: (source, filename) => new vm.Script(source, { filename }),
  open: () => {
    const context = vm.createContext(vm.constants.DONT_CONTEXTIFY, {
      name: 'guest',
      codeGeneration: { strings: false, wasm: true },
      microtaskMode: 'afterEvaluate',
    });
    return {
      evaluate: (script) => (script as vm.Script).runInContext(context), // made by `compile`
      turn: () => void NOTHING.runInContext(context),
    };
  },
};
const NOTHING = new vm.Script('0', { filename: 'turn.js' });

const program = readFileSync(
  new URL('../../engines/component/realm/realm.bundle.js', import.meta.url),
  'utf8',
);

// Rejections that nobody waits for in a realm end nothing: they are its run's own affair, and may be noticed after it.
process.on('unhandledRejection', () => undefined);

export const execute: Execute = createRealmExecutor(realms, program);

/** A kept guest has its cell for itself, which ends with it: its glue needs no realm of its own. */
export const open: OpenGuest = openComponent;
