import type { Internals } from '../../prelude/internals.ts';
import { type Callable, type Named, setInner } from '../inner.ts';
import { commonSecret, diffieHellmanGroup, diffieHellmanOf, ecdh } from '../keys/agreeing.ts';
import { privateDecrypt, privateEncrypt, publicDecrypt, publicEncrypt } from '../keys/encrypting.ts';
import { checkPrime, generatePair, generatePrime } from '../keys/generating.ts';
import { cryptoKeyData, makeKeyClasses, readKey } from '../keys/key-objects.ts';
import { type Lent, lent, setLent } from '../keys/lent.ts';
import { OS2IP } from '../keys/numbers.ts';
import { gatherer, signData, verifyData } from '../keys/signing.ts';

/** What `node:crypto` does with keys of two halves. */
export const make = (internals: Internals, given: Lent): Named => {
  setInner(internals);
  setLent(given);
  const classes = makeKeyClasses();
  const bytes = (data: unknown): Uint8Array => lent.bytesFor(data);
  const answered = (done: unknown, run: () => unknown): unknown =>
    typeof done === 'function' ? lent.later(done as Callable, run) : run();
  const dh = (prime: unknown, ...rest: unknown[]): object => {
    if (typeof prime === 'number') {
      const [generator = 2] = rest;
      return diffieHellmanOf(
        generatePrime(prime, { bigint: true, safe: true }) as bigint,
        BigInt(generator as number),
      );
    }
    const [encoding, generator, generatorEncoding] = typeof prime === 'string' ? rest : [undefined, ...rest];
    const g = generator ?? 2;
    return diffieHellmanOf(
      OS2IP(lent.bytesFor(prime, encoding)),
      typeof g === 'number' ? BigInt(g) : OS2IP(lent.bytesFor(g, generatorEncoding)),
    );
  };
  return {
    createPrivateKey: (key: unknown) => {
      const data = readKey(key);
      if (data.secret !== undefined) return classes.privateKey(data);
      throw new Error('error:1E08010C:DECODER routines::unsupported');
    },
    createPublicKey: (key: unknown) => classes.publicKey(readKey(key)),
    fromCryptoKey: (key: { readonly type: string }) => {
      const data = cryptoKeyData(key);
      if (data === undefined) return undefined;
      return key.type === 'private' ? classes.privateKey(data) : classes.publicKey(data);
    },
    createSign: gatherer,
    createVerify: gatherer,
    sign: (name: unknown, data: unknown, key: unknown, done?: unknown) =>
      answered(done, () => lent.bufferOf(signData(name, bytes(data), key))),
    verify: (name: unknown, data: unknown, key: unknown, signature: unknown, done?: unknown) =>
      answered(done, () => verifyData(name, bytes(data), key, bytes(signature))),
    publicEncrypt,
    privateDecrypt,
    privateEncrypt,
    publicDecrypt,
    generatePair: (type: unknown, options: unknown) => generatePair(classes, type, options),
    generatePrime,
    checkPrime,
    commonSecret: (options: Named, done?: unknown) => answered(done, () => commonSecret(options)),
    ecdh,
    dh,
    dhGroup: diffieHellmanGroup,
  };
};
