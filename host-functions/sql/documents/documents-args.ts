import { isJsonObject, type JsonObject, type JsonValue } from '../../../runtime/vocabulary/json.ts';
import { complain, countIn, databaseIn, refuseOthers } from '../sql-args.ts';

/** What operations on documents are called with. */
export interface DocumentsCall {
  readonly database: string;
  readonly collection: string;
}

const COLLECTION = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,127}$/u;
const MOST_DOCUMENTS = 1_000;
const MOST_ID = 256;

/** @throws {SandglassError} INPUT_INVALID */
export function readCall(given: JsonObject, act: string, more: readonly string[]): DocumentsCall {
  refuseOthers(given, ['database', 'collection', ...more], act);
  const { collection } = given;
  if (typeof collection !== 'string' || !COLLECTION.test(collection))
    throw complain(act, '"collection" must be a name of 1 to 128 letters, digits, _, - and .');
  return { database: databaseIn(given, act), collection };
}

/** @param isNeeded Whether it must be said: an absent filter must not mean all documents to what changes them. */
export function filterIn({ filter }: JsonObject, act: string, isNeeded: boolean): JsonObject {
  if (filter === undefined && !isNeeded) return {};
  if (filter !== undefined && isJsonObject(filter)) return filter;
  throw complain(act, '"filter" must be an object; {} stands for all documents');
}

export function objectIn(given: JsonObject, name: string, act: string): JsonObject {
  const value: JsonValue | undefined = given[name];
  if (value === undefined) return {};
  if (isJsonObject(value)) return value;
  throw complain(act, `"${name}" must be an object`);
}

export interface FindBounds {
  readonly limit: number | undefined;
  readonly skip: number;
}

export const boundsIn = (given: JsonObject): FindBounds => ({
  limit: countIn(given, 'limit', 'find'),
  skip: countIn(given, 'skip', 'find', 0) ?? 0,
});

/** Each with an `_id`: its own, or a new one. */
export function documentsIn({ documents }: JsonObject): readonly (JsonObject & { readonly _id: string })[] {
  const list: readonly JsonValue[] = Array.isArray(documents) ? documents : [];
  if (list.length === 0 || list.length > MOST_DOCUMENTS)
    throw complain('insert', `"documents" must be a list of 1 to ${MOST_DOCUMENTS} objects`);
  return list.map((one) => {
    if (!isJsonObject(one)) throw complain('insert', `"documents" must be a list of objects`);
    const { _id = crypto.randomUUID() } = one;
    if (typeof _id !== 'string' || _id === '' || _id.length > MOST_ID || _id.includes('\0'))
      throw complain('insert', `"_id" must be a text of 1 to ${MOST_ID} characters`);
    return { ...one, _id };
  });
}
