import { copyJson } from './copy-json.ts';
import type { Grant } from './grant.ts';
import { isJsonObject, type JsonValue } from './json.ts';
import { checkLimits, type Limits } from './limits.ts';
import { unknownName } from './nearest.ts';

/** Host functions with a field of their own; those of the embedder are under `custom`. */
export const BUILT_IN: ReadonlySet<string> = new Set([
  'fs',
  'http',
  'ws',
  'sql',
  'kv',
  'session',
  'browser',
  'tools',
  'run',
]);

/** A grant after `checkGrant`: copied, frozen, defaults not yet filled. */
export interface CheckedGrant {
  /** As it was given, copied. */
  readonly given: Grant;
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Partial<Limits>;
  /** Host function name → its part of the grant, as that function parsed it; only that function knows its type. */
  readonly parts: ReadonlyMap<string, unknown>;
}

/** What reads one part of a grant: a host function. One without `parse` takes plain JSON as it is. */
export interface PartReader {
  parse?(part: JsonValue, where: string): unknown;
}

/**
 * Checks and copies a grant; each host function parses its own part, here and nowhere else.
 * @param readers The registered host functions, by name.
 * @param where What messages call it: `grant`, `policy`.
 * @throws {TypeError} on an unknown field or a wrong type. @throws {RangeError} on a figure out of range.
 */
export function checkGrant(
  value: unknown,
  readers: ReadonlyMap<string, PartReader>,
  where = 'grant',
): CheckedGrant {
  if (value === undefined) return { given: {}, env: Object.freeze({}), limits: {}, parts: new Map() };
  const copied = copyJson(value, where);
  if (!isJsonObject(copied)) throw new TypeError(`Cannot read ${where}: expected an object`);
  const parts = new Map<string, unknown>();
  let env: Readonly<Record<string, string>> = Object.freeze({});
  let limits: Partial<Limits> = {};
  for (const [name, part] of Object.entries(copied)) {
    if (name === 'limits') limits = checkLimits(part, `${where}.limits`);
    else if (name === 'env') env = checkEnv(part, `${where}.env`);
    else if (BUILT_IN.has(name) && readers.has(name))
      parts.set(name, parsePart(readers.get(name), part, `${where}.${name}`));
    else if (name === 'custom') addCustom(parts, part, readers, `${where}.custom`);
    else {
      const fields = [...BUILT_IN].filter((field) => readers.has(field));
      throw unknownName(`read ${where}: unknown field`, name, [...fields, 'env', 'limits', 'custom']);
    }
  }
  return { given: copied as Grant, env, limits, parts }; // each part was just checked
}

function addCustom(
  parts: Map<string, unknown>,
  value: JsonValue,
  readers: ReadonlyMap<string, PartReader>,
  where: string,
): void {
  if (!isJsonObject(value))
    throw new TypeError(`Cannot read ${where}: expected an object of grants by host function`);
  for (const [name, part] of Object.entries(value)) {
    if (!readers.has(name) || BUILT_IN.has(name)) {
      const names = [...readers.keys()].filter((host) => !BUILT_IN.has(host)).join(', ') || 'none';
      throw new TypeError(
        `Cannot read ${where}: no registered host function is named "${name}", there are: ${names}`,
      );
    }
    parts.set(name, parsePart(readers.get(name), part, `${where}.${name}`));
  }
}

const parsePart = (reader: PartReader | undefined, part: JsonValue, where: string): unknown =>
  reader?.parse === undefined ? part : reader.parse(part, where);

function checkEnv(value: JsonValue, where: string): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) throw new TypeError(`Cannot read ${where}: expected an object of strings`);
  const env: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new TypeError(`Cannot read ${where}.${name}: expected a string`);
    if (name === '' || /[=\0]/.test(name) || text.includes('\0')) {
      throw new TypeError(
        `Cannot read ${where}: "${name}" is not a name and value of an environment variable`,
      );
    }
    env.push([name, text]);
  }
  return Object.freeze(Object.fromEntries(env));
}
