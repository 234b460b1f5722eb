import { EVAL_GLOBAL, EVAL_MODULE } from './abi.ts';
import type { Pointer } from './engine-exports.ts';
import type { Loader } from './loader.ts';
import type { Machine } from './machine.ts';
import type { GuestFailure } from './machine-host.ts';
import { isEsModule } from './module-text.ts';

/** The host's half of `require`. */
export interface CommonJs {
  /** Where a specifier leads: a module of the library, a file, or nowhere. */
  resolve(base: string, specifier: string): Required;
  /** The function around a file's text, to be called by the guest; or its error, to be thrown there. */
  compile(name: string): Pointer;
}

export type Required =
  | { readonly builtin: string }
  | { readonly name: string; readonly json?: string }
  | GuestFailure;

/** As Node wraps a file; on its first line, so that the lines stay what they are. */
const WRAPPER = {
  head: '(function (exports, require, module, __filename, __dirname) {',
  tail: '\n})',
} as const;

/**
 * What `require` of an ES module gives: its namespace, with `__esModule` where it has a default export. One that waits at its top level
 * cannot be had.
 */
function esModule(machine: Machine, name: string, forgive: (thrown: Pointer) => void): Pointer {
  const from = JSON.stringify(name);
  const texts = [
    `export * from ${from}; export { default } from ${from}; export const __esModule = true;`,
    `export * from ${from};`,
  ];
  for (const [index, text] of texts.entries()) {
    const made = machine.evaluate(text, `<require ${index} ${name}>`, EVAL_MODULE);
    if ('value' in made) return machine.promiseState(made.value) < 0 ? made.value : 0;
    forgive(made.thrown);
    if (index > 0) return made.thrown;
    machine.free(made.thrown); // it has no default export, or fails: the second says so too
  }
  return 0;
}

export function createCommonJs(options: {
  readonly loader: Loader;
  readonly machine: () => Machine;
  /** Whoever asked has this error: a promise that was rejected with it needs no listener. */
  readonly forgive: (thrown: Pointer) => void;
}): CommonJs {
  const { loader } = options;
  const texts = new Map<string, string>();
  return {
    resolve: (base, specifier) => {
      const found = loader.require(base, specifier);
      if (!('text' in found)) return found;
      texts.set(found.name, found.text);
      return found.name.endsWith('.json') ? { name: found.name, json: found.text } : { name: found.name };
    },
    compile: (name) => {
      const machine = options.machine();
      const text = texts.get(name) ?? '';
      if (isEsModule(name, text)) return esModule(machine, name, options.forgive);
      loader.shifts.set(name, WRAPPER.head.length);
      const made = machine.evaluate(WRAPPER.head + text + WRAPPER.tail, name, EVAL_GLOBAL);
      return 'value' in made ? made.value : made.thrown;
    },
  };
}
