import { type Callable, inner, nodeError } from '../../inner.ts';
import { builtin } from '../../registry.ts';
import { bufferOf } from '../buffer.ts';
import { bytesFor, type Data, shown } from './bytes.ts';
import type { TransformClass } from './hashes.ts';

// esbuild turns this into a call that evaluates the module when it is made.
declare const require: (path: './more-ciphers.ts') => typeof import('./more-ciphers.ts');

const BLOCK = 16;
const TAG = 16;
const EMPTY: Data = new Uint8Array(0);

/** What is done with the pieces of a text, and at its end. */
interface Mode {
  update(data: Data): Uint8Array;
  final(): Uint8Array;
}
/** A mode with a tag over all of it. */
interface Sealing extends Mode {
  tag(): Data | undefined;
}
interface Work {
  readonly key: Data;
  readonly iv: Data;
  readonly decrypts: boolean;
  /** Asked at the end. */
  readonly given: () => {
    readonly extra: Data | undefined;
    readonly tag: Data | undefined;
    readonly padding: boolean;
  };
}

const failure = (code: string, reason: string, number: string): Error =>
  Object.assign(nodeError(Error, code, `error:${number}:Provider routines::${reason}`), {
    library: 'Provider routines',
    reason,
  });
const badDecrypt = (): Error => failure('ERR_OSSL_BAD_DECRYPT', 'bad decrypt', '1C800064');
const wrongLength = (): Error =>
  failure('ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH', 'wrong final block length', '1C80006B');

/** Block by block; what may be the last one is kept for the end. */
const blocks = (kind: 'cbc' | 'ecb', { key, iv, decrypts, given }: Work): Mode => {
  const { cbc, ecb } = require('./more-ciphers.ts');
  let last = iv;
  let rest = EMPTY;
  const run = (data: Data, padded: boolean): Data => {
    const cipher =
      kind === 'cbc' ? cbc(key, last, { disablePadding: !padded }) : ecb(key, { disablePadding: !padded });
    const done = (decrypts ? cipher.decrypt(data) : cipher.encrypt(data)) as Data;
    const chained = decrypts ? data : done;
    if (kind === 'cbc' && chained.length >= BLOCK) last = chained.slice(-BLOCK);
    return done;
  };
  return {
    update: (data) => {
      const all = inner.joinBytes([rest, data]);
      const over = all.length % BLOCK;
      const kept = decrypts && given().padding && over === 0 && all.length > 0 ? BLOCK : over;
      rest = all.slice(all.length - kept);
      return all.length === kept ? EMPTY : run(all.slice(0, all.length - kept), false);
    },
    final: () => {
      if (!given().padding) {
        if (rest.length > 0) throw wrongLength();
        return EMPTY;
      }
      if (!decrypts) return run(rest, true);
      if (rest.length !== BLOCK) throw wrongLength();
      try {
        return run(rest, true);
      } catch {
        throw badDecrypt();
      }
    },
  };
};

/** `xor` adds the stream of a cipher from its block `at` on. */
const stream = (size: number, xor: (data: Data, at: number) => Uint8Array): Mode['update'] => {
  let done = 0;
  return (data) => {
    const offset = done % size;
    const mixed = xor(inner.joinBytes([new Uint8Array(offset), data]), Math.floor(done / size));
    done += data.length;
    return mixed.subarray(offset);
  };
};

/** A counter of 16 bytes, so many further. */
const plus = (counter: Data, count: number): Data => {
  const made = counter.slice();
  let carry = count;
  for (let at = BLOCK - 1; at >= 0 && carry > 0; at--) {
    const sum = (made[at] as number) + (carry % 256);
    made[at] = sum & 0xff;
    carry = Math.floor(carry / 256) + (sum >> 8);
  }
  return made;
};

const counting = (key: Data, from: Data): Mode['update'] =>
  stream(BLOCK, (data, at) => require('./more-ciphers.ts').ctr(key, plus(from, at)).encrypt(data));

/** The whole is gone through once more at the end, for the tag. */
const sealing = (
  { decrypts, given }: Work,
  update: Mode['update'] | undefined,
  seal: (extra: Data | undefined, data: Data) => Uint8Array,
  open: (extra: Data | undefined, data: Data, tag: Data) => Uint8Array,
): Sealing => {
  const parts: Data[] = [];
  let made: Data | undefined;
  return {
    update: (data) => {
      const done = update?.(data);
      parts.push((decrypts ? (done ?? data) : data).slice() as Data);
      return done ?? EMPTY;
    },
    final: () => {
      const { extra, tag } = given();
      const whole = inner.joinBytes(parts);
      if (decrypts && update === undefined) {
        try {
          return open(extra, whole, tag ?? EMPTY);
        } catch {
          throw new Error('Unsupported state or unable to authenticate data');
        }
      }
      const sealed = seal(extra, whole);
      made = sealed.slice(-TAG) as Data;
      if (!decrypts) return update === undefined ? sealed.subarray(0, -TAG) : EMPTY;
      const right = tag !== undefined && tag.length > 0 && tag.every((byte, at) => byte === made?.[at]);
      if (!right) throw new Error('Unsupported state or unable to authenticate data');
      return EMPTY;
    },
    tag: () => made,
  };
};

