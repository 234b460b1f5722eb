import { SandglassError } from '../../../vocabulary/errors.ts';

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Reads a binary front to back and never past `end`. Every misread is MODULE_INVALID. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.byteLength) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    const value = this.at < this.end ? this.bytes[this.at] : undefined;
    if (value === undefined) throw malformed('it ends too early');
    this.at += 1;
    return value;
  }

  peek(): number {
    const value = this.byte();
    this.at -= 1;
    return value;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    throw malformed('a number is out of range');
  }

  name(): string {
    const length = this.u32();
    if (length > this.end - this.at) throw malformed('a name ends too late');
    try {
      const text = STRICT_UTF8.decode(this.bytes.subarray(this.at, this.at + length));
      this.at += length;
      return text;
    } catch {
      throw malformed('a name is no UTF-8');
    }
  }

  /** A cursor over the next `length` bytes, which this one skips. */
  slice(length: number): Cursor {
    if (length > this.end - this.at) throw malformed('a section ends too late');
    const inner = new Cursor(this.bytes, this.at, this.at + length);
    this.at += length;
    return inner;
  }

  /** A vector: its count, then each item read by `read`. Items take at least one byte, so the count is bounded by what is left. */
  vector<T>(read: () => T): T[] {
    const count = this.u32();
    if (count > this.end - this.at) throw malformed('a list is longer than its section');
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }
}

export const malformed = (reason: string): SandglassError =>
  new SandglassError('MODULE_INVALID', `Cannot read the component: ${reason}`);
