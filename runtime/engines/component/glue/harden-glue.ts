import { SandglassError } from '../../../vocabulary/errors.ts';
import { GLUE_IMPORT } from '../component-data.ts';

const OPENING = /^export function instantiate\(getCoreModule, imports, instantiateCore = [^\n]*\{$/m;
const OUT_OF_RANGE = /throw new TypeError\(`must be between \$\{min\} and \$\{max\}`\);/;
const WRAPPED = 'const span = max - min + 1; return ((((i - min) % span) + span) % span) + min;';
/** What runs when the guest calls an import of its host. */
const IMPORT = /^[ \t]*const _trampoline\d+ = (?:async )?function\([\w, ]*\) \{$/gm;
/** A set that remembers each resource that ever was, and that nothing reads. */
const NEW_HANDLE = /table\._createdReps\.add\(rep\);/;
const DEBUG_LOG = /const _debugLog = \(\.\.\.args\) => \{\n[^\n]*\n\s*console\.debug\(\.\.\.args\);\n\s*\};/;

/**
 * Rewrites the generated glue where it would take a guest's word for a size. Lists and strings may all point at the same memory, so
 * lifting them can need far more than the guest has: every list, copy and decoded string is charged before it is made. So is each call of an
 * import, and what a guest holds of resources is bounded. The glue's console becomes silent, its debug log goes; what it makes anew for
 * each instance costs less.
 * @throws {SandglassError} INTERNAL when the glue has not the form of the generator this was written for.
 */
export function hardenGlue(source: string): string {
  const withPrelude = source.replace(
    OPENING,
    (opening) =>
      `${opening}\n  const { TextDecoder, console, charge: $charge, chargeItems: $items, enter: ` +
      `$enter, hold: $hold, slice: $slice } = imports['${GLUE_IMPORT}'];`,
  );
  if (withPrelude === source) throw unknownForm('its entry');
  const hardened = withPrelude
    .replace(DEBUG_LOG, 'const _debugLog = () => {};')
    // What each line of the log would be made of is not made either.
    .replaceAll(/^(\s*)_debugLog\(/gm, '$1false && _debugLog(')
    .replaceAll(/\b(memory\d+)\.buffer\.slice\(/g, '$slice($1.buffer, ')
    .replaceAll(/^(\s*)for \(let i = 0; i < (len\d+); i\+\+\) \{$/gm, '$1$items($2);\n$&')
    .replaceAll(IMPORT, '$&\n$enter();')
    .replace(NEW_HANDLE, '$hold(table.length >> 1);')
    // Lifted as the Canonical ABI says: any bool but 0 is true, flags that nobody named do not count, a small number is what fits of it.
    .replaceAll(': throwInvalidBool()', ': true')
    .replaceAll("throw new TypeError('flags have extraneous bits set');", '')
    .replace(OUT_OF_RANGE, WRAPPED)
    // A quarter of it is indentation and comments, which every cell would read.
    .replaceAll(/^[ \t]+(?:\/\/.*)?/gm, '');
  if (count(hardened, /^const _trampoline\d+ = /gm) !== count(hardened, /^\$enter\(\);$/gm))
    throw unknownForm('an import');
  if (/_createdReps\.add\(/.test(hardened)) throw unknownForm('a table of handles');
  if (/\.buffer\.slice\(/.test(hardened)) throw unknownForm('a copy');
  if (/: throwInvalidBool\(\)|throw new TypeError\(`must be between/.test(hardened))
    throw unknownForm('a number');
  return compiledOnce(withPlainFields(hardened));
}

/** A quoted string on one line, which stays as it is, or the private name of a field or method where it is declared or used. */
const STRING_OR_PRIVATE =
  /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|(\.|^(?:(?:static|async|get|set) )*)#(?=\w)/gm;

/**
 * Private fields become ordinary ones: the glue declares its classes anew for each instance, and the first object of a class that nobody
 * has seen before takes a third of the time, and most of the garbage, when its fields are private. Nothing but the glue sees these objects.
 * A name that was missed makes the glue a syntax error, never another program.
 */
function withPlainFields(source: string): string {
  if (source.includes(PLAIN)) throw unknownForm('a name');
  return source.replaceAll(STRING_OR_PRIVATE, (found, before?: string) =>
    before === undefined ? found : `${before}${PLAIN}`,
  );
}

const PLAIN = '$private_';

/** A compiled module holds no state: one may serve all instances. */
function compiledOnce(source: string): string {
  const names: string[] = [];
  const rest = source.replaceAll(
    /^const (_\w+) = (new WebAssembly\.Module\(new Uint8Array\(\[[\s\da-fx,]*\]\)\));$/gm,
    (_, name: string, made: string) => {
      names.push(name);
      return `const ${name} = $compiled${name} ??= ${made};`;
    },
  );
  return rest + names.map((name) => `\nlet $compiled${name};`).join('');
}

const count = (source: string, pattern: RegExp): number => [...source.matchAll(pattern)].length;

const unknownForm = (what: string): SandglassError =>
  new SandglassError('INTERNAL', `Cannot harden the glue of a component: ${what} has an unknown form`);
