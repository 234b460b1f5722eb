import { bytesToHex } from '@noble/hashes/utils.js';
import { CURVES, type CurveName, PLAIN, type PlainName } from './curves.ts';
import {
  bits,
  bitsOf,
  bodyOf,
  childrenOf,
  type Der,
  der,
  integer,
  nothing,
  numberOf,
  octets,
  oid,
  readAll,
  sequence,
  TAG,
} from './der.ts';
import { type EcKey, isRsa, type KeyData, type RsaKey } from './key-data.ts';
import { invert } from './numbers.ts';

const RSA = '2a864886f70d010101';
const RSA_PSS = '2a864886f70d01010a';
const EC = '2a8648ce3d0201';

const unsupported = (what: string): Error =>
  new Error(`Cannot read the key: ${what} is not one that guests have`);

const curveOf = (value: Der | undefined): CurveName => {
  const hex = bytesToHex(bodyOf(value, TAG.oid));
  const found = Object.entries(CURVES).find(([, one]) => one.oid === hex);
  if (found === undefined) throw unsupported('its curve');
  return found[0] as CurveName; // a name of that table
};
const plainOf = (hex: string): PlainName | undefined =>
  Object.entries(PLAIN).find(([, one]) => one.oid === hex)?.[0] as PlainName | undefined;

/** `SubjectPublicKeyInfo`. */
export const readSpki = (bytes: Uint8Array): KeyData => {
  const [algorithm, key] = childrenOf(readAll(bytes)[0]);
  const [name, parameters] = childrenOf(algorithm);
  const hex = bytesToHex(bodyOf(name, TAG.oid));
  const point = bitsOf(key);
  if (hex === RSA || hex === RSA_PSS)
    return { ...readRsaPublic(point), kind: hex === RSA ? 'rsa' : 'rsa-pss' };
  if (hex === EC) return ecPublic(curveOf(parameters), point);
  const kind = plainOf(hex);
  if (kind === undefined) throw unsupported('its algorithm');
  return { kind, point: point.slice() };
};

/** `RSAPublicKey`, PKCS #1. */
export const readRsaPublic = (bytes: Uint8Array): RsaKey => {
  const [n, e] = childrenOf(readAll(bytes)[0]);
  return { kind: 'rsa', n: numberOf(n), e: numberOf(e) };
};

/** `RSAPrivateKey`, PKCS #1. */
export const readRsaPrivate = (bytes: Uint8Array): RsaKey => {
  const [, n, e, d, p, q] = childrenOf(readAll(bytes)[0]);
  return {
    kind: 'rsa',
    n: numberOf(n),
    e: numberOf(e),
    secret: { d: numberOf(d), p: numberOf(p), q: numberOf(q) },
  };
};

export const ecPublic = (curve: CurveName, point: Uint8Array): EcKey => ({
  kind: 'ec',
  curve,
  point: CURVES[curve].curve().Point.fromBytes(point).toBytes(false),
});
export const ecPrivate = (curve: CurveName, secret: Uint8Array): EcKey => ({
  kind: 'ec',
  curve,
  secret: secret.slice(),
  point: CURVES[curve].curve().getPublicKey(secret, false),
});
export const plainPrivate = (kind: PlainName, secret: Uint8Array): KeyData => ({
  kind,
  secret: secret.slice(),
  point: PLAIN[kind].curve().getPublicKey(secret),
});

/** `ECPrivateKey`, SEC 1. The curve may be told from outside. */
export const readSec1 = (bytes: Uint8Array, curve?: CurveName): KeyData => {
  const parts = childrenOf(readAll(bytes)[0]);
  const optional = (tag: number): Der | undefined => {
    const found = parts.find((one) => one.tag === tag);
    return found === undefined ? undefined : readAll(found.body)[0];
  };
  const name = curve ?? curveOf(optional(0xa0));
  const secret = bodyOf(parts[1], TAG.octets);
  const point = optional(0xa1);
  // Both halves are there as a rule, and one need not be made of the other.
  return point === undefined
    ? ecPrivate(name, secret)
    : { ...ecPublic(name, bitsOf(point)), secret: secret.slice() };
};

/** `PrivateKeyInfo`, PKCS #8. */
export const readPkcs8 = (bytes: Uint8Array): KeyData => {
  const [, algorithm, key] = childrenOf(readAll(bytes)[0]);
  const [name, parameters] = childrenOf(algorithm);
  const hex = bytesToHex(bodyOf(name, TAG.oid));
  const body = bodyOf(key, TAG.octets);
  if (hex === RSA || hex === RSA_PSS)
    return { ...readRsaPrivate(body), kind: hex === RSA ? 'rsa' : 'rsa-pss' };
  if (hex === EC) return readSec1(body, curveOf(parameters));
  const kind = plainOf(hex);
  if (kind === undefined) throw unsupported('its algorithm');
  return plainPrivate(kind, bodyOf(readAll(body)[0], TAG.octets));
};

/** The key of a certificate, X.509. */
export const readCertificate = (bytes: Uint8Array): KeyData => {
  const [signed] = childrenOf(readAll(bytes)[0]);
  const fields = childrenOf(signed);
  const info = fields[fields[0]?.tag === 0xa0 ? 6 : 5];
  return readSpki(der(TAG.sequence, bodyOf(info, TAG.sequence)));
};

const algorithmOf = (key: KeyData): Uint8Array => {
  if (isRsa(key))
    return sequence(oid(key.kind === 'rsa' ? RSA : RSA_PSS), ...(key.kind === 'rsa' ? [nothing()] : []));
  if (key.kind === 'ec') return sequence(oid(EC), oid(CURVES[key.curve].oid));
  return sequence(oid(PLAIN[key.kind].oid));
};

export const writeRsaPublic = ({ n, e }: RsaKey): Uint8Array => sequence(integer(n), integer(e));

/** What a private RSA key holds beyond its numbers, in the order of the formats. */
export const rsaNumbers = ({ n, e, secret }: RsaKey): Readonly<Record<string, bigint>> => {
  if (secret === undefined) return { n, e };
  const { d, p, q } = secret;
  return { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: invert(q, p) };
};
export const writeRsaPrivate = (key: RsaKey): Uint8Array =>
  sequence(integer(0n), ...Object.values(rsaNumbers(key)).map(integer));

export const writeSec1 = (key: EcKey, named = true): Uint8Array =>
  sequence(
    integer(1n),
    octets(key.secret ?? new Uint8Array()),
    ...(named ? [der(0xa0, oid(CURVES[key.curve].oid))] : []),
    der(0xa1, bits(key.point)),
  );

export const writeSpki = (key: KeyData): Uint8Array =>
  sequence(algorithmOf(key), bits(isRsa(key) ? writeRsaPublic(key) : key.point));

export const writePkcs8 = (key: KeyData): Uint8Array => {
  const body = isRsa(key)
    ? writeRsaPrivate(key)
    : key.kind === 'ec'
      ? writeSec1(key, false)
      : octets(key.secret ?? new Uint8Array());
  return sequence(integer(0n), algorithmOf(key), octets(body));
};
