import type { GuestEnd } from '../../contracts/engine.ts';
import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { parseJson } from '../../vocabulary/json-read.ts';

/** `[path, 'n', digits]`, `[path, 'f', text]`, `[path, 'b', [offset, length]]` or the same with `t`, of letters. */
type Special =
  | readonly [path: readonly (string | number)[], kind: 'n' | 'f', text: string]
  | readonly [
      path: readonly (string | number)[],
      kind: 'b' | 't',
      range: readonly [offset: number, length: number],
    ];

/** Letters of the long texts that come beside a value. */
export const longLength = (text: string): number =>
  text[0] === 'c' ? Number(text.slice(1, text.indexOf(','))) : 0;

/** Reads a value as the prelude's `convert` wrote it; the first letter says what follows. */
export async function readOutgoing(text: string, bytes: Uint8Array, long: string): Promise<GuestEnd> {
  try {
    return await read(text, bytes, long);
  } catch (error) {
    // Well formed as it is, it may still hold more than a host takes.
    if (error instanceof SyntaxError) return invalid(error.message);
    throw error;
  }
}

const invalid = (reason: string): GuestEnd => ({
  kind: 'invalid',
  code: 'OUTPUT_INVALID',
  message: `Cannot return the value: ${reason}`,
});

async function read(text: string, bytes: Uint8Array, long: string): Promise<GuestEnd> {
  const rest = text.slice(1);
  switch (text[0]) {
    case 'u':
      return { kind: 'value', value: undefined };
    case 'j':
      return { kind: 'value', value: await parseJson(rest) };
    case 's':
      return { kind: 'value', value: await withSpecials(rest, bytes, '') };
    case 'c':
      return { kind: 'value', value: await withSpecials(rest.slice(rest.indexOf(',') + 1), bytes, long) };
    case 't':
      return { kind: 'value', value: await parseJson(rest), form: 'text' };
    case 'l':
      return { kind: 'limit', limit: 'output' };
    default:
      return invalid(rest);
  }
}

async function withSpecials(text: string, bytes: Uint8Array, long: string): Promise<GuestValue> {
  const { json, specials } = (await parseJson(text)) as unknown as {
    readonly json: GuestValue;
    readonly specials: readonly Special[];
  }; // our own prelude wrote it
  let value = json;
  for (const special of specials) value = place(value, special, bytes, long);
  return value;
}

function special([, kind, payload]: Special, bytes: Uint8Array, long: string): GuestValue {
  switch (kind) {
    case 'b':
      return bytes.slice(payload[0], payload[0] + payload[1]);
    case 't':
      return long.slice(payload[0], payload[0] + payload[1]);
    case 'n':
      return BigInt(payload);
    case 'f':
      return Number(payload);
  }
}

function place(root: GuestValue, given: Special, bytes: Uint8Array, long: string): GuestValue {
  const [path] = given;
  const value = special(given, bytes, long);
  if (path.length === 0) return value;
  let holder = root as unknown as Record<string | number, unknown>; // containers all the way, by the way it was written
  for (const step of path.slice(0, -1)) holder = holder[step] as Record<string | number, unknown>; // likewise
  const last = path[path.length - 1];
  if (last !== undefined) {
    Object.defineProperty(holder, last, { value, writable: true, enumerable: true, configurable: true });
  }
  return root;
}
