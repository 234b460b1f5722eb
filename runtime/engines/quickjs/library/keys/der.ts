import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';

/** One value of an ASN.1 text: its tag and what is in it. */
export interface Der {
  readonly tag: number;
  readonly body: Uint8Array;
}
export const TAG = { integer: 2, bits: 3, octets: 4, none: 5, oid: 6, sequence: 0x30 } as const;

const lengthBytes = (length: number): Uint8Array => {
  if (length < 128) return Uint8Array.of(length);
  const digits: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) digits.unshift(left & 0xff);
  return Uint8Array.of(128 | digits.length, ...digits);
};

export const der = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  const body = concatBytes(...parts);
  return concatBytes(Uint8Array.of(tag), lengthBytes(body.length), body);
};
export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => der(TAG.sequence, ...parts);
export const oid = (hex: string): Uint8Array => der(TAG.oid, hexToBytes(hex));
export const octets = (bytes: Uint8Array): Uint8Array => der(TAG.octets, bytes);
export const bits = (bytes: Uint8Array): Uint8Array => der(TAG.bits, Uint8Array.of(0), bytes);
export const nothing = (): Uint8Array => der(TAG.none);

export const integer = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  // The first bit is a sign.
  return der(TAG.integer, hexToBytes(/^[89a-f]/.test(even) ? `00${even}` : even));
};

const wrong = (): Error => new Error('not enough data');

/** The values that follow one another in a text. @throws {Error} on what is no such text. */
export const readAll = (bytes: Uint8Array): readonly Der[] => {
  const found: Der[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] as number; // within its length
    let length = bytes[at + 1];
    at += 2;
    if (length === undefined) throw wrong();
    if (length >= 128) {
      const digits = length & 127;
      if (digits === 0 || digits > 4) throw wrong();
      length = 0;
      for (const byte of bytes.subarray(at, at + digits)) length = length * 256 + byte;
      at += digits;
    }
    if (at + length > bytes.length) throw wrong();
    found.push({ tag, body: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
};

/** The values in a sequence. */
export const childrenOf = (value: Der | undefined): readonly Der[] => {
  if (value?.tag !== TAG.sequence) throw wrong();
  return readAll(value.body);
};
export const bodyOf = (value: Der | undefined, tag: number): Uint8Array => {
  if (value?.tag !== tag) throw wrong();
  return value.body;
};
export const numberOf = (value: Der | undefined): bigint => {
  let whole = 0n;
  for (const byte of bodyOf(value, TAG.integer)) whole = (whole << 8n) | BigInt(byte);
  return whole;
};
/** A text of bits without the byte that says how many of the last are none. */
export const bitsOf = (value: Der | undefined): Uint8Array => bodyOf(value, TAG.bits).subarray(1);
