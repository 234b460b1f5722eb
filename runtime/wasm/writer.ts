const UTF8 = new TextEncoder();

/** Bytes a patched length takes: LEB128 padded to the longest form of 32 bits. */
const PADDED = 5;

/** A growing buffer that assembles binary code. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(Math.max(capacity, 64));
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  byte(value: number): void {
    if (this.length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.length] = value;
    this.length += 1;
  }

  put(...values: readonly number[]): void {
    for (const value of values) this.byte(value);
  }

  u32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }

  /** A signed LEB128 of a whole number within ± 2^53. */
  signed(value: number): void {
    let rest = value;
    for (;;) {
      const low = ((rest % 0x80) + 0x80) % 0x80;
      rest = Math.floor(rest / 0x80);
      if ((rest === 0 && low < 0x40) || (rest === -1 && low >= 0x40)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  name(value: string): void {
    const encoded = UTF8.encode(value);
    this.u32(encoded.length);
    this.copy(encoded, 0, encoded.length);
  }

  copy(source: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.length);
    this.length += end - start;
  }

  append(other: Writer): void {
    this.copy(other.#bytes, 0, other.length);
  }

  /** Writes what `body` writes, with its length in front. */
  sized(body: () => void): void {
    const at = this.length;
    this.#reserve(PADDED);
    this.length += PADDED;
    const start = this.length;
    body();
    this.#pad(at, this.length - start);
  }

  /** What stands before the content of a section. */
  header(id: number, length: number): void {
    this.byte(id);
    this.#reserve(PADDED);
    this.#pad(this.length, length);
    this.length += PADDED;
  }

  #pad(at: number, length: number): void {
    let rest = length;
    for (let index = 0; index < PADDED; index += 1) {
      this.#bytes[at + index] = index < PADDED - 1 ? (rest & 0x7f) | 0x80 : rest & 0x7f;
      rest = Math.floor(rest / 0x80);
    }
  }

  /** A section: its id, its length, what `body` writes. */
  section(id: number, body: () => void): void {
    this.byte(id);
    this.sized(body);
  }

  /** What was written, in a buffer of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
}
