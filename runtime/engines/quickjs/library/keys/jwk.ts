import { hexToBytes } from '@noble/hashes/utils.js';
import { nodeError } from '../inner.ts';
import { CURVES, curveNamed, PLAIN, type PlainName } from './curves.ts';
import { isRsa, type KeyData } from './key-data.ts';
import { ecPublic, plainPrivate, rsaNumbers } from './key-formats.ts';

type Jwk = Readonly<Record<string, unknown>>;
const PLAIN_URL = { alphabet: 'base64url', omitPadding: true } as const;

/** Methods of the language that the types do not know yet. */
interface Base64 {
  toBase64(options: object): string;
}
const fromBase64 = (text: string): Uint8Array =>
  (Uint8Array as unknown as { fromBase64(text: string, options: object): Uint8Array }).fromBase64(text, {
    alphabet: 'base64url',
  });

const told = (bytes: Uint8Array): string => (bytes as unknown as Base64).toBase64(PLAIN_URL);
const toldNumber = (value: bigint): string => {
  const hex = value.toString(16);
  return told(hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`));
};

const wrong = (): Error => nodeError(TypeError, 'ERR_CRYPTO_INVALID_JWK', 'Invalid JWK data');
const bytesIn = (jwk: Jwk, name: string): Uint8Array => {
  const text = jwk[name];
  if (typeof text !== 'string') throw wrong();
  try {
    return fromBase64(text);
  } catch {
    throw wrong();
  }
};
const numberIn = (jwk: Jwk, name: string): bigint =>
  bytesIn(jwk, name).reduce((whole, byte) => (whole << 8n) | BigInt(byte), 0n);

/** The key that a JWK holds. @throws {TypeError} ERR_CRYPTO_INVALID_JWK */
export const readJwk = (jwk: Jwk): KeyData => {
  const secret = 'd' in jwk;
  if (jwk.kty === 'RSA')
    return {
      kind: 'rsa',
      n: numberIn(jwk, 'n'),
      e: numberIn(jwk, 'e'),
      ...(secret ? { secret: { d: numberIn(jwk, 'd'), p: numberIn(jwk, 'p'), q: numberIn(jwk, 'q') } } : {}),
    };
  if (jwk.kty === 'EC') {
    const curve = curveNamed(jwk.crv);
    if (curve === undefined) throw nodeError(Error, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');
    const open = ecPublic(curve, Uint8Array.of(4, ...bytesIn(jwk, 'x'), ...bytesIn(jwk, 'y')));
    return secret ? { ...open, secret: bytesIn(jwk, 'd') } : open;
  }
  if (jwk.kty !== 'OKP') throw wrong();
  const kind = Object.entries(PLAIN).find(([, one]) => one.jwk === jwk.crv)?.[0] as PlainName | undefined;
  if (kind === undefined) throw wrong();
  return secret ? plainPrivate(kind, bytesIn(jwk, 'd')) : { kind, point: bytesIn(jwk, 'x') };
};

export const writeJwk = (key: KeyData): Jwk => {
  if (isRsa(key))
    return {
      kty: 'RSA',
      ...Object.fromEntries(
        Object.entries(rsaNumbers(key)).map(([name, value]) => [name, toldNumber(value)]),
      ),
    };
  const { secret } = key;
  const d = secret === undefined ? {} : { d: told(secret) };
  if (key.kind !== 'ec') return { kty: 'OKP', crv: PLAIN[key.kind].jwk, x: told(key.point), ...d };
  const half = (key.point.length - 1) / 2;
  return {
    kty: 'EC',
    x: told(key.point.subarray(1, 1 + half)),
    y: told(key.point.subarray(1 + half)),
    crv: CURVES[key.curve].jwk,
    ...d,
  };
};
