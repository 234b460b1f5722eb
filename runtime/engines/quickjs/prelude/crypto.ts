import type { Calls } from './calls.ts';
import type { Host } from './host.ts';
import {
  Bytes,
  bytesOf,
  bytesSet,
  bytesSubarray,
  define,
  min,
  typedArrayBytes,
  typedArrayTag,
} from './primordials.ts';

const MOST = 65_536;

/** `crypto.getRandomValues`, `randomUUID`, `subtle.digest`; and `Math.random`, which draws its seed from the host on first use. */
export const installCrypto = (host: Host, calls: Calls): void => {
  const fill = (bytes: Uint8Array): void => {
    for (let at = 0; at < typedArrayBytes(bytes); at += MOST) {
      const part = bytesSubarray(bytes, at, min(at + MOST, typedArrayBytes(bytes)));
      bytesSet(part, new Bytes(host.random(typedArrayBytes(part))));
    }
  };
  const hex = (byte: number): string => (byte < 16 ? '0' : '') + byte.toString(16);

  const subtle = {
    async digest(algorithm: unknown, data: unknown): Promise<ArrayBuffer> {
      const bytes = bytesOf(data);
      if (bytes === undefined) throw new TypeError('Cannot digest: expected a buffer or a view');
      const name = typeof algorithm === 'string' ? algorithm : (algorithm as { readonly name: string }).name;
      return calls.digest(String(name).toUpperCase(), bytes);
    },
  };
  const crypto = {
    getRandomValues<T>(array: T): T {
      const bytes = bytesOf(array);
      const tag = typedArrayTag(array);
      if (bytes === undefined || tag === undefined || tag.startsWith('Float')) {
        throw new TypeError('Cannot fill with random: expected a typed array of integers');
      }
      if (typedArrayBytes(bytes) > MOST) {
        throw new RangeError(`Cannot fill with random: ${typedArrayBytes(bytes)} bytes are over ${MOST}`);
      }
      fill(bytes);
      return array;
    },
    randomUUID(): string {
      const bytes = new Bytes(host.random(16));
      bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
      bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
      let text = '';
      for (let at = 0; at < 16; at++) {
        text += (at === 4 || at === 6 || at === 8 || at === 10 ? '-' : '') + hex(bytes[at] as number);
      }
      return text;
    },
    subtle,
  };
  define(subtle, Symbol.toStringTag, 'SubtleCrypto');
  define(crypto, Symbol.toStringTag, 'Crypto');
  define(globalThis, 'crypto', crypto);

  // xoshiro128**, Blackman and Vigna 2018: the engine's own generator is seeded by the clock alone.
  let state: Uint32Array | undefined;
  const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
  const next = (s: Uint32Array): number => {
    const [a, b, c, d] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number];
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    const [c1, d1] = [c ^ a, d ^ b];
    s[1] = b ^ c1;
    s[0] = a ^ d1;
    s[2] = c1 ^ shifted;
    s[3] = rotate(d1, 11);
    return result;
  };
  define(Math, 'random', function random(): number {
    if (state === undefined) {
      state = new Uint32Array(host.random(16));
      if ((state[0] as number) + (state[1] as number) + (state[2] as number) + (state[3] as number) === 0)
        state[0] = 1;
    }
    return ((next(state) >>> 5) * 67_108_864 + (next(state) >>> 6)) / 9_007_199_254_740_992;
  });
};
