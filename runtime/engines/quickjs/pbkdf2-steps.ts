import { type NativeSteps, STEP_BYTES } from './native-steps.ts';

/** A digest whose state can be copied. */
interface Digest {
  update(data: Uint8Array): Digest;
  digest(): Uint8Array;
  digestInto(out: Uint8Array): void;
  _cloneInto(to?: Digest): Digest;
}

export interface DigestKind {
  readonly blockLen: number;
  readonly outputLen: number;
  create(): Digest;
}

export interface Pbkdf2Options {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Rounds for each block of the answer, 1 or more. */
  readonly rounds: number;
  /** Bytes of the answer, 1 or more. */
  readonly length: number;
  /** A byte costs so many bytes of native work. */
  readonly slower: number;
}

/** PBKDF2 with HMAC (RFC 8018), in steps. */
export function* pbkdf2Steps(kind: DigestKind, options: Pbkdf2Options): NativeSteps<Uint8Array<ArrayBuffer>> {
  const { password, salt, rounds, length, slower } = options;
  const derived = new Uint8Array(length);
  const key = new Uint8Array(kind.blockLen);
  key.set(
    password.length > kind.blockLen ? (yield* absorb(kind.create(), password, slower)).digest() : password,
  );
  const inside = kind.create().update(key.map((byte) => byte ^ 0x36));
  const outside = kind.create().update(key.map((byte) => byte ^ 0x5c));
  const salted = yield* absorb(inside._cloneInto(), salt, slower);
  const work = kind.create();
  const hash = new Uint8Array(kind.outputLen);
  const finish = (): void => {
    work.digestInto(hash);
    outside._cloneInto(work).update(hash).digestInto(hash);
  };
  const roundCost = 2 * kind.blockLen * slower;
  const most = Math.max(1, Math.floor(STEP_BYTES / (2 * kind.blockLen)));
  let toDo = rounds * Math.ceil(length / kind.outputLen);
  let inStep = 0;
  for (let block = 1, at = 0; at < length; block += 1, at += kind.outputLen) {
    const part = derived.subarray(at, at + kind.outputLen);
    for (let round = 0; round < rounds; round += 1) {
      if (inStep === 0) {
        inStep = Math.min(most, toDo);
        yield inStep * roundCost;
      }
      inStep -= 1;
      toDo -= 1;
      if (round === 0)
        salted._cloneInto(work).update(Uint8Array.of(block >>> 24, block >>> 16, block >>> 8, block));
      else inside._cloneInto(work).update(hash);
      finish();
      for (let index = 0; index < part.length; index += 1)
        part[index] = (part[index] as number) ^ (hash[index] as number); // both are longer
    }
  }
  return derived;
}

/** What is absorbed of a password or a salt beside the rounds that are paid for. */
const FREE_BYTES = 1_024;

function* absorb(digest: Digest, data: Uint8Array, slower: number): NativeSteps<Digest> {
  for (let at = 0; at < data.length; at += STEP_BYTES) {
    const piece = data.subarray(at, at + STEP_BYTES);
    if (data.length > FREE_BYTES) yield piece.length * slower;
    digest.update(piece);
  }
  return digest;
}
