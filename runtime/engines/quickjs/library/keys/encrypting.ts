import { mgf1, OAEP, PKCS1_KEM } from 'micro-rsa-dsa-dh/rsa.js';
import { type Named, nodeError } from '../inner.ts';
import { isRsa, type RsaKey } from './key-data.ts';
import { readKey } from './key-objects.ts';
import { lent } from './lent.ts';
import { I2OSP, OS2IP, pow } from './numbers.ts';
import { PADDING } from './signing.ts';

interface Options {
  readonly padding?: number;
  readonly oaepHash?: string;
  readonly oaepLabel?: unknown;
}

const rsaKey = (given: unknown): RsaKey => {
  const key = readKey(given);
  if (isRsa(key)) return key;
  throw nodeError(
    Error,
    'ERR_OSSL_EVP_OPERATION_NOT_SUPPORTED_FOR_THIS_KEYTYPE',
    'error:03000096:digital envelope routines::operation not supported for this keytype',
  );
};
const optionsOf = (given: unknown): Options =>
  typeof given === 'object' && given !== null ? (given as Options) : {};
const secretOf = ({ n, secret }: RsaKey): { readonly n: bigint; readonly d: bigint } => {
  if (secret === undefined)
    throw nodeError(
      TypeError,
      'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE',
      'Invalid key object type public, expected private.',
    );
  return { n, d: secret.d };
};
const bytesOf = (n: bigint): number => Math.ceil(n.toString(2).length / 8);

const oaep = ({ oaepHash = 'sha1', oaepLabel }: Options) => {
  const hash = lent.hashFor(oaepHash);
  return OAEP(hash, mgf1(hash), oaepLabel === undefined ? undefined : lent.bytesFor(oaepLabel));
};

const badDecrypt = (): Error =>
  Object.assign(
    nodeError(Error, 'ERR_OSSL_RSA_OAEP_DECODING_ERROR', 'error:02000079:rsa routines::oaep decoding error'),
    {
      library: 'rsa routines',
      reason: 'oaep decoding error',
    },
  );
const tooLarge = (): Error =>
  nodeError(
    Error,
    'ERR_OSSL_RSA_DATA_TOO_LARGE_FOR_KEY_SIZE',
    'error:0200006E:rsa routines::data too large for key size',
  );

export const publicEncrypt = (given: unknown, data: unknown): unknown => {
  const { n, e } = rsaKey(given);
  const options = optionsOf(given);
  const message = lent.bytesFor(data, undefined, 'buffer');
  const padding = options.padding ?? PADDING.oaep;
  if (padding === PADDING.none) return lent.bufferOf(I2OSP(pow(OS2IP(message), e, n), bytesOf(n)));
  try {
    return lent.bufferOf((padding === PADDING.pkcs1 ? PKCS1_KEM : oaep(options)).encrypt({ n, e }, message));
  } catch (error) {
    if ((error as Named).code !== undefined) throw error;
    throw tooLarge();
  }
};

export const privateDecrypt = (given: unknown, data: unknown): unknown => {
  const key = secretOf(rsaKey(given));
  const options = optionsOf(given);
  const message = lent.bytesFor(data, undefined, 'buffer');
  const padding = options.padding ?? PADDING.oaep;
  if (padding === PADDING.none)
    return lent.bufferOf(I2OSP(pow(OS2IP(message), key.d, key.n), bytesOf(key.n)));
  try {
    return lent.bufferOf((padding === PADDING.pkcs1 ? PKCS1_KEM : oaep(options)).decrypt(key, message));
  } catch (error) {
    if ((error as Named).code !== undefined) throw error;
    throw badDecrypt();
  }
};

/** PKCS #1 of the first kind: what signatures were made of before there were digests in them. */
export const privateEncrypt = (given: unknown, data: unknown): unknown => {
  const { n, d } = secretOf(rsaKey(given));
  const message = lent.bytesFor(data, undefined, 'buffer');
  const size = bytesOf(n);
  if (message.length > size - 11) throw tooLarge();
  const whole = new Uint8Array(size).fill(0xff);
  whole[0] = 0;
  whole[1] = 1;
  whole[size - message.length - 1] = 0;
  whole.set(message, size - message.length);
  return lent.bufferOf(I2OSP(pow(OS2IP(whole), d, n), size));
};

export const publicDecrypt = (given: unknown, data: unknown): unknown => {
  const { n, e } = rsaKey(given);
  const whole = I2OSP(pow(OS2IP(lent.bytesFor(data, undefined, 'buffer')), e, n), bytesOf(n));
  let at = 2;
  while (whole[at] === 0xff) at += 1;
  if (whole[0] !== 0 || whole[1] !== 1 || whole[at] !== 0 || at < 10)
    throw nodeError(
      Error,
      'ERR_OSSL_RSA_PADDING_CHECK_FAILED',
      'error:02000072:rsa routines::padding check failed',
    );
  return lent.bufferOf(whole.slice(at + 1));
};
