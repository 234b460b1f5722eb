import { type Hasher, openHasher } from './hasher.ts';
import type { Heap } from './heap.ts';
import { NO_HASH, OBJECT, ORDERED_DICT, ORDERED_NODE, SECRET_BYTES, TEXT } from './layout.ts';
import type { HashPlan } from './plan.ts';
import { type Entry, type HashOf, placeC, placeDict, placeSet } from './tables.ts';

const SECRET = '_Py_HashSecret';

/**
 * Gives a restored interpreter another secret for its hashes, as if it had been started with it: what has been hashed is hashed anew, and every
 * table is put in the order that follows. To be called before anything else of it runs.
 *
 * @param secret 24 bytes; CPython fills them from the system's randomness at its own start.
 */
export function renewHashes(heap: Heap, plan: HashPlan, secret: Uint8Array): void {
  renewTexts(heap, plan, secret);
  renewObjects(heap, plan);
}

/** The part that runs no Python: afterwards names and attributes are found. */
export function renewTexts(heap: Heap, plan: HashPlan, secret: Uint8Array): void {
  if (secret.length !== SECRET_BYTES) throw new RangeError(`a secret has ${SECRET_BYTES} bytes`);
  const address = heap.address(SECRET);
  heap.bytes.set(secret, address);
  const hasher = hasherOf(heap, plan);
  hasher.takeSecret(address);
  hasher.texts();
  hasher.forget();
  hasher.textDicts();
  const textHash = ({ key }: Entry): number => heap.words[(key + TEXT.hash) >>> 2] ?? 0;
  for (const table of plan.textTables) placeC(heap, table, textHash);
  for (const table of plan.nameTables) placeC(heap, table, ({ key }) => hashName(heap, key));
}

/** The part that asks objects for their hashes, which may run their code. */
export function renewObjects(heap: Heap, plan: HashPlan): void {
  const known = hashDependents(heap, plan);
  const hashOf = hashFrom(heap, known);
  for (const keys of plan.dicts) placeDict(heap, keys, hashOf);
  for (const dict of plan.orderedDicts) {
    for (let node = heap.words[(dict + ORDERED_DICT.first) >>> 2] ?? 0; node !== 0; ) {
      const [key = 0, hash = 0] = [ORDERED_NODE.key, ORDERED_NODE.hash].map(
        (offset) => heap.words[(node + offset) >>> 2],
      );
      heap.words[(node + ORDERED_NODE.hash) >>> 2] = hashOf({ key, hash });
      node = heap.words[(node + ORDERED_NODE.next) >>> 2] ?? 0;
    }
  }
}

/** Frozensets in frozensets: nobody nests deeper what is a key. */
const MOST_TURNS = 20;

/**
 * The hashes of keys other than text. A frozenset makes its own of those in its table, so sets are put in order first; those that hold such keys
 * again, as often as that changes a hash: as deep as they are nested.
 */
function hashDependents(heap: Heap, plan: HashPlan): ReadonlyMap<number, number> {
  const hasher = hasherOf(heap, plan);
  let known: ReadonlyMap<number, number> = new Map();
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    if (turn === 0) hasher.sets();
    else {
      for (const set of plan.mixedSets) placeSet(heap, set, hashFrom(heap, known));
      hasher.forget(); // before the first turn nobody has asked for a hash yet
    }
    const next = new Map<number, number>();
    const lost: number[] = [];
    for (const object of plan.dependents) {
      const hash = heap.hashOf(object);
      if (hash === undefined) lost.push(object);
      else next.set(object, hash);
    }
    const isSettled =
      plan.mixedSets.length === 0 ||
      plan.dependents.every((object) => next.get(object) === known.get(object));
    known = next;
    if (!isSettled) continue;
    if (lost.length === 0) return known;
    throw new Error(`the object at ${lost[0]} has lost its hash`);
  }
  throw new Error('the hashes of sets do not settle');
}

/** Sets by the hashes that are known so far; no object remembers its hash afterwards. */
export function placeSets(heap: Heap, plan: HashPlan, known: ReadonlyMap<number, number>): void {
  for (const set of plan.sets) placeSet(heap, set, hashFrom(heap, known));
  forget(heap, plan);
}

function forget({ words }: Heap, plan: HashPlan): void {
  for (const word of plan.caches) words[word >>> 2] = NO_HASH;
}

const hasherOf = (heap: Heap, plan: HashPlan): Hasher =>
  openHasher(heap.memory, heap.address('PyUnicode_Type'), plan);

function hashFrom(heap: Heap, known: ReadonlyMap<number, number>): HashOf {
  const text = heap.address('PyUnicode_Type');
  return ({ key, hash }) =>
    heap.words[(key + OBJECT.type) >>> 2] === text
      ? (heap.words[(key + TEXT.hash) >>> 2] ?? 0)
      : (known.get(key) ?? hash);
}

/** Where the characters of a `str` are, in its own width. */
export function charactersOf({ words }: Heap, text: number): { address: number; length: number } {
  const state = words[(text + TEXT.state) >>> 2] ?? 0;
  const [width, isCompact, isAscii] = [(state >>> 2) & 7, (state & 0x20) !== 0, (state & 0x40) !== 0];
  const length = (words[(text + TEXT.length) >>> 2] ?? 0) * width;
  if (!isCompact) return { address: words[(text + TEXT.data) >>> 2] ?? 0, length };
  return { address: text + (isAscii ? TEXT.asciiData : TEXT.compactData), length };
}

export function hashText(heap: Heap, text: number): number {
  const { address, length } = charactersOf(heap, text);
  return heap.hashBuffer(address, length) >>> 0;
}

/** Of a C string. */
export function hashName(heap: Heap, name: number): number {
  return heap.hashBuffer(name, heap.bytes.indexOf(0, name) - name) >>> 0;
}
