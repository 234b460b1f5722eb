import { describe, expect, test } from 'vitest';
import { HASHES_WASM } from '../../../runtime/engines/pyodide/hashes/code.ts';
import { findHashes } from '../../../runtime/engines/pyodide/hashes/find.ts';
import { openHasher } from '../../../runtime/engines/pyodide/hashes/hasher.ts';
import type { Heap } from '../../../runtime/engines/pyodide/hashes/heap.ts';
import { TEXT } from '../../../runtime/engines/pyodide/hashes/layout.ts';
import { decodePlan, encodePlan, type HashPlan } from '../../../runtime/engines/pyodide/hashes/plan.ts';
import { renewHashes } from '../../../runtime/engines/pyodide/hashes/renew.ts';
import {
  cEntries,
  dictEntries,
  placeC,
  placeDict,
  placeSet,
  setEntries,
} from '../../../runtime/engines/pyodide/hashes/tables.ts';
import { assemble } from '../../../scripts/build-hashes.ts';

/** A memory with nothing of Python in it. */
function emptyHeap(size = 64 * 1024): Heap {
  const memory = new WebAssembly.Memory({ initial: size / 65_536, maximum: 16 });
  const { buffer } = memory;
  return {
    memory,
    words: new Uint32Array(buffer),
    halves: new Uint16Array(buffer),
    bytes: new Uint8Array(buffer),
    hashBuffer: () => 1,
    hashOf: () => undefined,
    address: () => 1024,
  };
}
const setWord = (heap: Heap, address: number, value: number): void => {
  heap.words[address >>> 2] = value;
};
/** Keys are at any words of the memory: a table does not look at what they are. */
const keyAt = (index: number): number => 32_768 + index * 16;
const HASHES = Array.from({ length: 40 }, (_, index) => Math.imul(index + 1, 0x9e3779b1) >>> 0);
const COLLIDING = Array.from({ length: 40 }, (_, index) => index * 4096 + 7);

/** Keys of a dict of objects other than text, with nothing in its index yet. */
function generalKeys(heap: Heap, at: number, logSize: number, hashes: readonly number[]): void {
  const indexBytes = logSize < 8 ? 1 : 2;
  heap.bytes.set([1, 0, 0, 0, logSize, logSize + indexBytes - 1, 0], at);
  setWord(heap, at + 12, Math.floor((2 ** logSize * 2) / 3) - hashes.length);
  setWord(heap, at + 16, hashes.length);
  const first = at + 20 + 2 ** logSize * indexBytes;
  for (const [index, hash] of hashes.entries()) {
    setWord(heap, first + index * 12, hash);
    setWord(heap, first + index * 12 + 4, keyAt(index));
  }
}

describe.each([
  ['hashes that are spread', HASHES],
  ['hashes that collide', COLLIDING],
])('%s', (_name, hashes) => {
  const entries = hashes.map((hash, index) => ({ key: keyAt(index), hash }));

  test.each([6, 7, 8, 10])('a dict with an index of 2^%i finds each entry, where it was', (logSize) => {
    const heap = emptyHeap();
    generalKeys(heap, 4096, logSize, hashes);
    expect(dictEntries(heap, 4096)).toBeUndefined(); // its index is all zeros
    placeDict(heap, 4096, ({ hash }) => hash);
    expect(dictEntries(heap, 4096)).toEqual(entries);
    placeDict(heap, 4096, ({ hash }) => hash ^ 0x5555_5555);
    expect(dictEntries(heap, 4096)).toEqual(
      entries.map(({ key, hash }) => ({ key, hash: (hash ^ 0x5555_5555) >>> 0 })),
    );
  });

  test('a deleted entry of a dict stays deleted', () => {
    const heap = emptyHeap();
    generalKeys(heap, 4096, 6, hashes);
    setWord(heap, 4096 + 20 + 64 + 4, 0);
    placeDict(heap, 4096, ({ hash }) => hash);
    expect(dictEntries(heap, 4096)).toEqual(entries.slice(1));
  });

  test.each([63, 127, 511])(
    'a set of %i and one more slots holds what it held, without the deleted',
    (mask) => {
      const heap = emptyHeap();
      const [set, table] = [4096, 8192];
      for (const [offset, value] of [
        [8, 41],
        [12, 40],
        [16, mask],
        [20, table],
        [24, 9],
        [28, 3],
      ] as const)
        setWord(heap, set + offset, value);
      expect(setEntries(heap, set)).toBeUndefined(); // it says that it has 40
      setWord(heap, set + 12, 0);
      expect(setEntries(heap, set)).toEqual([]);
      fillSet(heap, set, table, mask, entries);
      expect(keysOf(setEntries(heap, set))).toEqual(keysOf(entries));
      placeSet(heap, set, ({ hash }) => (hash * 3) >>> 0);
      expect(keysOf(setEntries(heap, set))).toEqual(keysOf(entries));
      expect([heap.words[(set + 8) >>> 2], heap.words[(set + 12) >>> 2]]).toEqual([40, 40]);
    },
  );

  test('a table of C code finds each entry', () => {
    const heap = emptyHeap();
    const [table, heads] = [4096, 8192];
    for (const [offset, value] of [
      [0, 40],
      [4, 64],
      [8, heads],
    ] as const)
      setWord(heap, table + offset, value);
    for (const [index, { key, hash }] of entries.entries()) {
      const entry = 16_384 + index * 16;
      const head = heads + ((hash & 63) >>> 0) * 4;
      for (const [offset, value] of [
        [0, heap.words[head >>> 2] ?? 0],
        [4, hash],
        [8, key],
      ] as const)
        setWord(heap, entry + offset, value);
      setWord(heap, head, entry);
    }
    expect(keysOf(cEntries(heap, table))).toEqual(keysOf(entries));
    placeC(heap, table, ({ hash }) => (hash * 5) >>> 0);
    expect(keysOf(cEntries(heap, table))).toEqual(keysOf(entries));
    setWord(heap, 16_384 + 4, 0x1234_5678); // an entry that is not where its hash says
    expect(cEntries(heap, table)).toBeUndefined();
  });
});

