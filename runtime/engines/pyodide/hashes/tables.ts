/**
 * The three hash tables of CPython: keys of dicts, sets, and those of its C code. `…Entries` reads one, and answers `undefined` unless each entry
 * is where its hash says: memory that is free, or was never a table, does not pass. `place…` puts the same entries where new hashes say.
 */
import type { Heap } from './heap.ts';
import {
  C_ENTRY,
  C_TABLE,
  GENERAL_KEYS,
  KEYS,
  NO_HASH,
  SET,
  SET_ENTRY,
  SPLIT_KEYS,
  TEXT,
  WORD,
} from './layout.ts';

/** What is in a table: an address of a key, and its hash there. */
export interface Entry {
  readonly key: number;
  readonly hash: number;
}

/** The hash that a key has now. */
export type HashOf = (entry: Entry) => number;

/** Nothing has as many references: what is above is an address, or an object that lives for ever. */
const MOST_REFERENCES = 1 << 20;
const PERTURB_SHIFT = 5;
const LINEAR_PROBES = 9;
const EMPTY = -1;
const LEAST_LOG_SIZE = 3;
const MOST_LOG_SIZE = 24;
export const LEAST_BUCKETS = 16;

const wordAt = (heap: Heap, address: number): number => heap.words[address >>> 2] ?? 0;

/** Whether a range of addresses is part of the memory, and starts on a word. */
export const isWithin = (heap: Heap, address: number, length: number): boolean =>
  address > 0 && address % WORD === 0 && address + length <= heap.bytes.length;

export const isReferred = (count: number): boolean => count > 0 && count < MOST_REFERENCES;

interface Keys {
  readonly size: number;
  readonly indexBytes: 1 | 2 | 4;
  readonly indices: number;
  readonly first: number;
  readonly entryBytes: number;
  readonly count: number;
  readonly general: boolean;
}

function readKeys(heap: Heap, address: number): Keys | undefined {
  if (!isWithin(heap, address, KEYS.indices)) return undefined;
  const byte = (offset: number): number => heap.bytes[address + offset] ?? 0;
  const [logSize, logIndexBytes, kind] = [byte(KEYS.logSize), byte(KEYS.logIndexBytes), byte(KEYS.kind)];
  const [count, usable] = [wordAt(heap, address + KEYS.entries), wordAt(heap, address + KEYS.usable)];
  if (!isReferred(wordAt(heap, address + KEYS.references)) || kind > SPLIT_KEYS) return undefined;
  if (logSize < LEAST_LOG_SIZE || logSize > MOST_LOG_SIZE) return undefined;
  const size = 2 ** logSize;
  const indexBytes = logSize < 8 ? 1 : logSize < 16 ? 2 : 4;
  const general = kind === GENERAL_KEYS;
  const entryBytes = general ? 12 : 8;
  const indices = address + KEYS.indices;
  const first = indices + size * indexBytes;
  if (2 ** logIndexBytes !== size * indexBytes || count + usable > (size * 2) / 3) return undefined;
  if (!isWithin(heap, first, count * entryBytes)) return undefined;
  return { size, indexBytes, indices, first, entryBytes, count, general };
}

function readIndex(heap: Heap, { indices, indexBytes }: Keys, slot: number): number {
  const at = indices + slot * indexBytes;
  if (indexBytes === 1) return ((heap.bytes[at] ?? 0) << 24) >> 24;
  if (indexBytes === 4) return wordAt(heap, at) | 0;
  return ((heap.halves[at >>> 1] ?? 0) << 16) >> 16;
}

function entryOf(heap: Heap, { first, entryBytes, general }: Keys, index: number): Entry {
  const at = first + index * entryBytes;
  if (general) return { hash: wordAt(heap, at), key: wordAt(heap, at + WORD) };
  const key = wordAt(heap, at);
  return { key, hash: key === 0 ? NO_HASH : wordAt(heap, key + TEXT.hash) };
}

