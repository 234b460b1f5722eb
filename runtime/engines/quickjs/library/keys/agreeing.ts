import { DHGroups } from 'micro-rsa-dsa-dh/dh.js';
import { type Named, nodeError } from '../inner.ts';
import { CURVES, curveNamed, PLAIN } from './curves.ts';
import { readKey } from './key-objects.ts';
import { lent } from './lent.ts';
import { I2OSP, OS2IP, pow } from './numbers.ts';

/** The secret that two keys have in common. */
export const commonSecret = (options: Named): unknown => {
  const [own, other] = [readKey(options.privateKey), readKey(options.publicKey)];
  const mismatch = (): Error =>
    nodeError(
      Error,
      'ERR_CRYPTO_INCOMPATIBLE_KEY',
      `Incompatible key types for Diffie-Hellman: ${own.kind} and ${other.kind}`,
    );
  if (own.kind === 'ec' && other.kind === 'ec') {
    if (own.curve !== other.curve || own.secret === undefined) throw mismatch();
    return lent.bufferOf(CURVES[own.curve].curve().getSharedSecret(own.secret, other.point, true).slice(1));
  }
  if ((own.kind !== 'x25519' && own.kind !== 'x448') || other.kind !== own.kind || own.secret === undefined)
    throw mismatch();
  return lent.bufferOf(PLAIN[own.kind].curve().getSharedSecret(own.secret, other.point));
};

/** `createECDH`. */
export const ecdh = (name: unknown): object => {
  const curveName = curveNamed(name);
  if (curveName === undefined)
    throw nodeError(
      TypeError,
      'ERR_CRYPTO_INVALID_CURVE',
      `Invalid EC curve name: guests have ${Object.keys(CURVES).join(', ')}`,
    );
  const curve = CURVES[curveName].curve();
  let secret: Uint8Array | undefined;
  const held = (): Uint8Array => {
    if (secret === undefined)
      throw nodeError(Error, 'ERR_CRYPTO_ECDH_INVALID_KEY', 'Failed to get ECDH private key');
    return secret;
  };
  const publicKey = (encoding?: unknown, format: unknown = 'uncompressed'): unknown =>
    lent.shown(curve.getPublicKey(held(), format === 'compressed'), encoding);
  return {
    generateKeys: (encoding?: unknown, format?: unknown) => {
      secret = curve.utils.randomSecretKey();
      return publicKey(encoding, format);
    },
    computeSecret: (other: unknown, from?: unknown, to?: unknown) => {
      const theirs = lent.bytesFor(other, from, 'otherPublicKey');
      try {
        return lent.shown(curve.getSharedSecret(held(), theirs, true).slice(1), to);
      } catch (error) {
        if ((error as Named).code !== undefined) throw error;
        throw nodeError(
          Error,
          'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY',
          'Public key is not valid for specified curve',
        );
      }
    },
    getPublicKey: publicKey,
    getPrivateKey: (encoding?: unknown) => lent.shown(held(), encoding),
    setPrivateKey: (key: unknown, encoding?: unknown) => {
      const given = lent.bytesFor(key, encoding, 'key').slice();
      if (!curve.utils.isValidSecretKey(given))
        throw nodeError(Error, 'ERR_CRYPTO_INVALID_KEYTYPE', 'Private key is not valid for specified curve.');
      secret = given;
    },
  };
};

const SIZES: Readonly<Record<string, number>> = {
  modp5: 1536,
  modp14: 2048,
  modp15: 3072,
  modp16: 4096,
  modp17: 6144,
  modp18: 8192,
};
/** The groups of the package have other names. */
const groupNamed = (name: string): { readonly p: bigint; readonly g: bigint } => {
  const size = SIZES[name];
  const found = Object.values(DHGroups).find(({ p }) => p.toString(2).length === size);
  if (found === undefined) throw nodeError(Error, 'ERR_CRYPTO_UNKNOWN_DH_GROUP', 'Unknown DH group');
  return found;
};

/** Twice what is needed against whoever looks for it, in any group. */
const SECRET_BYTES = 48;

/** `createDiffieHellman` and `getDiffieHellman`. */
export const diffieHellmanOf = (p: bigint, g: bigint): object => {
  const size = Math.ceil(p.toString(2).length / 8);
  let secret: bigint | undefined;
  let open: bigint | undefined;
  const told = (value: bigint | undefined, encoding: unknown, what: string): unknown => {
    if (value === undefined)
      throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', `No ${what} - did you forget to generate one?`);
    return lent.shown(I2OSP(value, Math.ceil(value.toString(16).length / 2)), encoding);
  };
  const number = (value: unknown, encoding: unknown): bigint => OS2IP(lent.bytesFor(value, encoding, 'key'));
  return {
    generateKeys: (encoding?: unknown) => {
      secret ??= (OS2IP(lent.random(Math.min(size, SECRET_BYTES))) % (p - 2n)) + 1n;
      open = pow(g, secret, p);
      return told(open, encoding, 'public key');
    },
    computeSecret: (other: unknown, from?: unknown, to?: unknown) => {
      if (secret === undefined)
        throw nodeError(
          Error,
          'ERR_CRYPTO_INVALID_STATE',
          'No private key - did you forget to generate one?',
        );
      return lent.shown(I2OSP(pow(number(other, from), secret, p), size), to);
    },
    getPrime: (encoding?: unknown) => told(p, encoding, 'prime'),
    getGenerator: (encoding?: unknown) => told(g, encoding, 'generator'),
    getPublicKey: (encoding?: unknown) => told(open, encoding, 'public key'),
    getPrivateKey: (encoding?: unknown) => told(secret, encoding, 'private key'),
    setPublicKey: (key: unknown, encoding?: unknown) => {
      open = number(key, encoding);
    },
    setPrivateKey: (key: unknown, encoding?: unknown) => {
      secret = number(key, encoding);
    },
    verifyError: 0,
  };
};
export const diffieHellmanGroup = (name: string): object => {
  const { p, g } = groupNamed(name);
  return diffieHellmanOf(p, g);
};