const keysOf = (entries: readonly { readonly key: number }[] | undefined): readonly number[] | undefined =>
  entries?.map(({ key }) => key).sort((one, other) => one - other);

/** The way of CPython's `set_insert_clean`, written apart from ours: by the whole perturbed sequence. */
function fillSet(
  heap: Heap,
  set: number,
  table: number,
  mask: number,
  entries: readonly { readonly key: number; readonly hash: number }[],
): void {
  for (const { key, hash } of entries) {
    let perturb = BigInt(hash);
    let slot = Number(BigInt(hash) & BigInt(mask));
    for (let done = false; !done; ) {
      for (let step = 0; step <= (slot + 9 <= mask ? 9 : 0) && !done; step++) {
        const at = table + (slot + step) * 8;
        if (heap.words[at >>> 2] !== 0) continue;
        setWord(heap, at, key);
        setWord(heap, at + 4, hash);
        done = true;
      }
      perturb >>= 5n;
      slot = Number((BigInt(slot) * 5n + 1n + perturb) & BigInt(mask));
    }
  }
  setWord(heap, set + 8, entries.length);
  setWord(heap, set + 12, entries.length);
}

describe('the same in wasm', () => {
  const TYPE = 512;
  const EMPTY: HashPlan = {
    texts: new Uint32Array(),
    caches: new Uint32Array(),
    textDicts: new Uint32Array(),
    dicts: new Uint32Array(),
    sets: new Uint32Array(),
    mixedSets: new Uint32Array(),
    orderedDicts: new Uint32Array(),
    textTables: new Uint32Array(),
    nameTables: new Uint32Array(),
    dependents: new Uint32Array(),
  };
  /** As many keys as `HASHES`, each with a hash at its place for one. */
  const textHeap = (hashes: readonly number[]): Heap => {
    const heap = emptyHeap();
    for (const [index, hash] of hashes.entries()) {
      setWord(heap, keyAt(index) + 4, TYPE);
      setWord(heap, keyAt(index) + TEXT.hash, hash);
    }
    return heap;
  };

  test('is what its text says: after a change, npx node scripts/build-hashes.ts', async () => {
    expect(HASHES_WASM.replaceAll('\n', '')).toBe(Buffer.from(await assemble()).toString('base64'));
  });

  test.each(['a', 'abc', 'abcd', 'abcde', 'a longer text of words'])(
    '%j has the hash of FNV, as CPython writes it',
    (text) => {
      const heap = emptyHeap();
      const bytes = new TextEncoder().encode(text);
      setWord(heap, 64, 0x1234_5678);
      setWord(heap, 68, 0x9abc_def0);
      const at = 1024;
      setWord(heap, at + TEXT.length, bytes.length);
      setWord(heap, at + TEXT.state, (1 << 2) | 0x20 | 0x40); // one byte each, compact, ASCII
      heap.bytes.set(bytes, at + TEXT.asciiData);
      const hasher = openHasher(heap.memory, TYPE, { ...EMPTY, texts: Uint32Array.of(at) });
      hasher.takeSecret(64);
      hasher.texts();
      expect(heap.words[(at + TEXT.hash) >>> 2]).toBe(fnv(bytes, 0x1234_5678, 0x9abc_def0));
    },
  );

  test.each([
    ['spread', HASHES],
    ['colliding', COLLIDING],
  ])('dicts and sets of %s hashes are put in the same places', (_name, hashes) => {
    for (const logSize of [6, 7, 8, 10]) {
      const [one, other] = [textHeap(hashes), textHeap(hashes)];
      for (const heap of [one, other]) {
        generalKeys(heap, 4096, logSize, hashes);
        setWord(heap, 4096 + 20 + 2 ** logSize * (logSize < 8 ? 1 : 2) + 12 * 3 + 4, 0); // one was deleted
      }
      placeDict(one, 4096);
      openHasher(other.memory, TYPE, { ...EMPTY, textDicts: Uint32Array.of(4096) }).textDicts();
      expect(other.bytes).toEqual(one.bytes);
    }
    for (const mask of [63, 127, 511]) {
      const [one, other] = [textHeap(hashes), textHeap(hashes)];
      for (const heap of [one, other]) {
        setWord(heap, 4096 + 16, mask);
        setWord(heap, 4096 + 20, 8192);
        fillSet(
          heap,
          4096,
          8192,
          mask,
          hashes.map((hash, index) => ({ key: keyAt(index), hash: (hash * 3) >>> 0 })),
        );
      }
      placeSet(one, 4096, ({ key }) => one.words[(key + TEXT.hash) >>> 2] ?? 0);
      openHasher(other.memory, TYPE, { ...EMPTY, sets: Uint32Array.of(4096) }).sets();
      expect(other.bytes).toEqual(one.bytes);
    }
  });

  test('a hash that another object remembers is forgotten, and its lists may take more than a page', () => {
    const heap = emptyHeap();
    const caches = Uint32Array.from({ length: 16_000 }, (_, index) => index * 4);
    openHasher(heap.memory, TYPE, { ...EMPTY, texts: new Uint32Array(8000), caches }).forget();
    expect(heap.words.subarray(0, 16_000).every((word) => word === 0xffff_ffff)).toBe(true);
    expect(heap.words.subarray(16_000).every((word) => word === 0)).toBe(true);
  });
});