/** Slots in the order in which CPython looks at them, without end. */
function* dictSlots(hash: number, size: number): Generator<number, never> {
  let slot = (hash & (size - 1)) >>> 0;
  for (let perturb = hash >>> 0; ; ) {
    yield slot;
    perturb >>>= PERTURB_SHIFT;
    slot = ((Math.imul(slot, 5) + perturb + 1) & (size - 1)) >>> 0;
  }
}

/** The entries of the keys of a dict, or of a class for the dicts of its objects. */
export function dictEntries(heap: Heap, address: number): readonly Entry[] | undefined {
  const keys = readKeys(heap, address);
  if (keys === undefined) return undefined;
  const entries: Entry[] = [];
  for (let index = 0; index < keys.count; index++) {
    const entry = entryOf(heap, keys, index);
    if (entry.key === 0) continue; // deleted
    if (!isWithin(heap, entry.key, 16) || entry.hash === NO_HASH || !isFound(heap, keys, entry.hash, index))
      return undefined;
    entries.push(entry);
  }
  return entries;
}

function isFound(heap: Heap, keys: Keys, hash: number, wanted: number): boolean {
  let left = keys.size * 2;
  for (const slot of dictSlots(hash, keys.size)) {
    const index = readIndex(heap, keys, slot);
    if (index === wanted) return true;
    left -= 1;
    if (index === EMPTY || left === 0) return false;
  }
  return false;
}

/**
 * Entries stay where they are: what CPython remembers of their places holds. Of keys that are all `str`, each has its hash already. Written for a
 * thread that has just started, where nothing is compiled yet: without an object for an entry.
 */
export function placeDict(heap: Heap, address: number, hashOf?: HashOf): void {
  const keys = readKeys(heap, address);
  if (keys === undefined) throw new Error(`no keys of a dict at ${address}`);
  const { size, indexBytes, indices, first, entryBytes, count, general } = keys;
  const { words } = heap;
  const index = indexBytes === 1 ? heap.bytes : indexBytes === 2 ? heap.halves : words;
  const start = indices / indexBytes;
  const free = 2 ** (indexBytes * 8) - 1; // EMPTY
  const mask = size - 1;
  index.fill(free, start, start + size);
  let at = first >>> 2;
  for (let entry = 0; entry < count; entry++, at += entryBytes >>> 2) {
    const key = words[general ? at + 1 : at] ?? 0;
    if (key === 0) continue;
    let hash = words[general ? at : (key + TEXT.hash) >>> 2] ?? 0;
    if (general && hashOf !== undefined) {
      hash = hashOf({ key, hash }) >>> 0;
      words[at] = hash;
    }
    let slot = hash & mask;
    for (let perturb = hash; index[start + slot] !== free; ) {
      perturb >>>= PERTURB_SHIFT;
      slot = (Math.imul(slot, 5) + perturb + 1) & mask;
    }
    index[start + slot] = entry;
  }
}

interface SetTable {
  readonly mask: number;
  readonly table: number;
}

function readSet(heap: Heap, address: number): SetTable | undefined {
  if (!isWithin(heap, address, SET.finger)) return undefined;
  const [mask, table] = [wordAt(heap, address + SET.mask), wordAt(heap, address + SET.table)];
  if (mask < 7 || (mask & (mask + 1)) !== 0) return undefined;
  return isWithin(heap, table, (mask + 1) * SET_ENTRY.bytes) ? { mask, table } : undefined;
}

/** The slots of a set in the order in which CPython looks at them, without end: some neighbours, then elsewhere. */
function* setSlots(hash: number, mask: number): Generator<number, never> {
  let slot = (hash & mask) >>> 0;
  for (let perturb = hash >>> 0; ; ) {
    const probes = slot + LINEAR_PROBES <= mask ? LINEAR_PROBES : 0;
    for (let next = slot; next <= slot + probes; next++) yield next;
    perturb >>>= PERTURB_SHIFT;
    slot = ((Math.imul(slot, 5) + 1 + perturb) & mask) >>> 0;
  }
}

const setEntry = (heap: Heap, table: number, slot: number): Entry => ({
  key: wordAt(heap, table + slot * SET_ENTRY.bytes + SET_ENTRY.key),
  hash: wordAt(heap, table + slot * SET_ENTRY.bytes + SET_ENTRY.hash),
});

