import { bytesToHex } from '@noble/hashes/utils.js';
import { nodeError } from '../inner.ts';
import {
  bodyOf,
  childrenOf,
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
import { lent } from './lent.ts';

export interface Pem {
  readonly label: string;
  readonly bytes: Uint8Array;
}
interface Base64 {
  toBase64(): string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\s]*)-----END \1-----/;

/** The first block of a PEM text. */
export const readPem = (text: string): Pem | undefined => {
  const [, label, body] = BLOCK.exec(text) ?? [];
  if (label === undefined || body === undefined) return undefined;
  const { fromBase64 } = Uint8Array as unknown as { fromBase64(text: string): Uint8Array };
  return { label, bytes: Reflect.apply(fromBase64, Uint8Array, [body.replace(/\s+/g, '')]) };
};

export const writePem = ({ label, bytes }: Pem): string => {
  const lines = (bytes as unknown as Base64).toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
};

const PBES2 = '2a864886f70d01050d';
const PBKDF2 = '2a864886f70d01050c';
const HMAC: Readonly<Record<string, string>> = {
  '2a864886f70d0207': 'sha1',
  '2a864886f70d0209': 'sha256',
  '2a864886f70d020a': 'sha384',
  '2a864886f70d020b': 'sha512',
};
const AES: Readonly<Record<string, string>> = {
  '608648016503040102': 'aes-128-cbc',
  '608648016503040116': 'aes-192-cbc',
  '60864801650304012a': 'aes-256-cbc',
};
const ROUNDS = 2048;

interface Cipher {
  update(data: Uint8Array): Uint8Array;
  final(): Uint8Array;
}
const keyFor = (
  passphrase: unknown,
  salt: Uint8Array,
  rounds: number,
  cipher: string,
  hash: string,
): Uint8Array =>
  lent.pbkdf2Sync(passphrase, salt, rounds, Number(cipher.slice(4, 7)) / 8, hash) as Uint8Array;
const run = (
  cipher: string,
  key: Uint8Array,
  iv: Uint8Array,
  data: Uint8Array,
  decrypts: boolean,
): Uint8Array => {
  const made = lent.cipherObject(cipher, key, iv, decrypts) as Cipher;
  const [first, last] = [made.update(data), made.final()];
  const whole = new Uint8Array(first.length + last.length);
  whole.set(first);
  whole.set(last, first.length);
  return whole;
};

/** `EncryptedPrivateKeyInfo` by a passphrase. */
export const openPkcs8 = (bytes: Uint8Array, passphrase: unknown): Uint8Array => {
  if (passphrase === undefined || passphrase === null)
    throw nodeError(TypeError, 'ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key');
  const [algorithm, data] = childrenOf(readAll(bytes)[0]);
  const [name, parameters] = childrenOf(algorithm);
  if (bytesToHex(bodyOf(name, TAG.oid)) !== PBES2) throw new Error('unsupported: only PBES2 is read');
  const [derivation, encryption] = childrenOf(parameters);
  const [, how] = childrenOf(derivation);
  const [salt, rounds, ...rest] = childrenOf(how);
  const prf = rest.find(({ tag }) => tag === TAG.sequence);
  const hash = prf === undefined ? 'sha1' : HMAC[bytesToHex(bodyOf(childrenOf(prf)[0], TAG.oid))];
  const [cipherName, iv] = childrenOf(encryption);
  const cipher = AES[bytesToHex(bodyOf(cipherName, TAG.oid))];
  if (hash === undefined || cipher === undefined)
    throw new Error('unsupported: only PBKDF2 and AES in CBC are read');
  const key = keyFor(passphrase, bodyOf(salt, TAG.octets), Number(numberOf(rounds)), cipher, hash);
  return run(cipher, key, bodyOf(iv, TAG.octets), bodyOf(data, TAG.octets), true);
};

export const sealPkcs8 = (bytes: Uint8Array, cipher: unknown, passphrase: unknown): Uint8Array => {
  const plain = String(cipher)
    .toLowerCase()
    .replace(/^aes(\d)/, 'aes-$1');
  const name = Object.entries(AES).findLast(([, one]) => one === plain)?.[0];
  if (name === undefined)
    throw nodeError(
      Error,
      'ERR_CRYPTO_UNKNOWN_CIPHER',
      'Unknown cipher: keys are sealed with aes-128-cbc, aes-192-cbc or aes-256-cbc',
    );
  const [salt, iv] = [lent.random(16), lent.random(16)];
  const key = keyFor(passphrase, salt, ROUNDS, plain, 'sha256');
  const derivation = sequence(
    oid(PBKDF2),
    sequence(octets(salt), integer(BigInt(ROUNDS)), sequence(oid('2a864886f70d0209'), nothing())),
  );
  return sequence(
    sequence(oid(PBES2), sequence(derivation, sequence(oid(name), octets(iv)))),
    der(TAG.octets, run(plain, key, iv, bytes, false)),
  );
};
