import type * as bytes from '../modules/crypto/bytes.ts';
import type * as ciphers from '../modules/crypto/ciphers.ts';
import type * as derive from '../modules/crypto/derive.ts';
import type * as hashes from '../modules/crypto/hashes.ts';
import type { TransformClass } from '../modules/crypto/hashes.ts';
import type * as keyObject from '../modules/crypto/key-object.ts';
import type * as random from '../modules/crypto/random.ts';
import type * as subtle from '../modules/subtle.ts';

/** What `node:crypto` lends to this part, which is compiled apart from it. */
export interface Lent {
  readonly bytesFor: typeof bytes.bytesFor;
  readonly shown: typeof bytes.shown;
  readonly later: typeof bytes.later;
  readonly cipherObject: typeof ciphers.cipherObject;
  readonly pbkdf2Sync: typeof derive.pbkdf2Sync;
  readonly hashFor: typeof hashes.hashFor;
  readonly KeyObject: typeof keyObject.KeyObject;
  readonly random: typeof random.random;
  readonly cryptoKeyFrom: () => typeof subtle.cryptoKeyFrom;
  readonly keptFor: () => typeof subtle.keptFor;
  /** The curves themselves, compiled when one is used. */
  readonly curves: () => typeof import('../parts/curves.ts');
  readonly writable: () => TransformClass;
  readonly bufferOf: (bytes: Uint8Array) => unknown;
}

export let lent: Lent;
export const setLent = (given: Lent): void => {
  lent = given;
};
