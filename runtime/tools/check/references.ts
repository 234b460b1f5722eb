import { isJsonObject, type JsonObject, type JsonValue, setOwn } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';

/** Keywords whose values are data: no schemas stand in them. */
export const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples']);

/** Keywords whose values are schemas by names that are no keywords. */
export const NAMED: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  'dependencies',
  '$defs',
  'definitions',
]);

/**
 * What a pointer within a schema leads to, spelt in any way that a validator takes: what is weighed must be what is checked.
 * @returns `undefined` for what is not there.
 */
export function pointedAt(root: JsonSchema, reference: string): JsonValue | undefined {
  if (reference === '#') return root as JsonObject; // a schema is JSON
  if (!reference.startsWith('#/')) return undefined;
  let at: JsonValue | undefined = root as JsonObject;
  for (const part of reference.slice(2).split('/')) {
    const name = decoded(part);
    if (name === undefined) return undefined;
    if (Array.isArray(at))
      at = (at as readonly JsonValue[])[Number(name)]; // an index may be past its end
    else at = at !== undefined && isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}

export const notThere = (reference: string): Error =>
  new Error(`its schema refers to ${JSON.stringify(reference.slice(0, 100))}, which is not there`);

function decoded(part: string): string | undefined {
  try {
    return unescaped(decodeURIComponent(part));
  } catch {
    return undefined; // no text at all
  }
}

/** A name, as it stands between two `/` of a pointer. */
export const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

const escaped = (name: string): string =>
  encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));

const ANCHOR = /^[A-Za-z_][-A-Za-z0-9._]{0,199}$/;

/**
 * The same schema without `$anchor`: a reference to one is a pointer.
 * @throws {Error} for two of one name, and for one that is no name.
 */
export function withoutAnchors(schema: JsonSchema): JsonSchema {
  const root = schema as JsonObject; // a schema is JSON
  if (!JSON.stringify(root).includes('"$anchor"')) return schema;
  const places = new Map<string, string>();
  changeSchemas(root, '#', (part, at) => {
    const { $anchor: name } = part;
    if (name === undefined) return part;
    if (typeof name !== 'string' || !ANCHOR.test(name)) throw new Error(`${at}: $anchor is not a name`);
    if (places.has(name)) throw new Error(`${at}: $anchor ${JSON.stringify(name)} is there twice`);
    places.set(name, at);
    return part;
  });
  const pointed = changeSchemas(root, '#', ({ $anchor: _, ...part }) => {
    const place = typeof part.$ref === 'string' ? places.get(part.$ref.slice(1)) : undefined;
    return place !== undefined && String(part.$ref).startsWith('#') ? { ...part, $ref: place } : part;
  });
  return pointed as JsonSchema; // as it was, but for those words
}

/** Changes each schema that stands in a schema. What has an `$id` of its own has anchors of its own, too. */
function changeSchemas(
  value: JsonValue,
  at: string,
  change: (schema: JsonObject, at: string) => JsonObject,
): JsonValue {
  if (Array.isArray(value))
    return (value as readonly JsonValue[]).map((item, n) => changeSchemas(item, `${at}/${n}`, change));
  if (!isJsonObject(value) || (at !== '#' && typeof value.$id === 'string')) return value;
  const changed: Record<string, JsonValue> = {};
  for (const [word, item] of Object.entries(change(value, at))) {
    const here = `${at}/${escaped(word)}`;
    if (DATA.has(word)) setOwn(changed, word, item);
    else if (NAMED.has(word) && isJsonObject(item)) {
      const named: Record<string, JsonValue> = {};
      for (const [name, part] of Object.entries(item))
        setOwn(named, name, changeSchemas(part, `${here}/${escaped(name)}`, change));
      setOwn(changed, word, named);
    } else setOwn(changed, word, changeSchemas(item, here, change));
  }
  return changed;
}
