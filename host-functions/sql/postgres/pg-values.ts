import { Buffer } from 'node:buffer';
import type { SqlParameter } from '../../../runtime/contracts/operations/sql.ts';
import { atOnce, SLICE, type Slices } from '../../../runtime/vocabulary/in-slices.ts';
import type { JsonObject, JsonValue } from '../../../runtime/vocabulary/json.ts';
import { jsonSlices } from '../../../runtime/vocabulary/json-read.ts';

/** Types by their number in the catalogue, with that of a list of them. */
const TYPES: readonly (readonly [oid: number, list: number, name: string])[] = [
  [16, 1000, 'bool'],
  [17, 1001, 'bytea'],
  [18, 1002, 'char'],
  [19, 1003, 'name'],
  [20, 1016, 'int8'],
  [21, 1005, 'int2'],
  [23, 1007, 'int4'],
  [25, 1009, 'text'],
  [26, 1028, 'oid'],
  [114, 199, 'json'],
  [142, 143, 'xml'],
  [700, 1021, 'float4'],
  [701, 1022, 'float8'],
  [790, 791, 'money'],
  [869, 1041, 'inet'],
  [650, 651, 'cidr'],
  [829, 1040, 'macaddr'],
  [1042, 1014, 'bpchar'],
  [1043, 1015, 'varchar'],
  [1082, 1182, 'date'],
  [1083, 1183, 'time'],
  [1114, 1115, 'timestamp'],
  [1184, 1185, 'timestamptz'],
  [1186, 1187, 'interval'],
  [1266, 1270, 'timetz'],
  [1560, 1561, 'bit'],
  [1562, 1563, 'varbit'],
  [1700, 1231, 'numeric'],
  [2950, 2951, 'uuid'],
  [3802, 3807, 'jsonb'],
  [2278, 0, 'void'],
  [705, 0, 'unknown'],
];
const NAMES = new Map(TYPES.map(([oid, , name]) => [oid, name]));
const ELEMENTS = new Map(TYPES.filter(([, list]) => list !== 0).map(([oid, list]) => [list, oid]));

/** As the database calls a type; types of its users by their number. */
export const typeName = (oid: number): string => {
  const element = ELEMENTS.get(oid);
  return element === undefined ? (NAMES.get(oid) ?? `oid:${oid}`) : `${NAMES.get(element)}[]`;
};

/** Characters of a cell that are as much work as one part of a slice. */
const PART = 64;
/** Up to here a document or a list is read in one step: some milliseconds. */
const SHORT = 65_536;

/** How many parts of a slice the reading of a cell is. */
export const weightOf = (text: string | null): number => (text === null ? 0 : text.length / PART);

/** The slices of a cell that is too much for one step: a long document, or a long list. */
export function slicesOf(oid: number, text: string | null): Slices<JsonValue> | undefined {
  if (text === null || text.length <= SHORT) return undefined;
  if (isDocument(oid)) return documentSlices(text);
  return ELEMENTS.has(oid) ? listSlices(oid, text) : undefined;
}

const isDocument = (oid: number): boolean => oid === 114 || oid === 3802;

/** One that is nested too deeply for slices, or has too many fields in one object, is its text. */
function* documentSlices(text: string): Slices<JsonValue> {
  try {
    return yield* jsonSlices(text);
  } catch {
    return text;
  }
}

/** A list as the database writes it: `{1,NULL,"a \\"b\\"",{2}}`. */
function* listSlices(oid: number, text: string): Slices<JsonValue> {
  const element = ELEMENTS.get(oid) ?? 25;
  const whole: JsonValue[] = [];
  const open: JsonValue[][] = [whole];
  let at = /^\[[-\d:[\]]+\]=/.exec(text)?.[0].length ?? 0; // bounds of its own
  let parts = 0;
  while (at < text.length) {
    parts += 1;
    if (parts > SLICE) {
      parts = 0;
      yield;
    }
    const letter = text[at];
    if (letter === '{') {
      const list: JsonValue[] = [];
      open.at(-1)?.push(list);
      open.push(list);
      at += 1;
    } else if (letter === '}') {
      open.pop();
      at += 1;
    } else if (letter === ',') at += 1;
    else {
      const item = letter === '"' ? quotedAt(text, at) : plainAt(text, at);
      parts += item.end - at > PART ? weightOf(item.text) : 0;
      at = item.end;
      open
        .at(-1)
        ?.push(item.text === null ? null : yield* slicesOf(element, item.text) ?? one(element, item.text));
    }
  }
  return whole[0] ?? [];
}

// biome-ignore lint/correctness/useYield: what is short is no work for a slice of its own
function* one(oid: number, text: string): Slices<JsonValue> {
  return toJson(oid, text);
}

interface Item {
  readonly text: string | null;
  readonly end: number;
}

function plainAt(text: string, start: number): Item {
  let end = start;
  while (end < text.length && text[end] !== ',' && text[end] !== '}') end += 1;
  const item = text.slice(start, end);
  return { text: item === 'NULL' ? null : item, end };
}

function quotedAt(text: string, start: number): Item {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return { text: text.slice(start + 1, end).replace(/\\([\s\S])/g, '$1'), end: end + 1 };
}

/**
 * The JSON form of a value from its text. Numbers are numbers where a double holds them exactly, else their text; bytes are `{ base64 }`; times are
 * ISO 8601 in UTC with all their digits; documents are themselves; what has no JSON form is its text.
 */
export function toJson(oid: number, text: string | null): JsonValue {
  if (text === null) return null;
  if (ELEMENTS.has(oid)) return atOnce(listSlices(oid, text));
  switch (oid) {
    case 16:
      return text === 't';
    case 17:
      return { base64: Buffer.from(text.slice(2), 'hex').toString('base64') };
    case 20:
    case 21:
    case 23:
    case 26:
    case 700:
    case 701:
    case 1700:
      return exactNumber(text, oid === 700 || oid === 701);
    case 114:
    case 3802:
      return documentOf(text);
    case 1114:
    case 1184:
      return isoTime(text);
    default:
      return text;
  }
}

/** `12.50` is 12.5; `0.1000000000000000055511` is a text. A double of the database is a double here. */
function exactNumber(text: string, isDouble: boolean): JsonValue {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  if (isDouble) return number;
  return String(number) === withoutZeros(text) ? number : text;
}

function withoutZeros(text: string): string {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text[end - 1] === '0') end -= 1;
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end);
}

function documentOf(text: string): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the database checked it: only a number that JavaScript does not know ends here
  }
}

/** `2026-01-02 03:04:05.123456+00` → `2026-01-02T03:04:05.123456Z`. Years before Christ and infinity stay what they are. */
function isoTime(text: string): string {
  const [, date, time, zone = ''] =
    /^(\d{4,6}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)(\+00)?$/.exec(text) ?? [];
  return date === undefined ? text : `${date}T${time}${zone === '' ? '' : 'Z'}`;
}

/** What is bound for a parameter. */
export function toBound(value: SqlParameter): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => toBound(item));
  const { base64, ...others } = value as JsonObject;
  if (typeof base64 === 'string' && Object.keys(others).length === 0) return Buffer.from(base64, 'base64');
  return JSON.stringify(value);
}
