import { SandglassError } from '../../vocabulary/errors.ts';
import type { ImportTarget, Preview1Options } from './run-options.ts';
import { clip, formatSignature, type Signature } from './signature.ts';

/** A function that a module imports and that is not of WASI: `name` is `module.name`. */
export interface ForeignImport extends Signature {
  readonly module: string;
  readonly field: string;
}

/** Imports named in a message, and in its details: a module may have a million. */
const NAMED = 12;
const DETAILED = 200;
const SHOWN_NAME = 120;

/**
 * Holds the imports of a module to what the options of a run give.
 * @throws {SandglassError} MODULE_INVALID naming what nobody gives, INPUT_INVALID for what does not fit.
 */
export function checkForeign(
  name: string,
  foreign: readonly ForeignImport[],
  { imports = {}, unknownImports = 'refuse' }: Preview1Options,
): void {
  const unknown =
    unknownImports === 'trap' ? [] : foreign.filter((entry) => !Object.hasOwn(imports, entry.name));
  if (unknown.length > 0)
    throw unknownError(
      name,
      unknown.map((entry) => entry.name),
    );
  for (const entry of foreign) {
    const target = Object.hasOwn(imports, entry.name) ? imports[entry.name] : undefined;
    const misfit = target === undefined ? undefined : misfitOf(entry, target);
    if (misfit !== undefined)
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot give "${name}" the import ${formatSignature(entry)}: ${misfit}`,
      );
  }
  const asked = Object.keys(imports).find((given) => !foreign.some((entry) => entry.name === given));
  if (asked !== undefined)
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot give "${name}" the import "${clip(asked, SHOWN_NAME)}": it has none of this name`,
      { details: { imports: foreign.slice(0, DETAILED).map((entry) => formatSignature(entry)) } },
    );
}

export const unknownError = (name: string, unknown: readonly string[]): SandglassError => {
  const shown = unknown.slice(0, DETAILED).map((entry) => clip(entry, SHOWN_NAME));
  const more = unknown.length > NAMED ? ` and ${unknown.length - NAMED} more` : '';
  return new SandglassError(
    'MODULE_INVALID',
    `Cannot load "${name}": it imports ${shown.slice(0, NAMED).join(', ')}${more}, which no engine here gives`,
    {
      details: { imports: shown },
      hint:
        "Give them by options.imports, or set options.unknownImports to 'trap' if it does not call " +
        'them; else build it for WASI preview 1 (wasi_snapshot_preview1), or as a component',
    },
  );
};

const NUMBERS = new Set(['i32', 'i64', 'f32', 'f64']);

function misfitOf({ params, results }: ForeignImport, { bytes, into }: ImportTarget): string | undefined {
  if (results.length > 1) return 'a host function answers one value at most';
  if ([...params, ...results].some((type) => !NUMBERS.has(type)))
    return 'a host function takes and answers numbers';
  for (const [what, pair] of [
    ['bytes', bytes],
    ['into', into],
  ] as const) {
    if (pair?.some((place) => params[place] !== 'i32') === true)
      return `${what} names arguments ${pair.join(' and ')}, which are not both an i32`;
  }
  return undefined;
}
