import { copyJson, type JsonValue } from './codec.ts';
import { checkLimits, type Limits } from './limits.ts';

/** Host functions with a field of their own. */
const BUILT_IN: ReadonlySet<string> = new Set(['fs', 'http', 'ws']);

/** A grant after `checkGrant`: copied, frozen, defaults not yet filled. */
export interface CheckedGrant {
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Partial<Limits>;
  /** Host function name → its part of the grant, plain JSON. */
  readonly parts: ReadonlyMap<string, JsonValue>;
}

/**
 * Checks a grant's outer form; each host function checks its own part when it opens.
 * @param known Names of the registered host functions.
 * @throws {TypeError} on an unknown field or a wrong type. @throws {RangeError} on a limit out of range.
 */
export function checkGrant(value: unknown, known: ReadonlySet<string>, where = 'grant'): CheckedGrant {
  if (value === undefined) return { env: Object.freeze({}), limits: {}, parts: new Map() };
  const copied = copyJson(value, where);
  if (typeof copied !== 'object' || copied === null || Array.isArray(copied)) {
    throw new TypeError(`Cannot read ${where}: expected an object`);
  }
  const parts = new Map<string, JsonValue>();
  let env: Readonly<Record<string, string>> = Object.freeze({});
  let limits: Partial<Limits> = {};
  for (const [name, part] of Object.entries(copied)) {
    if (name === 'limits') limits = checkLimits(part, `${where}.limits`);
    else if (name === 'env') env = checkEnv(part, `${where}.env`);
    else if (BUILT_IN.has(name) && known.has(name)) parts.set(name, part);
    else if (name === 'custom') addCustom(parts, part, known, `${where}.custom`);
    else {
      const fields = [...BUILT_IN].filter((field) => known.has(field));
      throw new TypeError(
        `Cannot read ${where}: unknown field "${name}", known are ${[...fields, 'env', 'limits', 'custom'].join(', ')}`,
      );
    }
  }
  return { env, limits, parts };
}

function addCustom(
  parts: Map<string, JsonValue>,
  value: JsonValue,
  known: ReadonlySet<string>,
  where: string,
): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where}: expected an object of grants by host function`);
  }
  for (const [name, part] of Object.entries(value)) {
    if (!known.has(name) || BUILT_IN.has(name)) {
      const names = [...known].filter((host) => !BUILT_IN.has(host)).join(', ') || 'none';
      throw new TypeError(
        `Cannot read ${where}: no registered host function is named "${name}", there are: ${names}`,
      );
    }
    parts.set(name, part);
  }
}

function checkEnv(value: JsonValue, where: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where}: expected an object of strings`);
  }
  const env: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new TypeError(`Cannot read ${where}.${name}: expected a string`);
    if (name === '' || /[=\0]/.test(name) || text.includes('\0')) {
      throw new TypeError(`Cannot read ${where}: "${name}" is no name and value of an environment variable`);
    }
    env.push([name, text]);
  }
  return Object.freeze(Object.fromEntries(env));
}
