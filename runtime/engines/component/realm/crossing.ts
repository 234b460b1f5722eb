import type { JsonObject } from '../../../vocabulary/json.ts';
import type { RealmPort } from './contract.ts';

// What comes out of a realm may be anything: it is looked at before it is used, and never by code of its own.

/** The largest timer that platforms take, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** No error of ours enters the realm: `null` says that there was one. */
export function guarded(port: RealmPort): RealmPort {
  const safe = Object.entries(port).map(([name, call]: [string, (...args: never[]) => unknown]) => [
    name,
    (...args: never[]): unknown => {
      try {
        return call(...args);
      } catch (error) {
        if (error instanceof RangeError && /call stack/i.test(error.message)) throw error; // the realm makes one of its own of it
        return null;
      }
    },
  ]);
  return Object.fromEntries(safe) as RealmPort; // the same names, each with its own function inside
}

export function textOf(text: unknown): string {
  if (typeof text !== 'string') throw new TypeError('expected a text');
  return text;
}

export function countOf(count: unknown): number {
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0)
    throw new TypeError('expected a count');
  return count;
}

export function timeOf(ms: unknown): number {
  if (typeof ms !== 'number') throw new TypeError('expected a time');
  return Math.min(Math.max(0, ms), MAX_TIMER_MS);
}

export function argsOf(text: unknown): JsonObject {
  const args: unknown = JSON.parse(textOf(text));
  if (typeof args !== 'object' || args === null || Array.isArray(args))
    throw new TypeError('expected arguments');
  return args as JsonObject; // JSON.parse gives JSON
}

const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/** Views a buffer of the realm, after making sure that it is one: reading any other object would run a guest's code. */
export function bytesOf(buffer: ArrayBuffer, offset: unknown = 0, length?: unknown): Uint8Array<ArrayBuffer> {
  if (byteLength === undefined || typeof byteLength.call(buffer) !== 'number')
    throw new TypeError('expected an ArrayBuffer');
  return new Uint8Array(buffer, countOf(offset), length === undefined ? undefined : countOf(length));
}

/** The bytes of a buffer that the realm has made for them. It finds it empty: what was checked must not change. */
export function moved(buffer: ArrayBuffer): Uint8Array {
  bytesOf(buffer); // throws for anything else
  return new Uint8Array(ArrayBuffer.prototype.transfer.call(buffer));
}
