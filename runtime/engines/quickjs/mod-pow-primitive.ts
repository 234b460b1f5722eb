import type { NativeSteps } from './native-steps.ts';

/** Bits of a modulus whose powers the host takes. */
const MOST_BITS = 4096;
const DIGITS = /^[0-9a-f]+$/;
/** Native bytes that one product of two 64-bit words costs. */
const PRODUCT = 1;
/** Products of words in one step: some milliseconds of the longest modulus. */
const STEP_PRODUCTS = 2_000_000;

/**
 * `base ** exponent % modulus` in hexadecimal digits, in steps: what keys of RSA and Diffie-Hellman are used by, which the guest's own interpreter
 * is thirty times slower at. `undefined` for what is asked wrongly or is too long.
 */
export function modPow(base: string, exponent: string, modulus: string): NativeSteps<string> | undefined {
  const digits = [base, exponent, modulus];
  if (digits.some((one) => one.length > MOST_BITS / 4 || !DIGITS.test(one))) return undefined;
  const [from, power, below] = digits.map((one) => BigInt(`0x${one}`)) as [bigint, bigint, bigint]; // of three
  return below < 2n ? undefined : powerSteps(from % below, power, below);
}

function* powerSteps(start: bigint, power: bigint, below: bigint): NativeSteps<string> {
  const bits = power.toString(2);
  const words = Math.ceil(below.toString(16).length / 16);
  // A bit takes one product and a half, each with its remainder.
  const cost = 1.5 * PRODUCT * words * words;
  const inStep = Math.max(1, Math.floor(STEP_PRODUCTS / (words * words)));
  let result = 1n;
  for (let at = 0; at < bits.length; at += inStep) {
    const step = bits.slice(at, at + inStep);
    yield Math.ceil(step.length * cost);
    for (const bit of step) {
      result = (result * result) % below;
      if (bit === '1') result = (result * start) % below;
    }
  }
  return result.toString(16);
}
