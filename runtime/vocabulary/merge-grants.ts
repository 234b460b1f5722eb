import { checkFields } from './check-fields.ts';
import { BUILT_IN } from './check-grant.ts';
import { copyJson } from './copy-json.ts';
import type { Grant } from './grant.ts';
import { FS_ACCESS } from './grants/fs.ts';
import { SQL_ACCESS } from './grants/sql.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { unknownName } from './nearest.ts';

/** Stands in a denial for the folder that only the embedder can choose; `mergeGrants` asks for it. */
export const HOST_FOLDER = 'HOSTFOLDER';

export interface MergeOptions {
  /**
   * The host folder for a guest path of which a denial could not know one, e.g. `/data`.
   * @default the entry keeps `HOSTFOLDER`, which no run can mount
   */
  readonly host?: (guest: string) => string;
}

/**
 * A grant with more added to it, e.g. `details.grant` of a denial. What was granted stays: entries of the same guest folder or the same origin
 * become one, with the access, methods, paths and endings of both and the larger caps; what an entry hides by `deny` stays hidden, a secret stays.
 * Neither argument is changed. The result is not checked: a run does that.
 * @throws {TypeError} when one of them is not a grant or has a part that there is not, or `more` gives a guest path another host folder.
 * @example grant = mergeGrants(grant, outcome.error.details?.grant, { host: () => './data' })
 */
export function mergeGrants(grant: Grant, more: unknown, options: MergeOptions = {}): Grant {
  checkFields(options, { host: 'function' }, 'merge grants');
  const { host } = options;
  const base = readGrant(grant, 'grant');
  const merged: Record<string, JsonValue> = { ...base };
  for (const [name, part] of Object.entries(readGrant(more, 'more'))) {
    const had = base[name];
    if (name === 'fs')
      merged.fs = addEntries(had, part, 'fs', isSameMount, (one, other) => joinMounts(one, other), host);
    else if (name === 'http' || name === 'ws')
      merged[name] = addEntries(had, part, name, isSameOrigin, (one, other) => joinOrigins(one, other, name));
    else if (name === 'sql' || name === 'kv')
      merged[name] = addEntries(had, part, name, isSameName, joinNamed);
    else if (name === 'env' || name === 'limits') merged[name] = { ...objectOf(had), ...objectOf(part) };
    else merged[name] = joinJson(had, part);
  }
  return merged as Grant; // of two grants; a run checks each part
}

const PARTS: readonly string[] = [...BUILT_IN, 'env', 'limits', 'custom'];

function readGrant(value: unknown, what: string): JsonObject {
  const copied = copyJson(value ?? null, what);
  if (!isJsonObject(copied)) throw new TypeError(`Cannot merge grants: ${what} is not an object`);
  for (const part of Object.keys(copied)) {
    if (!PARTS.includes(part)) throw unknownName(`merge grants: unknown part of ${what}`, part, PARTS);
  }
  return copied;
}

const objectOf = (value: JsonValue | undefined): JsonObject =>
  value !== undefined && isJsonObject(value) ? value : {};

function addEntries(
  had: JsonValue | undefined,
  more: JsonValue,
  part: string,
  isSame: (one: JsonObject, other: JsonObject) => boolean,
  join: (one: JsonObject, other: JsonObject) => JsonObject,
  host?: (guest: string) => string,
): JsonValue {
  const entries = entriesOf(had ?? [], `grant.${part}`);
  for (const entry of entriesOf(more, `more.${part}`)) {
    const at = entries.findIndex((known) => isSame(known, entry));
    const known = entries[at];
    if (known !== undefined) entries[at] = join(known, entry);
    else if (entry.host === HOST_FOLDER && host !== undefined)
      entries.push({ ...entry, host: host(guestOf(entry)) });
    else entries.push(entry);
  }
  return entries;
}

function entriesOf(value: JsonValue, where: string): JsonObject[] {
  if (!Array.isArray(value) || !value.every(isJsonObject))
    throw new TypeError(`Cannot merge grants: ${where} is not a list of entries`);
  return [...value];
}

/** Where the guest sees a mount. */
function guestOf({ guest, host }: JsonObject): string {
  const path =
    typeof guest === 'string'
      ? guest
      : `/${String(host)
          .replace(/[/\\]+$/, '')
          .split(/[/\\]/)
          .at(-1)}`;
  return path === '/' ? path : path.replace(/\/+$/, '');
}

