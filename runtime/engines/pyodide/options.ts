import type { JsonObject } from '../../vocabulary/json.ts';
import { nearestOrAll } from '../../vocabulary/nearest.ts';
import { BUILTIN_NAMES } from './builtin-names.ts';

/** What `options` of a Python run may say. */
export interface PythonOptions {
  /** Modules that the program's own code may import, with all below them; beside a preset those of them that it allows. @default any */
  readonly imports?: readonly string[];
  /** Builtins that the program's own code may not call, beside those of a preset. @default none */
  readonly block?: readonly string[];
  /** `safe`: harmless modules only, no `eval` and the like, no attributes of the interpreter. Depth, not the boundary. */
  readonly preset?: 'safe';
  /** Installed before the run: names with versions where they matter, e.g. `numpy`, `attrs>=23`. */
  readonly packages?: readonly string[];
}

const MODULE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/;
/** A name, extras and versions; whoever resolves them reads them in full. */
const PACKAGE = /^[A-Za-z0-9][\w.-]{0,100}(\[[\w,. -]{0,200}\])?\s*([<>=!~][\w.*+!,<>=~ -]{0,200})?$/;
/** What each item of a list must be. */
const LISTS: Readonly<Record<string, (item: string) => boolean>> = {
  imports: (item) => MODULE.test(item),
  block: (item) => BUILTIN_NAMES.has(item) || item === '__import__' || item === '__build_class__',
  packages: (item) => PACKAGE.test(item),
};

const KINDS: Readonly<Record<string, string>> = {
  imports: 'name of a module',
  block: 'name of a builtin',
  packages: 'name of a package',
};

/** Names of all options. */
export const PYTHON_OPTIONS: readonly string[] = [...Object.keys(LISTS), 'preset'];

/**
 * Checks the options of one run.
 * @throws {TypeError} on an unknown option or a malformed name: an option that is not enforced would be a lie.
 */
export function checkPythonOptions(options: JsonObject): PythonOptions {
  for (const [name, value] of Object.entries(options)) {
    const fits = Object.hasOwn(LISTS, name) ? LISTS[name] : undefined;
    if (fits !== undefined) {
      if (!Array.isArray(value)) {
        throw new TypeError(
          `Cannot read options.${name}: expected a list of names, not ${JSON.stringify(value)}`,
        );
      }
      const wrong = value.find((item) => typeof item !== 'string' || !fits(item));
      if (wrong !== undefined) {
        throw new TypeError(`Cannot read options.${name}: ${JSON.stringify(wrong)} is not a ${KINDS[name]}`);
      }
    } else if (name !== 'preset') {
      throw new TypeError(
        `Cannot read options: unknown option "${name}"${nearestOrAll(name, PYTHON_OPTIONS)}`,
      );
    } else if (value !== 'safe')
      throw new TypeError(`Cannot read options.preset: ${JSON.stringify(value)} is not "safe"`);
  }
  return options as PythonOptions; // each field was checked above
}
