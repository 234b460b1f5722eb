import { isJsonObject, type JsonObject, type JsonValue } from '../../vocabulary/json.ts';
import { nearestOrAll } from '../../vocabulary/nearest.ts';
import { isWasiFunction } from './wasi-functions.ts';

/** The host function that serves an import, and where bytes go with its call. */
export interface ImportTarget {
  readonly operation: string;
  /** Places of the arguments that are pointer and length of bytes for the host function. */
  readonly bytes?: readonly [pointer: number, length: number];
  /** Places of the arguments that are pointer and room for the bytes of its answer. */
  readonly into?: readonly [pointer: number, room: number];
}

export interface Preview1Options {
  /** WASI functions that may be used; absent: all. */
  readonly wasi?: ReadonlySet<string>;
  /** `module.name` of an import → the operation that serves it. */
  readonly imports?: Readonly<Record<string, ImportTarget>>;
  /** What becomes of imports that nobody gives: the module is refused, or traps when it calls one. @default 'refuse' */
  readonly unknownImports?: 'refuse' | 'trap';
}

export type CheckedOptions =
  | { readonly ok: true; readonly options: Preview1Options }
  | { readonly ok: false; readonly message: string };

/** Names of the options. */
export const PREVIEW1_OPTIONS: readonly string[] = ['wasi', 'imports', 'unknownImports'];

class Misfit extends Error {}

/** Checks the engine options of a run. One that is not known is an error: it might have been meant to restrict. */
export function checkRunOptions(given: JsonObject): CheckedOptions {
  try {
    const unknown = Object.keys(given).find((name) => !PREVIEW1_OPTIONS.includes(name));
    if (unknown !== undefined)
      throw new Misfit(`unknown option "${unknown}"${nearestOrAll(unknown, PREVIEW1_OPTIONS)}`);
    const { wasi, imports, unknownImports } = given;
    return {
      ok: true,
      options: {
        ...(wasi === undefined ? {} : { wasi: wasiOf(wasi) }),
        ...(imports === undefined ? {} : { imports: importsOf(imports) }),
        ...(unknownImports === undefined ? {} : { unknownImports: wordOf(unknownImports) }),
      },
    };
  } catch (error) {
    if (error instanceof Misfit) return { ok: false, message: `Cannot run the module: ${error.message}` };
    throw error;
  }
}

function wasiOf(value: JsonValue): ReadonlySet<string> {
  if (!Array.isArray(value)) throw new Misfit('option wasi must be a list of WASI function names');
  const names = new Set<string>();
  for (const item of value) {
    if (typeof item !== 'string' || !isWasiFunction(item))
      throw new Misfit(`option wasi names ${JSON.stringify(item)}, which is not a WASI function`);
    names.add(item);
  }
  return names;
}

function wordOf(value: JsonValue): 'refuse' | 'trap' {
  if (value === 'refuse' || value === 'trap') return value;
  throw new Misfit(`option unknownImports is 'refuse' or 'trap', not ${JSON.stringify(value).slice(0, 60)}`);
}

function importsOf(value: JsonValue): Readonly<Record<string, ImportTarget>> {
  if (!isObject(value)) throw new Misfit('option imports must be an object: { "module.name": "operation" }');
  const targets: Record<string, ImportTarget> = Object.create(null);
  for (const [name, target] of Object.entries(value)) targets[name] = targetOf(name, target);
  return targets;
}

function targetOf(name: string, value: JsonValue | undefined): ImportTarget {
  if (typeof value === 'string') return { operation: value };
  const what = `option imports["${name}"]`;
  if (!isObject(value) || typeof value.operation !== 'string')
    throw new Misfit(`${what} must be the name of an operation, or { operation, bytes, into }`);
  const other = Object.keys(value).find((key) => !['operation', 'bytes', 'into'].includes(key));
  if (other !== undefined)
    throw new Misfit(`${what} has an unknown field "${other}", known are operation, bytes, into`);
  const { operation, bytes, into } = value;
  return {
    operation,
    ...(bytes === undefined ? {} : { bytes: pairOf(`${what}.bytes`, bytes) }),
    ...(into === undefined ? {} : { into: pairOf(`${what}.into`, into) }),
  };
}

function pairOf(what: string, value: JsonValue): readonly [number, number] {
  const [first, second, ...more] = Array.isArray(value) ? value : [];
  if (isPlace(first) && isPlace(second) && more.length === 0) return [first, second];
  throw new Misfit(`${what} must be two places of arguments, from 0: [pointer, length]`);
}

const isPlace = (value: JsonValue | undefined): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 1000;
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  value !== undefined && isJsonObject(value);
