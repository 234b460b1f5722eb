/** Bits of a modulus whose powers the host takes: of one this long, a tenth of a second of its thread. */
const MOST_BITS = 4096;
const DIGITS = /^[0-9a-f]+$/;
/** Native bytes that one product of two 64-bit words costs. */
const PRODUCT = 1;

/**
 * `base ** exponent % modulus` in hexadecimal digits: what keys of RSA and Diffie-Hellman are used by, which the guest's own interpreter is thirty
 * times slower at. Paid for by its size before it is done. `undefined` for what is asked wrongly or is too long.
 * @param charge Bills native work on so many bytes.
 */
export function modPow(
  base: string,
  exponent: string,
  modulus: string,
  charge: (bytes: number) => void,
): string | undefined {
  const digits = [base, exponent, modulus];
  if (digits.some((one) => one.length > MOST_BITS / 4 || !DIGITS.test(one))) return undefined;
  const [from, power, below] = digits.map((one) => BigInt(`0x${one}`)) as [bigint, bigint, bigint]; // of three
  if (below < 2n) return undefined;
  const words = Math.ceil(modulus.length / 16);
  charge(PRODUCT * words * words * 6 * exponent.length);
  let result = 1n;
  const start = from % below;
  for (const bit of power.toString(2)) {
    result = (result * result) % below;
    if (bit === '1') result = (result * start) % below;
  }
  return result.toString(16);
}
