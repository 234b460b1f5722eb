import { isJsonObject, type JsonObject, type JsonValue } from '../../../vocabulary/json.ts';
import {
  addError,
  addSeen,
  type Check,
  childPath,
  nothingSeen,
  type Place,
  type ReadPart,
  type Seen,
  type Spot,
} from './place.ts';

/** They ask for what no other keyword of their schema looked at, nor one of a schema that it is composed of. */
export const UNEVALUATED = ['unevaluatedProperties', 'unevaluatedItems'] as const;

/** The checks of a schema, and after them what they left of a value. @throws {Error} */
export function readUnevaluated(spot: Spot, checks: readonly Check[], read: ReadPart): Check | undefined {
  const { schema } = spot;
  if (!UNEVALUATED.some((keyword) => Object.hasOwn(schema, keyword))) return undefined;
  const restOf = (keyword: (typeof UNEVALUATED)[number]): Rest | undefined => {
    if (!Object.hasOwn(schema, keyword)) return undefined;
    const part = schema[keyword];
    return part === false ? 'refused' : read(part, keyword, spot);
  };
  const [fields, items] = [restOf('unevaluatedProperties'), restOf('unevaluatedItems')];
  return (value, place) => {
    const seen = nothingSeen(spot.work);
    const own = { ...place, seen };
    spot.work.spend(1 + checks.length);
    for (const check of checks) check(value, own);
    if (isJsonObject(value)) {
      checkFields(fields, value, own, spot);
      if (fields !== undefined) seen.fields = 'all';
    } else if (Array.isArray(value)) {
      checkItems(items, value, own, spot);
      if (items !== undefined) seen.items = 'all';
    }
    addSeen(place.seen, seen);
  };
}

/** What is said of the rest. */
type Rest = Check | 'refused';

type Own = Place & { readonly seen: Seen };

function checkFields(
  rest: Rest | undefined,
  value: JsonObject,
  { path, errors, seen }: Own,
  spot: Spot,
): void {
  if (rest === undefined || seen.fields === 'all') return;
  for (const [name, item] of Object.entries(value)) {
    if (seen.fields.has(name)) continue;
    if (rest !== 'refused') rest(item, { path: childPath(path, name), errors });
    else addError({ path, errors }, spot, 'unevaluatedProperties', value, { unevaluatedProperty: name });
  }
}

function checkItems(
  rest: Rest | undefined,
  value: readonly JsonValue[],
  { path, errors, seen }: Own,
  spot: Spot,
): void {
  const { items, found } = seen;
  if (rest === undefined || items === 'all') return;
  for (let index = items; index < value.length; index++) {
    if (found.has(index)) continue;
    if (rest !== 'refused')
      rest(value[index] as JsonValue, { path: childPath(path, index), errors }); // within its length
    else {
      addError({ path, errors }, spot, 'unevaluatedItems', [...value], { limit: items });
      return;
    }
  }
}
