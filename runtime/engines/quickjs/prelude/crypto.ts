import type { Calls } from './calls.ts';
import { DomException } from './events.ts';
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

/** `crypto.getRandomValues`, `randomUUID` and `subtle.digest`. `Math.random` is the engine's own, seeded by the host for each run. */
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
        throw new DomException('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
      }
      if (typedArrayBytes(bytes) > MOST) {
        throw new DomException(
          `The requested length exceeds ${MOST} bytes: ${typedArrayBytes(bytes)}`,
          'QuotaExceededError',
        );
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
};
