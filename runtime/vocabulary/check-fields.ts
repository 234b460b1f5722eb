import { refuseUnknown } from './read-options.ts';

type Kind = 'function' | 'object' | 'list' | 'text' | 'boolean' | 'any';

/** What a field of options is; with `!` it must be there. `any` is looked at by whoever reads it. */
export type FieldKind = Kind | `${Kind}!`;

const IS: Readonly<Record<Kind, { readonly fits: (value: unknown) => boolean; readonly name: string }>> = {
  function: { fits: (value) => typeof value === 'function', name: 'a function' },
  object: {
    fits: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    name: 'an object',
  },
  list: { fits: Array.isArray, name: 'a list' },
  text: { fits: (value) => typeof value === 'string', name: 'a text' },
  boolean: { fits: (value) => typeof value === 'boolean', name: 'true or false' },
  any: { fits: () => true, name: 'anything' },
};

/**
 * Checks the options that an embedder gives: an object, no field that there is not, none of the wrong kind, none missing.
 * @param where What cannot be done without, beginning with the verb: `open the HTTP door`.
 * @throws {TypeError} naming the field, with the nearest one that there is.
 */
export function checkFields(
  given: unknown,
  fields: Readonly<Record<string, FieldKind>>,
  where: string,
): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`Cannot ${where}: expected an object of options, ${needsOf(fields)}`);
  refuseUnknown(given, fields, where);
  for (const [name, field] of Object.entries(fields))
    checkField((given as Readonly<Record<string, unknown>>)[name], name, field, where); // an object
}

/** The options of a runtime, before they are taken apart. @throws {TypeError} on anything but an object. */
export function runtimeOptions<T extends object>(given: T): T {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given;
  throw new TypeError('Cannot create a runtime: expected an object of options');
}

/** One value alone, such as an argument. @throws {TypeError} */
export function checkField(value: unknown, name: string, field: FieldKind, where: string): void {
  const { fits, name: wanted } = IS[field.replace('!', '') as Kind];
  if (value === undefined) {
    if (field.endsWith('!'))
      throw new TypeError(
        `Cannot ${where}: ${name} is missing${field === 'any!' ? '' : `, expected ${wanted}`}`,
      );
  } else if (!fits(value)) throw new TypeError(`Cannot ${where}: ${name} is not ${wanted}`);
}

function needsOf(fields: Readonly<Record<string, FieldKind>>): string {
  const needed = Object.keys(fields).filter((name) => fields[name]?.endsWith('!'));
  return needed.length > 0 ? `with ${needed.join(', ')}` : `such as ${Object.keys(fields).join(', ')}`;
}
