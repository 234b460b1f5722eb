import { type NativeSteps, STEP_BYTES } from './native-steps.ts';
import { type DigestKind, pbkdf2Steps } from './pbkdf2-steps.ts';

export interface ScryptOptions {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  /** Blocks held, a power of two from 2. */
  readonly N: number;
  /** A block has so many times 128 bytes. */
  readonly r: number;
  readonly p: number;
  readonly length: number;
  readonly slower: number;
}

/** 32-bit words of what Salsa20/8 mixes. */
const WORDS = 16;

/** scrypt (RFC 7914), in steps. Holds `128 * N * r` bytes. @param sha256 For what it takes of PBKDF2. */
export function* scryptSteps(
  sha256: DigestKind,
  options: ScryptOptions,
): NativeSteps<Uint8Array<ArrayBuffer>> {
  const { password, salt, N, r, p, length, slower } = options;
  const derive = (of: Uint8Array, size: number): NativeSteps<Uint8Array<ArrayBuffer>> =>
    pbkdf2Steps(sha256, { password, salt: of, rounds: 1, length: size, slower });
  const blocks = yield* derive(salt, 128 * r * p);
  const words = 32 * r;
  const held = new Int32Array(N * words);
  const mixed = new Int32Array(words);
  const spare = new Int32Array(words);
  const most = Math.max(1, Math.floor(STEP_BYTES / (128 * r)));
  let inStep = 0;
  let toDo = 2 * N * p;
  /** One mix is due: a step begins where the one before has done its share. */
  const begins = (): number => {
    if (inStep > 0) return 0;
    inStep = Math.min(most, toDo);
    toDo -= inStep;
    return inStep * 128 * r;
  };
  for (let lane = 0; lane < p; lane += 1) {
    const view = new DataView(blocks.buffer, lane * 128 * r, 128 * r);
    for (let index = 0; index < words; index += 1) mixed[index] = view.getInt32(4 * index, true);
    for (let index = 0; index < N; index += 1) {
      const cost = begins();
      if (cost > 0) yield cost;
      inStep -= 1;
      held.set(mixed, index * words);
      mix(mixed, spare);
    }
    for (let index = 0; index < N; index += 1) {
      const cost = begins();
      if (cost > 0) yield cost;
      inStep -= 1;
      const other = ((mixed[words - WORDS] as number) & (N - 1)) * words; // of its own words
      for (let word = 0; word < words; word += 1)
        mixed[word] = (mixed[word] as number) ^ (held[other + word] as number); // both have them
      mix(mixed, spare);
    }
    for (let index = 0; index < words; index += 1) view.setInt32(4 * index, mixed[index] as number, true); // it has so many
  }
  return yield* derive(blocks, length);
}

/** scryptBlockMix, in place: even blocks to the first half, odd ones to the second. */
function mix(block: Int32Array, spare: Int32Array): void {
  const half = block.length / 2;
  for (let word = 0; word < WORDS; word += 1)
    spare[half + word] = block[block.length - WORDS + word] as number; // the last block, where it is not in the way yet
  let last = half;
  for (let at = 0; at < block.length; at += WORDS) {
    const to = at % (2 * WORDS) === 0 ? at / 2 : half + (at - WORDS) / 2;
    salsa(spare, last, block, at, to);
    last = to;
  }
  block.set(spare);
}

/** Salsa20/8 of `out[last…] ^ block[at…]`, written to `out[to…]`. */
function salsa(out: Int32Array, last: number, block: Int32Array, at: number, to: number): void {
  for (let word = 0; word < WORDS; word += 1)
    out[to + word] = (out[last + word] as number) ^ (block[at + word] as number); // each has 16
  let a = out[to] as number;
  let b = out[to + 1] as number;
  let c = out[to + 2] as number;
  let d = out[to + 3] as number;
  let e = out[to + 4] as number;
  let f = out[to + 5] as number;
  let g = out[to + 6] as number;
  let h = out[to + 7] as number;
  let i = out[to + 8] as number;
  let j = out[to + 9] as number;
  let k = out[to + 10] as number;
  let l = out[to + 11] as number;
  let m = out[to + 12] as number;
  let n = out[to + 13] as number;
  let o = out[to + 14] as number;
  let q = out[to + 15] as number;
  for (let round = 0; round < 4; round += 1) {
    // Down the columns, each beginning at the diagonal.
    e ^= turn(a + m, 7);
    i ^= turn(e + a, 9);
    m ^= turn(i + e, 13);
    a ^= turn(m + i, 18);
    j ^= turn(f + b, 7);
    n ^= turn(j + f, 9);
    b ^= turn(n + j, 13);
    f ^= turn(b + n, 18);
    o ^= turn(k + g, 7);
    c ^= turn(o + k, 9);
    g ^= turn(c + o, 13);
    k ^= turn(g + c, 18);
    d ^= turn(q + l, 7);
    h ^= turn(d + q, 9);
    l ^= turn(h + d, 13);
    q ^= turn(l + h, 18);
    // Along the rows.
    b ^= turn(a + d, 7);
    c ^= turn(b + a, 9);
    d ^= turn(c + b, 13);
    a ^= turn(d + c, 18);
    g ^= turn(f + e, 7);
    h ^= turn(g + f, 9);
    e ^= turn(h + g, 13);
    f ^= turn(e + h, 18);
    l ^= turn(k + j, 7);
    i ^= turn(l + k, 9);
    j ^= turn(i + l, 13);
    k ^= turn(j + i, 18);
    m ^= turn(q + o, 7);
    n ^= turn(m + q, 9);
    o ^= turn(n + m, 13);
    q ^= turn(o + n, 18);
  }
  out[to] = (out[to] as number) + a;
  out[to + 1] = (out[to + 1] as number) + b;
  out[to + 2] = (out[to + 2] as number) + c;
  out[to + 3] = (out[to + 3] as number) + d;
  out[to + 4] = (out[to + 4] as number) + e;
  out[to + 5] = (out[to + 5] as number) + f;
  out[to + 6] = (out[to + 6] as number) + g;
  out[to + 7] = (out[to + 7] as number) + h;
  out[to + 8] = (out[to + 8] as number) + i;
  out[to + 9] = (out[to + 9] as number) + j;
  out[to + 10] = (out[to + 10] as number) + k;
  out[to + 11] = (out[to + 11] as number) + l;
  out[to + 12] = (out[to + 12] as number) + m;
  out[to + 13] = (out[to + 13] as number) + n;
  out[to + 14] = (out[to + 14] as number) + o;
  out[to + 15] = (out[to + 15] as number) + q;
}

const turn = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
