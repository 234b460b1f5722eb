import type { JsonObject } from '../../vocabulary/json.ts';

/** The object that a JSON text says; `undefined` for any other text: a program may have replaced the `JSON` that our own code in it writes with. */
export function objectIn(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject) // JSON.parse makes nothing else
      : undefined;
  } catch {
    return undefined;
  }
}