const isSameMount = (one: JsonObject, other: JsonObject): boolean => guestOf(one) === guestOf(other);

function joinMounts(one: JsonObject, other: JsonObject): JsonObject {
  if (one.host !== other.host && one.host !== HOST_FOLDER && other.host !== HOST_FOLDER)
    throw new TypeError(
      `Cannot merge grants: ${JSON.stringify(guestOf(one))} is another host folder already`,
    );
  const access = FS_ACCESS.filter((name) => accessOf(one).includes(name) || accessOf(other).includes(name));
  const { delete: _, extensions: __, ...rest } = withLargerCaps(one, other);
  return {
    ...rest,
    host: one.host === HOST_FOLDER ? (other.host ?? HOST_FOLDER) : (one.host ?? HOST_FOLDER),
    access,
    ...(access.includes('write') && !deletes(one) && !deletes(other) ? { delete: false } : {}),
    ...eitherList('extensions', one.extensions, other.extensions),
  };
}

const listOf = (value: JsonValue | undefined, fallback: readonly JsonValue[]): readonly JsonValue[] =>
  Array.isArray(value) ? value : fallback;

const accessOf = ({ access }: JsonObject): readonly JsonValue[] => listOf(access, ['read']);

const deletes = (entry: JsonObject): boolean =>
  entry.delete !== false && ['write', 'delete'].some((name) => accessOf(entry).includes(name));

/** Entries that send different secrets stay two. */
const isSameOrigin = (one: JsonObject, other: JsonObject): boolean =>
  originText(one) === originText(other) &&
  (other.secret === undefined || other.secret === one.secret) &&
  (other.base === undefined || other.base === one.base);

const originText = ({ origin }: JsonObject): string => String(origin).toLowerCase().replace(/\/$/, '');

function joinOrigins(one: JsonObject, other: JsonObject, part: 'http' | 'ws'): JsonObject {
  const { paths: _, ...rest } = withLargerCaps(one, other);
  return {
    ...rest,
    ...(part === 'ws' ? {} : { methods: both(methodsOf(one), methodsOf(other)) }),
    ...eitherList('paths', one.paths, other.paths),
  };
}

const isSameName = (one: JsonObject, other: JsonObject): boolean => one.name === other.name;

/** Databases and stores: both know `read` and `write`. */
const joinNamed = (one: JsonObject, other: JsonObject): JsonObject => ({
  ...withLargerCaps(one, other),
  access: SQL_ACCESS.filter((name) => accessOf(one).includes(name) || accessOf(other).includes(name)),
});

const methodsOf = ({ methods }: JsonObject): readonly JsonValue[] =>
  listOf(methods, ['GET', 'HEAD']).map((method) =>
    typeof method === 'string' ? method.toUpperCase() : method,
  );

const both = (one: readonly JsonValue[], other: readonly JsonValue[]): JsonValue[] => [
  ...new Set([...one, ...other]),
];

/** A list that narrows: where one entry has none, both together have none. */
const eitherList = (
  name: 'extensions' | 'paths',
  one: JsonValue | undefined,
  other: JsonValue | undefined,
): JsonObject => (Array.isArray(one) && Array.isArray(other) ? { [name]: both(one, other) } : {});

/** The first entry, its caps raised to those of the other. A cap that only one of them names stays as it is. */
const withLargerCaps = (one: JsonObject, other: JsonObject): JsonObject => ({
  ...one,
  ...Object.fromEntries(
    Object.entries(one).flatMap(([name, cap]) => {
      const raised = other[name];
      return name.startsWith('max') && typeof cap === 'number' && typeof raised === 'number'
        ? [[name, Math.max(cap, raised)]]
        : [];
    }),
  ),
});

/** The part of an embedder's own host function: lists and objects grow, anything else is as `more` says. */
function joinJson(one: JsonValue | undefined, other: JsonValue): JsonValue {
  if (one === undefined) return other;
  if (Array.isArray(one) && Array.isArray(other)) {
    const known = new Set(one.map((item: JsonValue) => JSON.stringify(item)));
    return [...one, ...other.filter((item: JsonValue) => !known.has(JSON.stringify(item)))];
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return other;
  return {
    ...one,
    ...Object.fromEntries(Object.entries(other).map(([name, item]) => [name, joinJson(one[name], item)])),
  };
}
