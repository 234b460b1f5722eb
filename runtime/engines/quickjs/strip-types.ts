import { type Options, type Transform, transform } from 'sucrase';
import { defined } from '../../vocabulary/defined.ts';
import { MIB } from '../../vocabulary/units.ts';
import { TooManyRetries, withRetries } from './count-retries.ts';
import type { GuestFailure } from './machine-host.ts';

/** Longest TypeScript text, characters: the remover runs on the host's side, so its work is bounded here. */
const MOST_TYPESCRIPT = 4 * MIB;
/** Characters that may be read in vain, and how many more a character. Programs of people stay under a third of it. */
const MOST_RETRIES = 20_000;
const RETRIES_A_CHARACTER = 2;

/**
 * Removes types, and writes JSX as calls: of `React.createElement`, of what `@jsx` names, or of the automatic runtime where `@jsxImportSource` or
 * `@jsxRuntime automatic` asks for it. Every line stays where it is. What it cannot read is a failure with file, line and column.
 */
export function stripTypes(code: string, filename: string, most = MOST_TYPESCRIPT): string | GuestFailure {
  if (code.length > most) {
    return { failure: `Cannot read ${filename}: ${code.length} characters of TypeScript are over ${most}` };
  }
  const strip = (transforms: Transform[]): string =>
    withRetries(
      MOST_RETRIES + RETRIES_A_CHARACTER * code.length,
      () =>
        transform(code, {
          transforms,
          disableESTransforms: true,
          keepUnusedImports: true,
          production: true,
          ...jsxOptions(code),
        }).code,
    );
  if (filename.endsWith('.jsx')) return attempt(() => strip(['jsx']), filename);
  if (filename.endsWith('x')) return attempt(() => strip(['typescript', 'jsx']), filename);
  const stripped = attempt(() => strip(['typescript']), filename);
  // JSX in a file whose ending does not say so: the endings are not known where a program comes as text.
  if (typeof stripped === 'string' || !/<\/|\/>/.test(code)) return stripped;
  const jsx = attempt(() => strip(['typescript', 'jsx']), filename);
  return typeof jsx === 'string' ? jsx : stripped;
}

function attempt(strip: () => string, filename: string): string | GuestFailure {
  try {
    return strip();
  } catch (error) {
    return { failure: describe(error, filename) };
  }
}

/** What the pragmas in a text's comments say of its JSX. */
function jsxOptions(
  code: string,
): Pick<Options, 'jsxRuntime' | 'jsxImportSource' | 'jsxPragma' | 'jsxFragmentPragma'> {
  const head = code.slice(0, 10_000);
  const found = (pattern: RegExp): string | undefined => pattern.exec(head)?.[1];
  const source = found(/@jsxImportSource\s{1,9}([\w.@/$-]{1,200})/);
  const call = found(/@jsx\s{1,9}([\w.$]{1,200})/);
  const fragment = found(/@jsxFrag\s{1,9}([\w.$]{1,200})/);
  if (source !== undefined || /@jsxRuntime\s{1,9}automatic\b/.test(head)) {
    return { jsxRuntime: 'automatic', ...defined({ jsxImportSource: source }) };
  }
  return {
    jsxRuntime: 'classic',
    ...defined({ jsxPragma: call, jsxFragmentPragma: fragment }),
  };
}

function describe(error: unknown, filename: string): string {
  if (error instanceof TooManyRetries) return `Cannot read ${filename}: it can be read in too many ways`;
  if (error instanceof RangeError) return `Cannot read ${filename}: nested too deeply`;
  const { loc } = error as { readonly loc?: { readonly line?: unknown; readonly column?: unknown } };
  const text = error instanceof Error ? error.message : 'unknown error';
  // The remover says "Error transforming x: Unexpected token (3:5)": the place is given apart.
  const reason = text.replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '');
  const place =
    typeof loc?.line === 'number' ? `${filename}:${loc.line}:${Number(loc.column ?? 0) + 1}` : filename;
  return `Cannot read ${place}: ${reason}`;
}
