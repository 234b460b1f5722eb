import { lent } from './lent.ts';

/** Node's name of a curve → the curve, its name in a JWK, its object identifier. */
export const CURVES = {
  prime256v1: { curve: () => lent.curves().p256, jwk: 'P-256', oid: '2a8648ce3d030107' },
  secp384r1: { curve: () => lent.curves().p384, jwk: 'P-384', oid: '2b81040022' },
  secp521r1: { curve: () => lent.curves().p521, jwk: 'P-521', oid: '2b81040023' },
  secp256k1: { curve: () => lent.curves().secp256k1, jwk: 'secp256k1', oid: '2b8104000a' },
} as const;
export type CurveName = keyof typeof CURVES;

/** The curves of keys that are plain bytes. */
export const PLAIN = {
  ed25519: { curve: () => lent.curves().ed25519, jwk: 'Ed25519', oid: '2b6570' },
  ed448: { curve: () => lent.curves().ed448, jwk: 'Ed448', oid: '2b6571' },
  x25519: { curve: () => lent.curves().x25519, jwk: 'X25519', oid: '2b656e' },
  x448: { curve: () => lent.curves().x448, jwk: 'X448', oid: '2b656f' },
} as const;
export type PlainName = keyof typeof PLAIN;

const ALIASES: Readonly<Record<string, CurveName>> = {
  'P-256': 'prime256v1',
  secp256r1: 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};
export const curveNamed = (name: unknown): CurveName | undefined => {
  const plain = ALIASES[String(name)] ?? String(name);
  return Object.hasOwn(CURVES, plain) ? (plain as CurveName) : undefined;
};
