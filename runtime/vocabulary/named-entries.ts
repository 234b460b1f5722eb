import { defined } from './defined.ts';
import { SandglassError } from './errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { refuseUnknownField, wholeNumber } from './read-options.ts';

/** Names of stores and databases: safe in messages and events. */
export const ENTRY_NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

const MOST_ENTRIES = 1_000;

/** What every entry of such a part has. */
export interface NamedEntry<Access extends string> {
  readonly name: string;
  readonly access: ReadonlySet<Access>;
  readonly maxCalls: number;
}

/** A part of a grant that is a list of entries, each for one thing by its name: `sql`, `kv`. */
export interface NamedKind<Access extends string> {
  /** The part, and the first half of its capabilities. */
  readonly part: string;
  /** What an entry is for: `store`. */
  readonly thing: string;
  readonly fields: Readonly<Record<string, true>>;
  readonly access: readonly Access[];
}

/** Reads a field that counts. */
export type Figure = (field: string, minimum: number, maximum?: number) => number | undefined;

/**
 * Reads the list; what of an entry is of its own kind is read by `more`.
 * @throws {TypeError | RangeError} naming the field that is wrong.
 */
export function parseNamedEntries<Access extends string, More extends object>(
  part: JsonValue,
  where: string,
  kind: NamedKind<Access>,
  more: (entry: JsonObject, figure: Figure, where: string) => More,
): readonly (NamedEntry<Access> & More)[] {
  if (!Array.isArray(part) || part.length > MOST_ENTRIES)
    throw new TypeError(`Cannot read ${where}: expected a list of at most ${MOST_ENTRIES} ${kind.thing}s`);
  const names = new Set<string>();
  return part.map((entry: JsonValue, index) => {
    const here = `${where}[${index}]`;
    if (!isJsonObject(entry)) throw new TypeError(`Cannot read ${here}: expected an object with "name"`);
    refuseUnknownField(entry, kind.fields, here);
    const { name } = entry;
    if (typeof name !== 'string' || !ENTRY_NAME.test(name))
      throw new TypeError(
        `Cannot read ${here}.name: expected the name of a ${kind.thing}, of 1 to 64 letters, digits, _ and -`,
      );
    if (names.has(name)) throw new TypeError(`Cannot read ${here}.name: there are two entries for "${name}"`);
    names.add(name);
    const figure: Figure = (field, minimum, maximum) =>
      wholeNumber(entry[field], `read ${here}.${field}:`, {
        minimum,
        ...defined({ maximum }),
      });
    const access = readAccess(entry.access ?? ['read'], kind.access, `${here}.access`);
    const own = more(entry, figure, here);
    return { name, access, maxCalls: figure('maxCalls', 0) ?? Number.POSITIVE_INFINITY, ...own };
  });
}

function readAccess<Access extends string>(
  given: JsonValue,
  known: readonly Access[],
  where: string,
): ReadonlySet<Access> {
  if (!Array.isArray(given) || given.length === 0)
    throw new TypeError(`Cannot read ${where}: expected a list of ${known.join(', ')}`);
  return new Set(given.map((one: JsonValue) => oneOf(known, one, where)));
}

/** @throws {TypeError} on a word that is not one of them. */
export function oneOf<Word extends string>(known: readonly Word[], value: JsonValue, where: string): Word {
  const found = known.find((name) => name === value);
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot read ${where}: ${JSON.stringify(value).slice(0, 80)} is not one of ${known.join(', ')}`,
  );
}

/**
 * What `asked` wants, under what `ceiling` allows: the same name, no access beyond its; the caps by `caps`.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that the ceiling does not cover.
 */
export function narrowNamedEntries<Access extends string, Entry extends NamedEntry<Access>>(
  asked: readonly Entry[],
  ceiling: readonly Entry[] | undefined,
  { part, thing }: NamedKind<Access>,
  caps: (entry: Entry, limit: Entry) => Partial<Entry>,
): readonly Entry[] {
  return asked.map((entry, index) => {
    const limit = ceiling?.find(({ name }) => name === entry.name);
    const lacks = [...entry.access].find((access) => limit?.access.has(access) !== true);
    if (limit === undefined || lacks !== undefined) {
      const capability = `${part}.${lacks ?? 'read'}`;
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot grant ${part}[${index}]: the policy does not cover ${lacks ?? 'read'} of "${entry.name}"`,
        {
          details: { capability, requested: entry.name, missing: [capability] },
          hint: `Ask for a ${thing} and access that the policy allows; do not retry`,
        },
      );
    }
    return { ...entry, maxCalls: Math.min(entry.maxCalls, limit.maxCalls), ...caps(entry, limit) };
  });
}

const ACTS: Readonly<Record<string, string>> = { read: 'read', write: 'change' };

/** A refusal; the entry that it names keeps the access that is granted already. */
export function deniedEntry<Access extends string>(
  { part, thing }: NamedKind<Access>,
  name: string,
  access: Access,
  granted: NamedEntry<Access> | undefined,
  why = `no grant for ${part}.${access} covers it`,
): SandglassError {
  const capability = `${part}.${access}`;
  const grant = { [part]: [{ name, access: [...new Set([...(granted?.access ?? []), access])] }] };
  // A name that is none cannot be granted by any flag.
  const flag = ENTRY_NAME.test(name)
    ? `--allow-${part}=${name}${access === 'write' ? ':write' : ''} (in a program: `
    : '';
  return new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot ${ACTS[access] ?? access} ${thing} "${name}": ${why}`,
    {
      details: { capability, requested: name, missing: [capability], grant },
      hint: `Grant it with ${flag}${JSON.stringify(grant)}${flag === '' ? '' : ')'}, or do without; do not retry`,
    },
  );
}

/** What one run has used of its entries. */
export class EntryCalls<Access extends string, Entry extends NamedEntry<Access>> {
  readonly #kind: NamedKind<Access>;
  readonly #entries: ReadonlyMap<string, { readonly policy: Entry; calls: number }>;

  constructor(kind: NamedKind<Access>, part: readonly Entry[]) {
    this.#kind = kind;
    this.#entries = new Map(part.map((policy) => [policy.name, { policy, calls: 0 }]));
  }

  /**
   * The entry of this name, one call spent on it.
   * @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED
   */
  admit(name: string, access: Access): Entry {
    const entry = this.#entries.get(name);
    const { part, thing } = this.#kind;
    if (entry === undefined || !entry.policy.access.has(access))
      throw deniedEntry(this.#kind, name, access, entry?.policy);
    const { maxCalls } = entry.policy;
    if (entry.calls >= maxCalls)
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot ask ${thing} "${name}": the grant's ${maxCalls} calls are spent`,
        {
          details: { capability: `${part}.${access}`, requested: name, limit: { maxCalls } },
          hint: 'Make fewer calls, or raise maxCalls of the grant',
        },
      );
    entry.calls += 1;
    return entry.policy;
  }
}
