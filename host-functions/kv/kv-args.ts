import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { ENTRY_NAME } from '../../runtime/vocabulary/named-entries.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';

const MOST_KEY_BYTES = 512;
const MOST_KEYS = 1_000;

/** @throws {SandglassError} INPUT_INVALID for an argument that is none of `known`. */
export function refuseOthers(args: JsonObject, known: readonly string[], call: string): void {
  const unknown = Object.keys(args).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw complain(
    call,
    `unknown argument ${JSON.stringify(unknown.slice(0, 64))}; known are ${known.join(', ')}`,
  );
}

/** @throws {SandglassError} INPUT_INVALID */
export function storeIn({ store }: JsonObject, call: string): string {
  if (typeof store === 'string' && ENTRY_NAME.test(store)) return store;
  throw complain(call, '"store" must be the name of a store of the grant');
}

/** @throws {SandglassError} INPUT_INVALID */
export function keyIn({ key }: JsonObject, call: string): string {
  if (typeof key === 'string' && key !== '' && key.isWellFormed() && utf8Length(key) <= MOST_KEY_BYTES)
    return key;
  throw complain(call, `"key" must be a text of 1 to ${MOST_KEY_BYTES} bytes of UTF-8`);
}

/** @throws {SandglassError} INPUT_INVALID */
export function valueIn(given: JsonObject, call: string): JsonValue {
  const { value } = given;
  if (value !== undefined) return value;
  throw complain(call, '"value" must be a JSON value; null is one');
}

/** @throws {SandglassError} INPUT_INVALID */
export function ttlIn({ ttlMs }: JsonObject, call: string): number {
  if (ttlMs === undefined || ttlMs === null) return Number.POSITIVE_INFINITY;
  if (typeof ttlMs === 'number' && Number.isSafeInteger(ttlMs) && ttlMs >= 1) return ttlMs;
  throw complain(call, '"ttlMs" must be a whole number from 1');
}

/** @throws {SandglassError} INPUT_INVALID */
export function pageIn(
  given: JsonObject,
  call: string,
): {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
} {
  const { prefix, after, limit } = given;
  if (prefix !== undefined && prefix !== null && typeof prefix !== 'string')
    throw complain(call, '"prefix" must be a text');
  if (after !== undefined && after !== null && typeof after !== 'string')
    throw complain(call, '"after" must be a key');
  const most = limit ?? MOST_KEYS;
  if (typeof most !== 'number' || !Number.isSafeInteger(most) || most < 1 || most > MOST_KEYS)
    throw complain(call, `"limit" must be a whole number from 1 to ${MOST_KEYS}`);
  return { prefix: prefix ?? '', after: after ?? undefined, limit: most };
}

const complain = (call: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call ${call}: ${reason}`, {
    details: { reason: 'invalid' },
  });
