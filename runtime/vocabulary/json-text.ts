import { SLICE, type Slices } from './in-slices.ts';

/** Characters of one piece, or a little more. */
const PIECE = 65_536;

/**
 * The text of `JSON.stringify` for plain data, piece by piece. Fields that are `undefined` are left out, a method `toJSON` is not asked.
 * @param write Told each piece.
 */
export function* jsonText(value: unknown, write: (piece: string) => void): Slices<void> {
  if (weightLeft(value, LIGHT) >= 0) {
    write(JSON.stringify(value) ?? 'null');
    return;
  }
  let text = '';
  let parts = 0;
  const add = (more: string): void => {
    text += more;
    if (text.length < PIECE) return;
    write(text);
    text = '';
  };
  function* string(whole: string): Slices<void> {
    for (let at = 0; at < whole.length; ) {
      const end = cutAt(whole, at + PIECE);
      add(JSON.stringify(whole.slice(at, end)).slice(1, -1));
      at = end;
      parts += SLICE / 8;
      if (parts >= SLICE) {
        parts = 0;
        yield;
      }
    }
  }
  function* item(of: unknown): Slices<void> {
    if (typeof of === 'string' && of.length > PIECE) {
      add('"');
      yield* string(of);
      add('"');
    } else if (typeof of !== 'object' || of === null) add(JSON.stringify(of) ?? 'null');
    else if (Array.isArray(of)) yield* list(of);
    else yield* object(of);
  }
  function* one(of: unknown): Slices<void> {
    parts += 1;
    if (parts >= SLICE) {
      parts = 0;
      yield;
    }
    // Most parts are small: a generator each would cost more than they do.
    if (typeof of === 'number' || (typeof of === 'string' && of.length <= PIECE)) add(JSON.stringify(of));
    else yield* item(of);
  }
  function* list(of: readonly unknown[]): Slices<void> {
    add('[');
    for (let index = 0; index < of.length; index += 1) {
      if (index > 0) add(',');
      yield* one(of[index]);
    }
    add(']');
  }
  function* object(of: object): Slices<void> {
    add('{');
    let first = true;
    for (const key of Object.keys(of)) {
      const field = (of as Readonly<Record<string, unknown>>)[key];
      if (field === undefined) continue;
      if (!first) add(',');
      first = false;
      add(`${JSON.stringify(key)}:`);
      yield* one(field);
    }
    add('}');
  }
  yield* item(value);
  if (text !== '') write(text);
}

/** What is written in one go, which costs a tenth: characters, and 16 for each part. */
const LIGHT = 16_384;

/** What is left of a weight when a value was taken from it; under 0 as soon as it is too heavy, or holds what `JSON.stringify` would ask or call. */
function weightLeft(value: unknown, left: number): number {
  if (typeof value === 'string') return left - value.length;
  if (typeof value === 'function' || ArrayBuffer.isView(value)) return -1;
  if (typeof value !== 'object' || value === null) return left - 16;
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const many = names?.length ?? (value as readonly unknown[]).length; // it has names, or it is a list
  let rest = left - 16 * (many + 1);
  for (let at = 0; at < many && rest >= 0; at += 1) {
    const name = names?.[at] ?? '';
    rest = weightLeft(
      (value as Readonly<Record<number | string, unknown>>)[names === undefined ? at : name],
      rest,
    );
    rest -= name.length;
  }
  return rest;
}

/** Where a text may be cut: never between the two halves of one character. */
function cutAt(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return before >= 0xd800 && before < 0xdc00 ? at + 1 : at;
}
