import { EVAL_GLOBAL } from './abi.ts';
import type { Pointer } from './engine-exports.ts';
import type { Loader } from './loader.ts';
import type { Machine } from './machine.ts';
import type { GuestFailure } from './machine-host.ts';

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

export function createCommonJs(options: {
  readonly loader: Loader;
  readonly machine: () => Machine;
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
      loader.shifts.set(name, WRAPPER.head.length);
      const made = machine.evaluate(WRAPPER.head + text + WRAPPER.tail, name, EVAL_GLOBAL);
      return 'value' in made ? made.value : made.thrown;
    },
  };
}
