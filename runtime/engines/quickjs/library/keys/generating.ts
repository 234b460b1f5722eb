import { isProbablePrime, isProbablePrimeRSA } from 'micro-rsa-dsa-dh/primality.js';
import { type Named, nodeError, wrongArgument } from '../inner.ts';
import { CURVES, curveNamed, PLAIN, type PlainName } from './curves.ts';
import type { KeyData } from './key-data.ts';
import { ecPrivate, plainPrivate } from './key-formats.ts';
import { exported, type KeyClasses } from './key-objects.ts';
import { lent } from './lent.ts';
import { gcd, invert, OS2IP, pow } from './numbers.ts';

/** A number of exactly so many bits, its two highest and its lowest set. */
const oddOf = (bits: number): bigint => {
  const bytes = lent.random(Math.ceil(bits / 8));
  const over = BigInt(bytes.length * 8 - bits);
  return (OS2IP(bytes) >> over) | (3n << BigInt(bits - 2)) | 1n;
};

/** The odd primes below 8192: what they divide is told at a glance. */
const smallPrimes = (): readonly number[] => {
  const composite = new Uint8Array(8192);
  const found: number[] = [];
  for (let one = 3; one < composite.length; one += 2) {
    if (composite[one] === 1) continue;
    found.push(one);
    for (let many = one * one; many < composite.length; many += 2 * one) composite[many] = 1;
  }
  return found;
};

/** Primes pass, and next to nothing else does. */
const passesFermat = (value: bigint): boolean => pow(2n, value - 1n, value) === 1n;

const STEPS = 4096;
/** A prime of so many bits, looked for from a random number on. */
const primeFor = (bits: number, e: bigint): bigint => {
  const small = smallPrimes();
  for (;;) {
    const start = oddOf(bits);
    const rests = small.map((prime) => Number(start % BigInt(prime)));
    for (let step = 0; step < STEPS; step += 2) {
      if (small.some((prime, at) => ((rests[at] as number) + step) % prime === 0)) continue;
      const found = start + BigInt(step);
      if (!passesFermat(found) || gcd(found - 1n, e) !== 1n) continue;
      if (found.toString(2).length === bits && isProbablePrimeRSA(found, lent.random)) return found;
    }
  }
};

const MOST_MODULUS = 4096;
const rsaPair = (kind: 'rsa' | 'rsa-pss', options: Named): KeyData => {
  const { modulusLength: bits, publicExponent = 65_537 } = options;
  if (typeof bits !== 'number') throw wrongArgument('options.modulusLength', 'of type number', bits);
  if (bits < 512 || bits > MOST_MODULUS)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "options.modulusLength" is out of range. A guest makes keys of 512 to ${MOST_MODULUS} bits. Received ${bits}`,
    );
  const e = BigInt(publicExponent as number);
  for (;;) {
    const p = primeFor(Math.ceil(bits / 2), e);
    const q = primeFor(Math.floor(bits / 2), e);
    const n = p * q;
    if (p === q || n.toString(2).length !== bits) continue;
    const [high, low] = p > q ? [p, q] : [q, p];
    return { kind, n, e, secret: { d: invert(e, (p - 1n) * (q - 1n)), p: high, q: low } };
  }
};

const pairData = (type: unknown, options: Named): KeyData => {
  if (type === 'rsa' || type === 'rsa-pss') return rsaPair(type, options);
  if (type === 'ec') {
    const name = curveNamed(options.namedCurve);
    if (name === undefined)
      throw nodeError(
        Error,
        'ERR_CRYPTO_INVALID_CURVE',
        `Invalid EC curve name: guests have ${Object.keys(CURVES).join(', ')}`,
      );
    return ecPrivate(name, CURVES[name].curve().utils.randomSecretKey());
  }
  if (typeof type === 'string' && Object.hasOwn(PLAIN, type))
    return plainPrivate(type as PlainName, PLAIN[type as PlainName].curve().utils.randomSecretKey());
  throw nodeError(
    TypeError,
    'ERR_INVALID_ARG_VALUE',
    `The argument 'type' must be a supported key type. Received '${String(type)}'`,
  );
};

interface Encodings {
  readonly publicKeyEncoding?: object;
  readonly privateKeyEncoding?: object;
}

export const generatePair = (classes: KeyClasses, type: unknown, options: unknown): Named => {
  const given = (options ?? {}) as Named & Encodings;
  const data = pairData(type, given);
  return {
    publicKey:
      given.publicKeyEncoding === undefined
        ? classes.publicKey(data)
        : exported(data, false, given.publicKeyEncoding),
    privateKey:
      given.privateKeyEncoding === undefined
        ? classes.privateKey(data)
        : exported(data, true, given.privateKeyEncoding),
  };
};

const numberOf = (value: unknown): bigint =>
  typeof value === 'bigint' ? value : OS2IP(lent.bytesFor(value, undefined, 'candidate'));

export const checkPrime = (candidate: unknown): boolean => {
  const value = numberOf(candidate);
  return value > 3n ? (value & 1n) === 1n && isProbablePrime(value, 32, lent.random) : value >= 2n;
};

export const generatePrime = (bits: number, options: Named = {}): unknown => {
  if (bits < 4 || bits > MOST_MODULUS)
    throw nodeError(
      RangeError,
      'ERR_OUT_OF_RANGE',
      `The value of "size" is out of range. A guest makes primes of 4 to ${MOST_MODULUS} bits. Received ${bits}`,
    );
  for (;;) {
    const found = oddOf(bits);
    const safe = options.safe !== true || isProbablePrime((found - 1n) / 2n, 8, lent.random);
    if (!safe || !isProbablePrime(found, 8, lent.random)) continue;
    if (options.bigint === true) return found;
    const hex = found.toString(16);
    const even = hex.length % 2 === 0 ? hex : `0${hex}`;
    const bytes = (Uint8Array as unknown as { fromHex(text: string): Uint8Array }).fromHex(even);
    return bytes.slice().buffer;
  }
};
