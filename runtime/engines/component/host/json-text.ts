import type { JsonValue } from '../../../vocabulary/json.ts';
import { invalidArgument } from './errors.ts';

/** What a guest wrote as JSON; `undefined` for anything else. */
export function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue; // what parses is JSON
  } catch {
    return undefined;
  }
}

/** The error for an argument that is not. */
export const notJson = (name: string) => invalidArgument(`Cannot read "${name}": it is not JSON`);
