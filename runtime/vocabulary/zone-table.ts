import { type ZoneOffset, zoneOffset } from './time-zone.ts';
import { zoneNames } from './zone-names.ts';

/** Years whose changes of the clock stand in a table; what comes later follows its rule. */
const [FIRST_YEAR, LAST_YEAR] = [1900, 2037] as const;
/** Between two looks at the offset; no zone changes its clock twice within it and back. */
const LOOK_MS = 14 * 86_400_000;
/** Changes fall on these boundaries. */
const STEP_MS = 900_000;
const DAY_S = 86_400;
/** Further ahead is on the other side of the date line. */
const MOST_AHEAD_S = 3 * 3600;
/** Longer is no summer. */
const SUMMER_MS = 300 * DAY_S * 1000;

interface Change {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly kind: number;
}

/** A kind of time of a zone: seconds ahead of UTC, whether it is summer time, its abbreviation. */
interface Kind {
  readonly seconds: number;
  readonly isSummer: boolean;
  readonly name: string;
}

/** Tables that were made, by zone: there are some 600 names, of 2 KB each. */
const made = new Map<string, Uint8Array | undefined>();

/**
 * What the time zone database has of a zone, as a file in its own format (RFC 9636), from the platform's ICU.
 * @param zone An IANA name; others, offsets among them, have no table.
 */
export function zoneTable(zone: string): Uint8Array | undefined {
  if (zone.length > 64 || !/^[A-Z]/.test(zone)) return undefined;
  const key = zone.toLowerCase(); // as ICU takes them
  if (made.has(key)) return made.get(key);
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
  } catch {
    return undefined; // not remembered: names that are none have no end
  }
  const table = tableOf(zone);
  made.set(key, table);
  return table;
}

/** Names that have a table, but for other names of the same zones. */
export const zoneList = (): readonly string[] => [...Intl.supportedValuesOf('timeZone'), 'UTC'];

function tableOf(zone: string): Uint8Array {
  const offset = zoneOffset(zone);
  const found: { readonly seconds: number; readonly isSummer: boolean; until: number }[] = [];
  const spells = spellsOf(offset);
  const changes = spells.map((spell, index): Change => {
    const until = spells[index + 1]?.from ?? Date.UTC(LAST_YEAR, 11, 31);
    const isSummer = isSummerTime(offset, spell, spells[index - 1], spells[index + 1]);
    const kind = found.findIndex((each) => each.seconds === spell.seconds && each.isSummer === isSummer);
    const known = found[kind];
    if (known !== undefined) known.until = until;
    return {
      at: spell.from / 1000,
      kind: known === undefined ? found.push({ seconds: spell.seconds, isSummer, until }) - 1 : kind,
    };
  });
  // As it is called last; a name takes a hundred times as long as an offset.
  const kinds = found.map(
    ({ seconds, isSummer, until }): Kind => ({
      seconds,
      isSummer,
      name: nameIn(zone, new Date(until - 1).getUTCFullYear(), isSummer, seconds),
    }),
  );
  return encode(changes, kinds, ruleOf(zone, offset, changes, kinds));
}

/** A time in which a clock is not changed: ms since the epoch, and seconds ahead of UTC. */
interface Spell {
  readonly from: number;
  readonly seconds: number;
}

function spellsOf(offset: ZoneOffset): readonly Spell[] {
  const [start, end] = [Date.UTC(FIRST_YEAR, 0), Date.UTC(LAST_YEAR + 1, 0)];
  const spells: Spell[] = [{ from: start, seconds: offset(start) }];
  for (let ms = start; ms < end; ms += LOOK_MS) {
    if (offset(ms) === offset(ms + LOOK_MS)) continue;
    const from = changeBetween(offset, ms, ms + LOOK_MS);
    spells.push({ from, seconds: offset(from) });
  }
  return spells;
}

/** A clock that goes ahead of what it was for part of a year. The last spell is told by what its year has in winter. */
function isSummerTime(offset: ZoneOffset, spell: Spell, before?: Spell, after?: Spell): boolean {
  const ahead = before === undefined ? 0 : spell.seconds - before.seconds;
  if (ahead <= 0 || ahead > MOST_AHEAD_S) return false;
  if (after !== undefined) return after.from - spell.from < SUMMER_MS && after.seconds < spell.seconds;
  return spell.seconds > Math.min(offset(Date.UTC(LAST_YEAR, 0)), offset(Date.UTC(LAST_YEAR, 6)));
}

/** Local mean time, which no clock shows in quarters of an hour, has one name everywhere. */
const nameIn = (zone: string, year: number, isSummer: boolean, seconds: number): string => {
  if (seconds % 900 !== 0) return 'LMT';
  const [standard, summer] = zoneNames(zone, year);
  return isSummer ? summer : standard;
};

