import { transform } from 'sucrase';
import { MIB } from '../../vocabulary/units.ts';
import type { GuestFailure } from './machine.ts';

/** Longest TypeScript text, characters: the remover runs on the host's side, so its work is bounded here. */
const MOST_TYPESCRIPT = 4 * MIB;

/** Removes types; every line stays where it is. What it cannot read is a failure with file, line and column. */
export function stripTypes(code: string, filename: string): string | GuestFailure {
  if (code.length > MOST_TYPESCRIPT) {
    return {
      failure: `Cannot read ${filename}: ${code.length} characters of TypeScript are over ${MOST_TYPESCRIPT}`,
    };
  }
  try {
    return transform(code, {
      transforms: filename.endsWith('x') ? ['typescript', 'jsx'] : ['typescript'],
      disableESTransforms: true,
      keepUnusedImports: true,
      jsxRuntime: 'preserve',
    }).code;
  } catch (error) {
    return { failure: describe(error, filename) };
  }
}

function describe(error: unknown, filename: string): string {
  if (error instanceof RangeError) return `Cannot read ${filename}: nested too deeply`;
  const { loc } = error as { readonly loc?: { readonly line?: unknown; readonly column?: unknown } };
  const text = error instanceof Error ? error.message : 'unknown error';
  // The remover says "Error transforming x: Unexpected token (3:5)": the place is given apart.
  const reason = text.replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '');
  const place =
    typeof loc?.line === 'number' ? `${filename}:${loc.line}:${Number(loc.column ?? 0) + 1}` : filename;
  return `Cannot read ${place}: ${reason}`;
}
