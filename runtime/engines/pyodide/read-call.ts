import type { JsonObject } from '../../vocabulary/json.ts';
import { fitsJson } from '../../vocabulary/json-weight.ts';

/** A host call as the realm hands it over, ready for the gate. */
export interface ReadCall {
  readonly name: string;
  readonly args: JsonObject;
  /** In place of the call's own: they are too large on purpose, so that the gate refuses the call in its own words. */
  readonly bytes?: Uint8Array;
}

/** No operation has a name of this length: what is cut is still none. */
const MOST_NAME = 200;
/** More than any gate takes; see `tooDeep`. */
const MOST_DEPTH = 100;
/** Lists and objects of arguments weigh this many times their text at most. */
const MOST_GROWTH = 8;

/** The longest text of arguments of so many bytes, UTF-16 units: characters that JSON escapes take two. */
export const argsLength = (hostCallBytes: number): number => 2 * hostCallBytes + 1024;

/**
 * Reads a call's texts, bounded before they are parsed. The gate checks the arguments themselves; here they only have to be an object.
 * @throws {TypeError} for anything else. @throws {SyntaxError} for what is not JSON.
 */
export function readCall(operation: string, text: string, hostCallBytes: number): ReadCall {
  if (typeof operation !== 'string' || typeof text !== 'string') throw new TypeError('expected texts');
  const name = operation.slice(0, MOST_NAME);
  const bounds = { length: argsLength(hostCallBytes), weight: MOST_GROWTH * hostCallBytes };
  if (!fitsJson(text, { ...bounds, depth: Number.POSITIVE_INFINITY }))
    return { name, args: {}, bytes: new Uint8Array(hostCallBytes + 1) };
  if (!fitsJson(text, { ...bounds, depth: MOST_DEPTH })) return { name, args: tooDeep() };
  const args: unknown = JSON.parse(text);
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw new TypeError('expected an object of arguments');
  return { name, args: args as JsonObject }; // JSON.parse gives JSON
}

function tooDeep(): JsonObject {
  let args: JsonObject = {};
  for (let depth = 0; depth <= MOST_DEPTH; depth++) args = { args };
  return args;
}
