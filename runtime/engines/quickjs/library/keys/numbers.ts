import { pow as slowPow } from 'micro-rsa-dsa-dh/utils.js';
import { inner } from '../inner.ts';

/** `base ** exponent % modulus`, by the host where it takes it. */
export const pow = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
  const digits = (value: bigint): string => value.toString(16);
  if (base < 0n || exponent < 0n || modulus < 2n) return slowPow(base, exponent, modulus);
  let told = inner.host.modPow(digits(base % modulus), digits(exponent), digits(modulus));
  while (typeof told === 'number') told = inner.host.modPow('', '', '');
  return told === undefined ? slowPow(base, exponent, modulus) : BigInt(`0x${told}`);
};

// The package's own files get these in the place of its helpers, by `scripts/quickjs/bundle-parts.ts`.
export {
  bytesToNumber,
  ensureBytes,
  gcd,
  getFieldBytesLength,
  getMinHashLength,
  hexToNumber,
  I2OSP,
  invert,
  mapHashToField,
  mod,
  numberToBytes,
  OS2IP,
  randomBits,
  sqrt,
} from 'micro-rsa-dsa-dh/utils.js';
