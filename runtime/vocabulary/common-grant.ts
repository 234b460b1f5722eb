import type { Grant } from './grant.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';

/** Whether one part of a grant gives no more than another, as its host function judges. */
export type Covers = (name: string, ceiling: JsonValue, part: JsonValue) => boolean;

/** Lists of entries: what single entries give is common, where another grant covers them. */
const LISTS: ReadonlySet<string> = new Set(['fs', 'http', 'ws', 'sql', 'kv', 'tools']);
/** Fields whose items can be granted one by one. */
const ITEMS = ['access', 'methods'] as const;

/**
 * What two grants both give. Of two entries one of which covers the other it has the smaller, by each kind of access; of entries that only overlap,
 * such as two caps of which each is smaller in something, it has nothing. So it never gives more than either.
 */
export function commonGrant(one: Grant, other: Grant, covers: Covers): Grant {
  const [left, right] = [one, other] as unknown as readonly [JsonObject, JsonObject]; // grants are JSON
  const common: Record<string, JsonValue> = {};
  for (const [name, part] of Object.entries(left)) {
    const ceiling = right[name];
    const both = ceiling === undefined ? undefined : commonPart(name, part, ceiling, covers);
    if (both !== undefined) common[name] = both;
  }
  const limits = tightest(one.limits, other.limits);
  return { ...common, ...(limits === undefined ? {} : { limits }) } as Grant; // each part is of one of the two
}

function commonPart(name: string, one: JsonValue, other: JsonValue, covers: Covers): JsonValue | undefined {
  if (name === 'limits') return undefined;
  if (name === 'env') return sameFields(one, other, (left, right) => (left === right ? left : undefined));
  if (name === 'custom')
    return sameFields(one, other, (left, right, host) => commonPart(host, left, right, covers));
  if (LISTS.has(name) && Array.isArray(one) && Array.isArray(other))
    return commonEntries(name, one, other, covers);
  if (covers(name, other, one)) return one;
  return covers(name, one, other) ? other : undefined;
}

function sameFields(
  one: JsonValue,
  other: JsonValue,
  common: (left: JsonValue, right: JsonValue, name: string) => JsonValue | undefined,
): JsonValue | undefined {
  if (!isJsonObject(one) || !isJsonObject(other)) return undefined;
  const fields = Object.entries(one).flatMap(([name, left]) => {
    const right = Object.hasOwn(other, name) ? other[name] : undefined;
    const both = right === undefined ? undefined : common(left, right, name);
    return both === undefined ? [] : [[name, both] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
}

function commonEntries(
  name: string,
  one: readonly JsonValue[],
  other: readonly JsonValue[],
  covers: Covers,
): JsonValue | undefined {
  const kept = one.flatMap(single).filter((entry) => covers(name, [...other], [entry]));
  for (const entry of other.flatMap(single)) {
    if (!covers(name, [...one], [entry])) continue;
    if (kept.length === 0 || !covers(name, [...kept], [entry])) kept.push(entry);
  }
  return kept.length === 0 ? undefined : joined(kept);
}

/** An entry for each item of its access. */
function single(entry: JsonValue): readonly JsonValue[] {
  if (!isJsonObject(entry)) return [entry];
  return ITEMS.reduce<readonly JsonObject[]>(
    (entries, field) =>
      entries.flatMap((each) => {
        const items = each[field];
        return Array.isArray(items) ? items.map((item) => ({ ...each, [field]: [item] })) : [each];
      }),
    [entry],
  );
}

/** Entries that differ in nothing but one item of their access are one. */
function joined(entries: readonly JsonValue[]): JsonValue {
  const byRest = new Map<string, JsonValue>();
  for (const entry of entries) {
    const field = isJsonObject(entry) ? ITEMS.find((name) => Array.isArray(entry[name])) : undefined;
    if (!isJsonObject(entry) || field === undefined) {
      byRest.set(JSON.stringify(entry), entry);
      continue;
    }
    const { [field]: items, ...rest } = entry;
    const key = JSON.stringify([field, Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
    const before = byRest.get(key);
    const known = before !== undefined && isJsonObject(before) ? before[field] : [];
    const both = [...(Array.isArray(known) ? known : []), ...(Array.isArray(items) ? items : [])];
    byRest.set(key, { ...rest, [field]: [...new Set(both)] });
  }
  return [...byRest.values()];
}

function tightest(one: Grant['limits'] = {}, other: Grant['limits'] = {}): Grant['limits'] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])] as (keyof typeof one)[];
  if (names.length === 0) return undefined;
  return Object.fromEntries(
    names.map((name) => [
      name,
      Math.min(one[name] ?? Number.POSITIVE_INFINITY, other[name] ?? Number.POSITIVE_INFINITY),
    ]),
  );
}