/** The entries of a set or a frozenset, in the order of its iteration. */
export function setEntries(heap: Heap, address: number): readonly Entry[] | undefined {
  const set = readSet(heap, address);
  if (set === undefined) return undefined;
  const entries: Entry[] = [];
  for (let slot = 0; slot <= set.mask; slot++) {
    const entry = setEntry(heap, set.table, slot);
    if (entry.key === 0 || entry.hash === NO_HASH) continue; // never used, or deleted
    if (!isWithin(heap, entry.key, 16) || !isInSlot(heap, set, entry.hash, slot)) return undefined;
    entries.push(entry);
  }
  return entries.length === wordAt(heap, address + SET.used) ? entries : undefined;
}

function isInSlot(heap: Heap, { mask, table }: SetTable, hash: number, wanted: number): boolean {
  let left = (mask + 1) * (LINEAR_PROBES + 1) * 2;
  for (const slot of setSlots(hash, mask)) {
    if (slot === wanted) return true;
    left -= 1;
    if (setEntry(heap, table, slot).key === 0 || left === 0) return false;
  }
  return false;
}

export function placeSet(heap: Heap, address: number, hashOf: HashOf): void {
  const set = readSet(heap, address);
  const entries = setEntries(heap, address);
  if (set === undefined || entries === undefined) throw new Error(`no set at ${address}`);
  const hashes = entries.map(hashOf); // may run Python: before anything is taken out
  const { words } = heap;
  words.fill(0, set.table >>> 2, (set.table + (set.mask + 1) * SET_ENTRY.bytes) >>> 2);
  for (const [index, { key }] of entries.entries()) {
    const hash = hashes[index] ?? 0;
    for (const slot of setSlots(hash, set.mask)) {
      const at = (set.table + slot * SET_ENTRY.bytes) >>> 2;
      if (words[at] !== 0) continue;
      words[at] = key;
      words[at + 1] = hash;
      break;
    }
  }
  words[(address + SET.fill) >>> 2] = entries.length; // deleted ones are gone
  words[(address + SET.finger) >>> 2] = 0;
}

/** An entry of a table of C code, by its own address. */
export interface CEntry extends Entry {
  readonly address: number;
}

/** The entries of a hash table of C code; `undefined` for one that has none. */
export function cEntries(heap: Heap, address: number): readonly CEntry[] | undefined {
  const [count, buckets, heads] = [C_TABLE.entries, C_TABLE.buckets, C_TABLE.heads].map((offset) =>
    wordAt(heap, address + offset),
  ) as [number, number, number];
  if (count === 0 || buckets < LEAST_BUCKETS || (buckets & (buckets - 1)) !== 0 || count > buckets)
    return undefined;
  if (!isWithin(heap, heads, buckets * WORD)) return undefined;
  const entries: CEntry[] = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    for (let entry = wordAt(heap, heads + bucket * WORD); entry !== 0; ) {
      if (!isWithin(heap, entry, 16) || entries.length === count) return undefined;
      const hash = wordAt(heap, entry + C_ENTRY.hash);
      if ((hash & (buckets - 1)) >>> 0 !== bucket) return undefined;
      entries.push({ address: entry, hash, key: wordAt(heap, entry + C_ENTRY.key) });
      entry = wordAt(heap, entry + C_ENTRY.next);
    }
  }
  return entries.length === count ? entries : undefined;
}

export function placeC(heap: Heap, address: number, hashOf: HashOf): void {
  const entries = cEntries(heap, address);
  if (entries === undefined) throw new Error(`no hash table of C code at ${address}`);
  const { words } = heap;
  const buckets = wordAt(heap, address + C_TABLE.buckets);
  const heads = wordAt(heap, address + C_TABLE.heads) >>> 2;
  words.fill(0, heads, heads + buckets);
  for (const entry of entries) {
    const hash = hashOf(entry);
    const head = heads + ((hash & (buckets - 1)) >>> 0);
    words[(entry.address + C_ENTRY.hash) >>> 2] = hash;
    words[(entry.address + C_ENTRY.next) >>> 2] = words[head] ?? 0;
    words[head] = entry.address;
  }
}
