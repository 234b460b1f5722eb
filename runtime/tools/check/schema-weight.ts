import { isJsonObject, type JsonObject, type JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';
import { DATA, NAMED, notThere, pointedAt } from './references.ts';

/** Parts that a schema may come to, with what its references lead to counted each time: a chain of them can double at every link. */
export const MOST_NODES = 20_000;
const MOST = { depth: 100, characters: 262_144 } as const;

/** Keywords whose schemas are for parts of a value, not for the value itself. */
const DESCENDING: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'items',
  'prefixItems',
  'contains',
  'unevaluatedItems',
]);

/** Words of other drafts, and of validators, that change what is checked or how, and are weighed nowhere. */
const FOREIGN: ReadonlySet<string> = new Set(['$recursiveRef', '$recursiveAnchor', '$async']);

/** Nesting that arguments may have at all. */
const MOST_NESTED = 64;

/** A schema that another one was come to through, by a reference, however that was spelt. */
interface Link {
  readonly target: JsonValue;
  readonly before: Link | undefined;
}

interface Following {
  /** The last of all that were followed. */
  readonly last: Link | undefined;
  /** The last of them when a part of the value was gone into: those after it are for the value itself. */
  readonly outside: Link | undefined;
}

/**
 * Refuses a schema that would cost more to compile or to check than a schema of a tool does, and answers how deep what it is checked with may
 * be nested: each of its recursive references may multiply the work at every level.
 * @throws {RangeError} saying what is over its bound. @throws {Error} for a reference that leads out of it, or to itself.
 */
export function refuseHeavySchema(schema: JsonSchema): number {
  const characters = JSON.stringify(schema).length;
  if (characters > MOST.characters)
    throw new RangeError(`its schema has ${characters} characters, over ${MOST.characters}`);
  const root = schema as JsonObject; // a schema is JSON
  const dynamic = lookThrough(root);
  let nodes = 0;
  let recursions = 0;
  const count = (depth: number): void => {
    nodes += 1;
    if (nodes > MOST_NODES)
      throw new RangeError(`its schema comes to over ${MOST_NODES} parts, references followed`);
    if (depth > MOST.depth) throw new RangeError(`its schema is nested over ${MOST.depth} deep`);
  };
  const data = (value: JsonValue, depth: number): void => {
    count(depth);
    if (typeof value !== 'object' || value === null) return;
    for (const item of Object.values(value) as readonly JsonValue[]) data(item, depth + 1);
  };
  const visit = (value: JsonValue, depth: number, following: Following): void => {
    count(depth);
    if (Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) visit(item, depth + 1, following);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const [word, item] of Object.entries(value)) {
      if (FOREIGN.has(word)) throw new Error(`its schema has ${word}, which is no keyword of draft 2020-12`);
      const within = DESCENDING.has(word) ? { last: following.last, outside: following.last } : following;
      if ((word === '$ref' || word === '$dynamicRef') && typeof item === 'string')
        follow(item, depth, following);
      else if (DATA.has(word)) data(item, depth + 1);
      else if (!NAMED.has(word) || !isJsonObject(item)) visit(item, depth + 1, within);
      else if (word !== '$defs' && word !== 'definitions') {
        count(depth + 1);
        // A field may have any name, that of a keyword as well.
        for (const part of Object.values(item)) visit(part, depth + 2, within);
      }
    }
  };
  const follow = (reference: string, depth: number, { last, outside }: Following): void => {
    const shown = JSON.stringify(reference.slice(0, 100));
    if (!reference.startsWith('#')) throw new Error(`its schema refers to ${shown}, outside of itself`);
    const target = pointedAt(schema, reference) ?? dynamic.get(reference.slice(1));
    if (target === undefined) throw notThere(reference);
    if (typeof target !== 'object') return;
    let isInPlace = true;
    for (let link = last; link !== undefined; link = link.before) {
      if (link === outside) isInPlace = false;
      if (link.target !== target) continue;
      if (isInPlace) throw new Error(`its schema refers to ${shown} from itself without end`);
      recursions += 1;
      return;
    }
    visit(target, depth + 1, { last: { target, before: last }, outside });
  };
  visit(root, 0, { last: { target: root, before: undefined }, outside: undefined });
  return recursions < 2
    ? MOST_NESTED
    : Math.max(3, Math.min(MOST_NESTED, Math.floor(Math.log(MOST_WORK) / Math.log(recursions))));
}

/** Parts of a value that a recursive schema may look at. */
const MOST_WORK = 200_000;

/**
 * Schemas by their `$dynamicAnchor`.
 * @throws {Error} for a field "__proto__", and for references in a schema with an `$id` of its own, which lead elsewhere than they seem to.
 */
function lookThrough(root: JsonObject): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const look = (value: JsonValue, ofAnother: boolean, depth: number): void => {
    if (typeof value !== 'object' || value === null) return;
    if (depth > MOST.depth) throw new RangeError(`its schema is nested over ${MOST.depth} deep`);
    if (!isJsonObject(value)) {
      for (const item of value as readonly JsonValue[]) look(item, ofAnother, depth + 1);
      return;
    }
    if (Object.hasOwn(value, '__proto__')) throw new Error('its schema has a field "__proto__"');
    const isOther = ofAnother || (value !== root && typeof value.$id === 'string');
    for (const word of ['$ref', '$dynamicRef'] as const)
      if (isOther && typeof value[word] === 'string')
        throw new Error('its schema has a reference in a schema with an $id, outside of itself');
    if (!isOther && typeof value.$dynamicAnchor === 'string') {
      if (found.has(value.$dynamicAnchor)) throw new Error('its schema has two $dynamicAnchor of one name');
      found.set(value.$dynamicAnchor, value);
    }
    for (const item of Object.values(value)) look(item, isOther, depth + 1);
  };
  look(root, false, 0);
  return found;
}
