import { SandglassError } from '../../../vocabulary/errors.ts';
import type { ComponentTypes, Item } from '../types/model.ts';
import { functionText, unversioned } from '../types/wit-type.ts';
import { NAMED_TYPES, SIGNATURES } from './signatures.ts';

/** Versions of each package whose functions we know; a later 0.2 only adds. */
const VERSIONS: readonly (readonly [prefix: string, version: RegExp])[] = [
  ['wasi:', /^0\.2\.\d+$/],
  ['sandglass:host/', /^0\.1\.\d+$/],
];

/**
 * Names of the imported interfaces, after checking that each is one of ours and that every function in it has exactly our type. So the
 * glue lifts every argument by a type that our implementation was written for.
 * @throws {SandglassError} MODULE_INVALID naming the first import that does not fit.
 */
export function checkImports(types: ComponentTypes): readonly string[] {
  const names: string[] = [];
  for (const [name, item] of types.imports) {
    if (item.sort === 'type' && item.type.kind !== 'resource') continue; // a world-level `use` of a known type
    if (item.sort === 'instance' && onlyNamesTypes(item.exports)) continue;
    const known = knownFunctions(name);
    if (item.sort !== 'instance' || known === undefined) throw unknownImport(name);
    checkFunctions(name, item.exports, known);
    names.push(name);
  }
  return names;
}

/** An interface that is imported for its types, as by `use`: there is nothing in it to provide. */
const onlyNamesTypes = (items: ReadonlyMap<string, Item>): boolean =>
  [...items.values()].every((item) => item.sort === 'type' && item.type.kind === 'value');

function knownFunctions(name: string): ReadonlyMap<string, string> | undefined {
  const base = unversioned(name);
  const version = name.slice(base.length + 1);
  const fits = VERSIONS.some(([prefix, pattern]) => base.startsWith(prefix) && pattern.test(version));
  const signatures = Object.hasOwn(SIGNATURES, base) ? SIGNATURES[base] : undefined;
  return fits && signatures !== undefined ? new Map(Object.entries(signatures)) : undefined;
}

function checkFunctions(
  name: string,
  items: ReadonlyMap<string, Item>,
  known: ReadonlyMap<string, string>,
): void {
  for (const [functionName, item] of items) {
    if (item.sort === 'type') continue;
    const expected = known.get(functionName);
    if (item.sort !== 'func' || expected === undefined) throw unknownImport(`${name}#${functionName}`);
    const got = functionText(item.type);
    if (got === expand(expected)) continue;
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load the component: its import "${name}#${functionName}" has another type`,
      {
        details: {
          import: `${name}#${functionName}`,
          expected: expand(expected).slice(0, 500),
          got: got.slice(0, 500),
        },
        hint: 'Build it against wit/ and WASI 0.2',
      },
    );
  }
}

const unknownImport = (name: string): SandglassError =>
  new SandglassError(
    'MODULE_INVALID',
    `Cannot load the component: nothing here provides its import "${name}"`,
    {
      details: { import: name },
      hint: 'A component may import sandglass:host 0.1 and the WASI 0.2 interfaces',
    },
  );

/** The full text of a signature of the table. */
export function expand(text: string): string {
  return text.replaceAll(/\$([^$]+)\$/g, (_, name: string) => expand(NAMED_TYPES[name] ?? name));
}
