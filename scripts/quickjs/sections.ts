import { joinBytes } from '../../runtime/vocabulary/bytes.ts';
import { Reader } from '../../runtime/wasm/reader.ts';

/** A core module as its sections, so that a build step can replace one and leave the rest as it is. Trusted input only: our own engine. */
export interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

const HEADER = Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00);

export const PREAMBLE_BYTES = HEADER.length;

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

export function readSections(binary: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(binary, HEADER.length);
  while (!reader.done) {
    const id = reader.byte();
    sections.push({ id, body: reader.take(reader.u32()) });
  }
  return sections;
}

export function writeSections(sections: readonly Section[]): Uint8Array<ArrayBuffer> {
  return joinBytes([
    HEADER,
    ...sections.flatMap(({ id, body }) => [Uint8Array.of(id), u32(body.length), body]),
  ]);
}

/** The body of the one section of a kind. */
export function sectionBody(sections: readonly Section[], id: number): Uint8Array {
  const found = sections.find((section) => section.id === id);
  if (found === undefined) throw new Error(`Cannot read the engine: no section ${id}`);
  return found.body;
}

export function u32(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  do {
    const low = left % 128;
    left = Math.floor(left / 128);
    bytes.push(left > 0 ? low + 128 : low);
  } while (left > 0);
  return Uint8Array.from(bytes);
}

/** Signed LEB128, for `i32.const`. */
export function s32(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (;;) {
    const low = left & 0x7f;
    left >>= 7;
    const ends = (left === 0 && (low & 0x40) === 0) || (left === -1 && (low & 0x40) !== 0);
    bytes.push(ends ? low : low | 0x80);
    if (ends) return Uint8Array.from(bytes);
  }
}

export function nameBytes(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return joinBytes([u32(bytes.length), bytes]);
}