/** The first step that has another offset than the one before it. */
function changeBetween(offset: ZoneOffset, from: number, to: number): number {
  let [low, high] = [from / STEP_MS, to / STEP_MS];
  const before = offset(from);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle * STEP_MS) === before) low = middle;
    else high = middle;
  }
  return high * STEP_MS;
}

/** How POSIX writes what goes on after the table: `EST5EDT,M3.2.0,M11.1.0`. A zone whose last years do not follow one rule stays as it ends. */
function ruleOf(
  zone: string,
  offset: ZoneOffset,
  changes: readonly Change[],
  kinds: readonly Kind[],
): string {
  const daysOf = (year: number): readonly { readonly kind: Kind | undefined; readonly day: string }[] =>
    changes
      .filter(({ at }) => new Date(at * 1000).getUTCFullYear() === year)
      .map(({ at, kind }) => ({ kind: kinds[kind], day: dayOf(at + offset(at * 1000 - 1)) }))
      .sort((a, b) => Number(b.kind?.isSummer) - Number(a.kind?.isSummer));
  const last = daysOf(LAST_YEAR);
  const [to, from] = last;
  const isRule =
    last.length === 2 &&
    String(last.map(({ day }) => day)) === String(daysOf(LAST_YEAR - 1).map(({ day }) => day));
  if (!isRule || to?.kind?.isSummer !== true || from?.kind?.isSummer !== false) {
    const { name, seconds } = kinds[changes.at(-1)?.kind ?? 0] ?? { name: 'UTC', seconds: 0 };
    return quoted(name) + asHours(-seconds);
  }
  const [standard, summer] = zoneNames(zone, LAST_YEAR);
  const ahead = to.kind.seconds - from.kind.seconds === 3600 ? '' : asHours(-to.kind.seconds);
  return `${quoted(standard)}${asHours(-from.kind.seconds)}${quoted(summer)}${ahead},${to.day},${from.day}`;
}

/** A day of a month by week and weekday, and the time of the clock that is changed; of seconds since the epoch in that clock. */
function dayOf(local: number): string {
  const date = new Date(local * 1000);
  const month = date.getUTCMonth();
  const inMonth = date.getUTCDate();
  const isLast = new Date((local + 7 * DAY_S) * 1000).getUTCMonth() !== month;
  const time = ((local % DAY_S) + DAY_S) % DAY_S;
  const week = isLast ? 5 : Math.ceil(inMonth / 7);
  return `M${month + 1}.${week}.${date.getUTCDay()}${time === 7200 ? '' : `/${asHours(time)}`}`;
}

function asHours(seconds: number): string {
  const [ahead, two] = [Math.abs(seconds), (value: number): string => String(value).padStart(2, '0')];
  const rest = ahead % 3600;
  const minutes = rest === 0 ? '' : `:${two(Math.floor(rest / 60))}`;
  return `${seconds < 0 ? '-' : ''}${Math.floor(ahead / 3600)}${minutes}`;
}

const quoted = (name: string): string => (/^[A-Za-z]+$/.test(name) ? name : `<${name}>`);

/** Version 2: a part for readers of 32 bits, empty here, then all of it, then the rule. */
function encode(changes: readonly Change[], kinds: readonly Kind[], rule: string): Uint8Array {
  const names = [...new Set(kinds.map(({ name }) => name))];
  const letters = `${names.join('\0')}\0`;
  const header = (...counts: readonly [times: number, kinds: number, letters: number]): readonly number[] => [
    0,
    0,
    0,
    ...counts,
  ];
  const bytes: number[] = [];
  const text = (value: string): void => void bytes.push(...new TextEncoder().encode(value));
  const begin = (counts: readonly number[]): void => {
    text(`TZif2${'\0'.repeat(15)}`);
    for (const count of counts) bytes.push(...bigEndian(count, 4));
  };
  begin(header(0, 1, 1));
  bytes.push(...bigEndian(0, 4), 0, 0, 0);
  begin(header(changes.length, kinds.length, letters.length));
  for (const { at } of changes) bytes.push(...bigEndian(at, 8));
  for (const { kind } of changes) bytes.push(kind);
  for (const { seconds, isSummer, name } of kinds)
    bytes.push(...bigEndian(seconds, 4), isSummer ? 1 : 0, letters.indexOf(`${name}\0`));
  text(`${letters}\n${rule}\n`);
  return Uint8Array.from(bytes);
}

function bigEndian(value: number, size: 4 | 8): readonly number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(value));
  return [...new Uint8Array(view.buffer)].slice(8 - size);
}
