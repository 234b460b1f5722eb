import { isJsonObject, type JsonValue } from '../../vocabulary/json.ts';
import type { JsonSchema } from '../../vocabulary/manifest.ts';

/** What a schema may come to, with what its references lead to counted each time: a chain of them can double at every link. */
const MOST = { nodes: 20_000, depth: 100, characters: 262_144 } as const;

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

/** Nesting that arguments may have at all. */
const MOST_NESTED = 64;

/** Where a schema is in its references. */
interface Following {
  readonly all: ReadonlySet<string>;
  /** Those since a part of the value was last gone into. */
  readonly inPlace: ReadonlySet<string>;
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
  let nodes = 0;
  let recursions = 0;
  const visit = (value: JsonValue, depth: number, following: Following): void => {
    nodes += 1;
    if (nodes > MOST.nodes)
      throw new RangeError(`its schema comes to over ${MOST.nodes} parts, references followed`);
    if (depth > MOST.depth) throw new RangeError(`its schema is nested over ${MOST.depth} deep`);
    if (Array.isArray(value)) {
      for (const item of value as readonly JsonValue[]) visit(item, depth + 1, following);
      return;
    }
    if (!isJsonObject(value)) return;
    for (const [name, item] of Object.entries(value)) {
      if (name === '__proto__') throw new Error('its schema has a field "__proto__"');
      if ((name === '$ref' || name === '$dynamicRef') && typeof item === 'string')
        follow(item, depth, following);
      else if (name !== '$defs' && name !== 'definitions')
        visit(item, depth + 1, DESCENDING.has(name) ? { all: following.all, inPlace: new Set() } : following);
    }
  };
  const follow = (reference: string, depth: number, { all, inPlace }: Following): void => {
    const shown = JSON.stringify(reference.slice(0, 100));
    if (!reference.startsWith('#')) throw new Error(`its schema refers to ${shown}, outside of itself`);
    if (inPlace.has(reference)) throw new Error(`its schema refers to ${shown} from itself without end`);
    if (all.has(reference)) {
      recursions += 1;
      return;
    }
    const target = lookUp(schema, reference);
    if (target !== undefined)
      visit(target, depth + 1, {
        all: new Set([...all, reference]),
        inPlace: new Set([...inPlace, reference]),
      });
  };
  visit(schema, 0, { all: new Set(['#']), inPlace: new Set(['#']) });
  return recursions < 2
    ? MOST_NESTED
    : Math.max(3, Math.min(MOST_NESTED, Math.floor(Math.log(MOST_WORK) / Math.log(recursions))));
}

/** Parts of a value that a recursive schema may look at. */
const MOST_WORK = 200_000;

function lookUp(schema: JsonSchema, reference: string): JsonValue | undefined {
  let at: JsonValue | undefined = schema;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(at))
      at = at[Number(name)] as JsonValue | undefined; // an index may be past its end
    else at = at !== undefined && isJsonObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}