const gcmMode = (work: Work): Sealing => {
  const { key, iv } = work;
  const { gcm } = require('./more-ciphers.ts');
  const first = new Uint8Array(BLOCK);
  first.set(iv.subarray(0, 12));
  first[BLOCK - 1] = 2;
  return sealing(
    work,
    iv.length === 12 ? counting(key, first) : undefined, // else the first counter is a hash
    (extra, data) => gcm(key, iv, extra).encrypt(data),
    (extra, data, tag) => gcm(key, iv, extra).decrypt(inner.joinBytes([data, tag])),
  );
};

const chachaMode = (work: Work): Sealing => {
  const { key, iv } = work;
  const { chacha20, chacha20poly1305 } = require('./more-ciphers.ts');
  return sealing(
    work,
    stream(64, (data, at) => chacha20(key, iv, data, undefined, at + 1)),
    (extra, data) => chacha20poly1305(key, iv, extra).encrypt(data),
    (extra, data, tag) => chacha20poly1305(key, iv, extra).decrypt(inner.joinBytes([data, tag])),
  );
};

interface Kind {
  readonly name: string;
  readonly mode: string;
  readonly keyLength: number;
  readonly ivLength: number | undefined;
}
const kindOf = (name: unknown): Kind | undefined => {
  const plain = String(name).toLowerCase();
  if (plain === 'chacha20-poly1305') return { name: plain, mode: 'stream', keyLength: 32, ivLength: 12 };
  const short = plain.replace(/^aes(\d{3})$/, 'aes-$1-cbc').replace(/^id-aes(\d{3})-gcm$/, 'aes-$1-gcm');
  const [, bits, mode] = /^aes-(128|192|256)-(gcm|cbc|ctr|ecb)$/.exec(short) ?? [];
  if (bits === undefined || mode === undefined) return undefined;
  const ivLength = mode === 'ecb' ? undefined : mode === 'gcm' ? 12 : BLOCK;
  return { name: mode === 'gcm' ? `id-aes${bits}-gcm` : short, mode, keyLength: Number(bits) / 8, ivLength };
};

export const getCiphers = (): string[] => [
  ...['128', '192', '256'].flatMap((bits) =>
    ['cbc', 'ctr', 'ecb', 'gcm'].map((mode) => `aes-${bits}-${mode}`),
  ),
  'chacha20-poly1305',
];

export const getCipherInfo = (name: unknown): object | undefined => {
  const kind = kindOf(name);
  if (kind === undefined) return undefined;
  const { mode, keyLength, ivLength } = kind;
  return {
    mode,
    name: kind.name,
    ...(mode === 'cbc' || mode === 'ecb' ? { blockSize: BLOCK } : {}),
    ...(ivLength === undefined ? {} : { ivLength }),
    keyLength,
  };
};

const modeFor = (kind: Kind, work: Work): Mode | Sealing => {
  if (kind.mode === 'gcm') return gcmMode(work);
  if (kind.mode === 'stream') return chachaMode(work);
  if (kind.mode === 'ctr') return { update: counting(work.key, work.iv), final: () => EMPTY };
  return blocks(kind.mode as 'cbc' | 'ecb', work);
};

/** What `createCipheriv` and `createDecipheriv` answer: a cipher that is also a stream. */
export const cipherObject = (name: unknown, key: unknown, iv: unknown, decrypts: boolean): object => {
  const kind = kindOf(name);
  if (kind === undefined)
    throw nodeError(
      Error,
      'ERR_CRYPTO_UNKNOWN_CIPHER',
      `Unknown cipher: known are ${getCiphers().join(', ')}`,
    );
  const secret = bytesFor(key, undefined, 'key');
  if (secret.length !== kind.keyLength)
    throw nodeError(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  const nonce = iv === null || iv === undefined ? EMPTY : bytesFor(iv, undefined, 'iv');
  const fits = kind.mode === 'gcm' ? nonce.length > 0 : nonce.length === (kind.ivLength ?? 0);
  if (!fits) throw nodeError(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
  let extra: Data | undefined;
  let tag: Data | undefined;
  let padding = true;
  let done = false;
  const mode = modeFor(kind, { key: secret, iv: nonce, decrypts, given: () => ({ extra, tag, padding }) });
  const open = (what: string): void => {
    if (done) throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', `Invalid state for operation ${what}`);
  };
  const finish = (): Uint8Array => {
    open('final');
    done = true;
    return mode.final();
  };
  const { Transform } = builtin('stream') as { readonly Transform: TransformClass };
  const made = new Transform({
    transform(this: { push(chunk: unknown): void }, chunk: unknown, _encoding: unknown, next: Callable) {
      this.push(bufferOf(mode.update(bytesFor(chunk).slice())));
      next();
    },
    flush(this: { push(chunk: unknown): void }, next: Callable) {
      try {
        this.push(bufferOf(finish()));
        next();
      } catch (error) {
        next(error);
      }
    },
  });
  return Object.assign(made, {
    update: (data: unknown, from?: unknown, to?: unknown) => {
      open('update');
      return shown(mode.update(bytesFor(data, from).slice()), to);
    },
    final: (to?: unknown) => shown(finish(), to),
    setAutoPadding: (given = true) => {
      padding = given;
      return made;
    },
    setAAD: (data: unknown) => {
      extra = bytesFor(data).slice();
      return made;
    },
    setAuthTag: (data: unknown, encoding?: unknown) => {
      tag = bytesFor(data, encoding).slice();
      return made;
    },
    getAuthTag: () => {
      const sealed = 'tag' in mode && !decrypts ? mode.tag() : undefined;
      if (sealed === undefined)
        throw nodeError(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation getAuthTag');
      return bufferOf(sealed.slice());
    },
  });
};
