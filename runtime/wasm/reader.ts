import { hex, invalid } from './invalid.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A cursor over a part of a binary that never reads past its end. Numbers are read as the core specification says
 * (Binary Format, Values): LEB128 no longer than its type needs, unused bits of the last byte equal to the sign.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    if (at < 0 || at > end || end > bytes.length) throw invalid('a part of it lies outside of it', at);
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined;
    if (value === undefined) throw invalid('it ends in the middle of an item', this.at);
    this.at += 1;
    return value;
  }

  /** The next byte, not taken. */
  peek(): number {
    const value = this.byte();
    this.at -= 1;
    return value;
  }

  /** A one-byte flag field, 0 or 1. */
  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw invalid(`expected 0 or 1, found ${hex(value)}`, this.at - 1);
    return value === 1;
  }

  u32(): number {
    const first = this.byte();
    return first < 0x80 ? first : this.#longU32(first);
  }

  #longU32(first: number): number {
    let value = first & 0x7f;
    for (let factor = 0x80, count = 2; ; factor *= 0x80, count += 1) {
      const byte = this.byte();
      if (count === 5 && byte > 0x0f) throw invalid('a number does not fit 32 bits', this.at - 1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** A 64-bit unsigned number; above 2^53 it is rounded, which is exact enough to compare it with a cap. */
  u64(): number {
    let value = 0;
    for (let factor = 1, count = 1; ; factor *= 0x80, count += 1) {
      const byte = this.byte();
      if (count === 10 && byte > 0x01) throw invalid('a number does not fit 64 bits', this.at - 1);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** A signed number of 33 bits, as block and heap types have: a type index if it is not negative. */
  s33(): number {
    let value = 0;
    for (let factor = 1, count = 1; ; factor *= 0x80, count += 1) {
      const byte = this.byte();
      if (count === 5) {
        // Of the fifth byte four bits count and the fifth is the sign; the sixth and seventh must repeat it.
        const sign = byte & 0x70;
        if (byte >= 0x80 || (sign !== 0x70 && sign !== 0)) {
          throw invalid('a number does not fit 33 bits', this.at - 1);
        }
        return value + (byte & 0x0f) * factor - (sign === 0 ? 0 : 0x10 * factor);
      }
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return byte & 0x40 ? value - 0x80 * factor : value;
    }
  }

  /** Passes over one LEB128 number of at most `maxBytes` bytes. Whether its value fits is left to the engine's validation. */
  skipLeb(maxBytes: 5 | 10): void {
    for (let count = 1; this.byte() >= 0x80; count += 1) {
      if (count === maxBytes) throw invalid(`a number is longer than ${maxBytes} bytes`, this.at - 1);
    }
  }

  skip(count: number): void {
    if (count > this.end - this.at)
      throw invalid(`it ends ${count - (this.end - this.at)} bytes too early`, this.end);
    this.at += count;
  }

  /** The length of a vector whose elements take at least `elementBytes` each, so that a lie cannot make us loop or allocate. */
  count(elementBytes = 1): number {
    const start = this.at;
    const count = this.u32();
    if (count * elementBytes > this.end - this.at) {
      throw invalid(`a list claims ${count} elements, more than the section has room for`, start);
    }
    return count;
  }

  /** A length-prefixed part; this reader moves behind it. */
  part(): Reader {
    const start = this.at;
    const length = this.u32();
    if (length > this.end - this.at) {
      throw invalid(`a part claims ${length} bytes where ${this.end - this.at} are left`, start);
    }
    const part = new Reader(this.bytes, this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** A vector: its count, then each item as `read` reads it. */
  vector<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }

  /** The next `count` bytes as they are. */
  take(count: number): Uint8Array {
    const start = this.at;
    this.skip(count);
    return this.bytes.subarray(start, this.at);
  }

  name(): string {
    const part = this.part();
    try {
      return UTF8.decode(part.bytes.subarray(part.at, part.end));
    } catch {
      throw invalid('a name is not UTF-8', part.at);
    }
  }

  /** Fails unless all of it was read. */
  finish(what: string): void {
    if (this.at !== this.end) throw invalid(`${what} has ${this.end - this.at} bytes too many`, this.at);
  }
}
