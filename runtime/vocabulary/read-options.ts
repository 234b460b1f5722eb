import { copyJson } from './copy-json.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { type IsolationLevel, LEVELS } from './levels.ts';
import { didYouMean, shownText, unknownName } from './nearest.ts';
import { MIB } from './units.ts';

/** Source text and input data are held by the host: they have sizes, too. Bytes. */
export const MAX_INPUT_BYTES = 64 * MIB;

/** @throws {TypeError} naming the first option that `known` does not have, with the nearest one that it has. */
export function refuseUnknown(given: object, known: Readonly<Record<string, unknown>>, where: string): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name)) throw unknownName(`${where}: unknown option`, name, Object.keys(known));
  }
}

/** The same for a field of a grant, a policy or a part of one; `where` says which. @throws {TypeError} */
export function refuseUnknownField(
  given: object,
  known: Readonly<Record<string, unknown>>,
  where: string,
): void {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(known, name))
      throw unknownName(`read ${where}: unknown field`, name, Object.keys(known));
  }
}

export interface Range {
  /** @default 0 */
  readonly minimum?: number;
  /** @default the largest whole number that a double holds */
  readonly maximum?: number;
  /** What it counts, e.g. `ms`. */
  readonly unit?: string;
}

/**
 * A whole number in a range; absent stays absent.
 * @param what Begins with the verb: `read grant.fs[0].maxCalls:`, `open a session: idleMs`.
 * @throws {TypeError} when it is not a number. @throws {RangeError} when it is out of range.
 */
export function wholeNumber(value: unknown, what: string, range: Range = {}): number | undefined {
  if (value === undefined) return undefined;
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER, unit } = range;
  if (typeof value !== 'number')
    throw new TypeError(`Cannot ${what}${what.endsWith(':') ? ' expected' : ' is not'} a number`);
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    const most = range.maximum === undefined ? '' : ` to ${maximum}`;
    throw new RangeError(
      `Cannot ${what} ${value} is not a whole number${unit === undefined ? '' : ` of ${unit}`} from ${minimum}${most}`,
    );
  }
  return value;
}

/** A name that is safe anywhere: in a path, a header, a log. @throws {TypeError} on anything else. */
export function readName(value: unknown, option: string, where: string): string | undefined {
  if (value === undefined || (typeof value === 'string' && /^[\w-]{1,64}$/.test(value))) return value;
  throw new TypeError(`Cannot ${where}: ${option} is not a text of 1 to 64 letters, digits, - and _`);
}

/** @throws {TypeError} on a level that there is not. */
export function readLevel(level: unknown, where: string): IsolationLevel | undefined {
  if (level === undefined) return undefined;
  const known = LEVELS.find((name) => name === level);
  if (known !== undefined) return known;
  throw new TypeError(
    `Cannot ${where}: level ${shownText(String(level))} is not one of ${LEVELS.join(', ')}${didYouMean(String(level), LEVELS)}`,
  );
}

/** A copy of a JSON object; absent is an empty one. @throws {TypeError} on anything else. @throws {RangeError} over 64 MiB. */
export function jsonObject(value: unknown, name: string, where: string): JsonObject {
  if (value === undefined) return {};
  const copied = copyJson(value, name, { maxBytes: MAX_INPUT_BYTES });
  if (!isJsonObject(copied)) throw new TypeError(`Cannot ${where}: ${name} is not an object`);
  return copied;
}

/** @throws {TypeError} unless it is absent or an AbortSignal. */
export function checkSignal(signal: unknown, where: string): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`Cannot ${where}: signal is not an AbortSignal`);
}
