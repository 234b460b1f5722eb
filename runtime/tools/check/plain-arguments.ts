import type { ArgumentFault } from '../../contracts/api/tool-call.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../vocabulary/json.ts';
import { MIB } from '../../vocabulary/units.ts';

/** What arguments may be before anything looks at what they mean. */
const MOST = { depth: 64, bytes: 8 * MIB, values: 100_000 } as const;

/** Names that change an object's kind when something copies it carelessly. */
const HOSTILE: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** A copy of a call's arguments, or what is wrong with them as JSON, at most 20 faults. */
export function plainArguments(value: unknown): JsonObject | readonly ArgumentFault[] {
  let copied: JsonValue;
  try {
    copied = copyJson(value ?? {}, 'arguments', {
      maxDepth: MOST.depth,
      maxBytes: MOST.bytes,
      maxValues: MOST.values,
    });
  } catch (error) {
    return [fault('', error instanceof Error ? error.message : 'not JSON', 'json')];
  }
  if (!isJsonObject(copied)) return [fault('', 'expected an object of arguments by name', 'type')];
  const faults: ArgumentFault[] = [];
  findHostile(copied, '', faults);
  return faults.length > 0 ? faults : copied;
}

/** The recursion is as deep as the copy, which is bounded. */
function findHostile(value: JsonValue, path: string, faults: ArgumentFault[]): void {
  if (faults.length >= 20) return;
  if (typeof value === 'string') {
    if (value.includes('\0')) faults.push(fault(path, 'a NUL is not allowed in a text', 'nul'));
  } else if (Array.isArray(value)) {
    for (const [index, item] of (value as readonly JsonValue[]).entries())
      findHostile(item, `${path}[${index}]`, faults);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const at = path === '' ? name : `${path}.${name}`;
      if (HOSTILE.has(name) || name.includes('\0'))
        faults.push(fault(at, 'a field of this name is not allowed', 'key'));
      else findHostile(item, at, faults);
    }
  }
}

const fault = (path: string, message: string, rule: string): ArgumentFault => ({ path, message, rule });
