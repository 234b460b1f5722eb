import { defined } from './defined.ts';
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
  return { ...common, ...defined({ limits }) } as Grant; // each part is of one of the two
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
  // Entries of which each is covered may together be covered by none.
  const isCommon = (entry: JsonValue): boolean =>
    [one, other].every((list) => covers(name, [...list], [entry]));
  return kept.length === 0 ? undefined : joined(kept, isCommon);
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

/** Entries that differ in nothing but one item of their access are one, where that may be. */
function joined(entries: readonly JsonValue[], mayBe: (entry: JsonValue) => boolean = () => true): JsonValue {
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
    const whole = { ...rest, [field]: [...new Set(both)] };
    if (before === undefined || mayBe(whole)) byRest.set(key, whole);
    else byRest.set(JSON.stringify(entry), entry);
  }
  return [...byRest.values()];
}

/**
 * What either of two grants gives, and nothing that neither gives alone: entries stay apart where they differ in more than their access,
 * and of limits the tighter ones hold. Neither is changed.
 * @throws {TypeError} for parts that are no such list, and differ in more than one list of theirs.
 */
export function eitherGrant(one: Grant, other: Grant): Grant {
  const [left, right] = [one, other] as unknown as readonly [JsonObject, JsonObject]; // grants are JSON
  const either: Record<string, JsonValue> = { ...left };
  for (const [name, part] of Object.entries(right)) {
    const had = left[name];
    if (name === 'limits') continue;
    either[name] = had === undefined ? part : eitherPart(name, had, part);
  }
  const limits = tightest(one.limits, other.limits);
  return { ...either, ...defined({ limits }) } as Grant; // each part is of one of the two, or of both
}

function eitherPart(name: string, one: JsonValue, other: JsonValue): JsonValue {
  if (LISTS.has(name) && Array.isArray(one) && Array.isArray(other)) return eitherEntries(name, one, other);
  if (!isJsonObject(one) || !isJsonObject(other)) {
    if (canonical(one) === canonical(other)) return one;
    throw new TypeError(`${name} differs`);
  }
  if (name === 'env' || name === 'custom')
    return {
      ...one,
      ...Object.fromEntries(
        Object.entries(other).map(([field, value]) => {
          const had = Object.hasOwn(one, field) ? one[field] : undefined;
          return [field, had === undefined ? value : eitherPart(`${name}.${field}`, had, value)];
        }),
      ),
    };
  const fields = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const [differs, more] = fields.filter((field) => canonical(one[field]) !== canonical(other[field]));
  if (differs === undefined) return one;
  const [mine, theirs] = [one[differs], other[differs]];
  // A list that only one of them has says what is usual, or all: which, its host function knows.
  if (more !== undefined || name.startsWith('custom.') || !Array.isArray(mine) || !Array.isArray(theirs))
    throw new TypeError(`${name} differs in more than one list`);
  return { ...one, [differs]: [...new Set([...mine, ...theirs])] };
}

const canonical = (value: JsonValue | undefined): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? '';

function eitherEntries(name: string, one: readonly JsonValue[], other: readonly JsonValue[]): JsonValue {
  const entries = joined([...one, ...other].map((entry) => withAccess(name, entry)));
  const names = NAMED.has(name) && Array.isArray(entries) ? entries.map((entry) => Object(entry).name) : [];
  const twice = names.find((text, index) => names.indexOf(text) !== index);
  if (twice === undefined) return entries;
  throw new TypeError(`the entries of ${name} for ${JSON.stringify(twice)} differ in more than their access`);
}

/** Lists that have one entry for a name. */
const NAMED: ReadonlySet<string> = new Set(['sql', 'kv']);

/** What an entry gives that does not say it. */
function withAccess(name: string, entry: JsonValue): JsonValue {
  if (!isJsonObject(entry)) return entry;
  if (name === 'http') return { methods: ['GET', 'HEAD'], ...entry };
  return name === 'ws' ? entry : { access: ['read'], ...entry };
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
