import { SandglassError } from '../../vocabulary/errors.ts';
import type { SqliteRequest, SqlValue } from './request.ts';

const MAY_WRITE = 1;
const MAY_CREATE = 2;
/** Of a step of SQLite's machine, about: 80 to 400 as statements go. */
const FUEL_A_STEP = 200;
const STEPS_A_LOOK = 1_000;
const MOST_U32 = 2 ** 32 - 1;
const MOST_STATEMENTS = 100_000;
const MOST_PARAMETERS = 32_766;
const INT_64 = { least: -(2n ** 63n), most: 2n ** 63n - 1n };

/**
 * A request as `guest-tools/sqlite/main.c` reads it.
 * @param path Of the file inside the guest; empty for a database in memory.
 * @throws {SandglassError} INPUT_INVALID for a value that SQLite has no type for.
 */
export function encodeRequest(
  { statements, write, maxRows, maxBytes, timeoutMs, fuel = Number.POSITIVE_INFINITY }: SqliteRequest,
  path: string,
): Uint8Array {
  if (statements.length === 0 || statements.length > MOST_STATEMENTS)
    throw refused(`a request has 1 to ${MOST_STATEMENTS} statements, not ${statements.length}`);
  const bytes = createWriter();
  bytes.u32(write ? MAY_WRITE | MAY_CREATE : 0);
  bytes.u32(maxRows);
  bytes.u32(maxBytes);
  bytes.u32(timeoutMs);
  bytes.u32(Math.min(MOST_U32, Math.ceil(fuel / (FUEL_A_STEP * STEPS_A_LOOK))));
  bytes.text(path);
  bytes.u32(statements.length);
  for (const { sql, params = [] } of statements) {
    const pairs = Array.isArray(params)
      ? params.map((value): [string, SqlValue] => ['', value])
      : Object.entries(params);
    if (pairs.length > MOST_PARAMETERS)
      throw refused(`a statement has ${MOST_PARAMETERS} parameters at most, not ${pairs.length}`);
    bytes.text(sql);
    bytes.u32(pairs.length);
    for (const [name, value] of pairs) {
      bytes.text(name.replace(/^[:@$]/, ''));
      writeValue(bytes, value, name);
    }
  }
  return bytes.done();
}

function writeValue(bytes: Writer, value: SqlValue, name: string): void {
  if (value === null) bytes.type('n');
  else if (typeof value === 'string') {
    bytes.type('t');
    bytes.text(value);
  } else if (value instanceof Uint8Array) {
    bytes.type('b');
    bytes.bytes(value);
  } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    const whole = BigInt(value);
    if (whole < INT_64.least || whole > INT_64.most)
      throw refused(`parameter ${name || 'value'} ${whole} is not a whole number of 64 bits`);
    bytes.type('i');
    bytes.i64(whole);
  } else if (typeof value === 'number' && !Number.isNaN(value)) {
    bytes.type('d');
    bytes.f64(value);
  } else throw refused(`parameter ${name || 'value'} is not null, a number, a text or bytes`);
}

const refused = (reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot query: ${reason}`, { details: { reason: 'parameters' } });

type Writer = ReturnType<typeof createWriter>;

function createWriter() {
  let buffer = new Uint8Array(4096);
  let view = new DataView(buffer.buffer);
  let at = 0;
  const encoder = new TextEncoder();
  const room = (more: number): number => {
    if (at + more > buffer.byteLength) {
      const grown = new Uint8Array((buffer.byteLength + more) * 2);
      grown.set(buffer);
      buffer = grown;
      view = new DataView(buffer.buffer);
    }
    at += more;
    return at - more;
  };
  const bytes = (data: Uint8Array): void => {
    const length = room(4); // what grows the buffer comes first: the view is another one then
    view.setUint32(length, data.byteLength, true);
    const start = room(data.byteLength);
    buffer.set(data, start);
  };
  return {
    u32: (value: number) => {
      const start = room(4);
      view.setUint32(start, value, true);
    },
    i64: (value: bigint) => {
      const start = room(8);
      view.setBigInt64(start, value, true);
    },
    f64: (value: number) => {
      const start = room(8);
      view.setFloat64(start, value, true);
    },
    type: (letter: string) => {
      const start = room(1);
      view.setUint8(start, letter.charCodeAt(0));
    },
    bytes,
    text: (text: string) => bytes(encoder.encode(text)),
    done: () => buffer.slice(0, at),
  };
}