/** `fnv` of CPython's `pyhash.c`, written apart from ours. */
function fnv(bytes: Uint8Array, prefix: number, suffix: number): number {
  const last = bytes.length % 4 || 4;
  const words = new DataView(bytes.buffer, bytes.byteOffset);
  let x = (prefix ^ ((bytes[0] ?? 0) << 7)) >>> 0;
  let at = 0;
  for (; at < bytes.length - last; at += 4) x = (Math.imul(x, 1_000_003) ^ words.getUint32(at, true)) >>> 0;
  for (; at < bytes.length; at++) x = (Math.imul(x, 1_000_003) ^ (bytes[at] ?? 0)) >>> 0;
  return (x ^ bytes.length ^ suffix) >>> 0;
}

describe('memory that is not a table', () => {
  test('of random words is taken for none', () => {
    const heap = emptyHeap();
    let state = 12345;
    for (let index = 0; index < heap.words.length; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      heap.words[index] = state % 3 === 0 ? state % 64 : state;
    }
    for (let at = 0; at < heap.bytes.length; at += 4) {
      expect(dictEntries(heap, at)?.length ?? 0).toBe(0);
      expect(setEntries(heap, at)?.length ?? 0).toBe(0);
    }
  });

  test.each([0, 3, 65_532, 65_536, 2 ** 32 - 4])('at address %i is read by nobody', (address) => {
    const heap = emptyHeap();
    heap.words.fill(0xffff_ffff);
    for (const read of [dictEntries, setEntries, cEntries]) expect(read(heap, address)).toBeUndefined();
    expect(() => placeDict(heap, address, () => 1)).toThrow(/no keys of a dict/);
    expect(() => placeSet(heap, address, () => 1)).toThrow(/no set/);
  });

  test('a chain of C entries that is a circle has an end', () => {
    const heap = emptyHeap();
    for (const [address, value] of [
      [4096, 2],
      [4100, 16],
      [4104, 8192],
      [8192, 16_384],
      [16_384, 16_384],
    ] as const)
      setWord(heap, address, value);
    expect(cEntries(heap, 4096)).toBeUndefined();
  });
});

test('findHashes() refuses an interpreter of another layout, naming what is other', () => {
  expect(() => findHashes(emptyHeap(), 65_536)).toThrow(/PyUnicode_Type has 0 bytes, not 32/);
});

describe('a plan', () => {
  const plan: HashPlan = {
    texts: Uint32Array.of(1, 2),
    caches: Uint32Array.of(3),
    textDicts: new Uint32Array(),
    dicts: Uint32Array.of(4),
    sets: Uint32Array.of(5, 6),
    mixedSets: Uint32Array.of(6),
    orderedDicts: new Uint32Array(),
    textTables: Uint32Array.of(7),
    nameTables: new Uint32Array(),
    dependents: Uint32Array.of(8),
  };

  test('is read back', () => {
    expect(decodePlan(encodePlan(plan))).toEqual(plan);
  });

  test('that was cut off is refused, and a secret of another length', () => {
    expect(() => decodePlan(encodePlan(plan).subarray(0, -1))).toThrow(/length/);
    expect(() => renewHashes(emptyHeap(), plan, new Uint8Array(16))).toThrow(/24 bytes/);
  });
});
