import type { CurveName, PlainName } from './curves.ts';

/** Numbers of an RSA key; the private ones beyond `d` only make it quicker, and are what formats hold. */
export interface RsaKey {
  readonly kind: 'rsa' | 'rsa-pss';
  readonly n: bigint;
  readonly e: bigint;
  readonly secret?: { readonly d: bigint; readonly p: bigint; readonly q: bigint };
}
export interface EcKey {
  readonly kind: 'ec';
  readonly curve: CurveName;
  /** Uncompressed. */
  readonly point: Uint8Array;
  readonly secret?: Uint8Array;
}
export interface PlainKey {
  readonly kind: PlainName;
  readonly point: Uint8Array;
  readonly secret?: Uint8Array;
}
export type KeyData = RsaKey | EcKey | PlainKey;

export const isRsa = (key: KeyData): key is RsaKey => key.kind === 'rsa' || key.kind === 'rsa-pss';

export const publicOf = (key: KeyData): KeyData => {
  const { secret: _secret, ...rest } = key;
  return rest as KeyData;
};
