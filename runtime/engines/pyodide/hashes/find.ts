import type { Heap } from './heap.ts';
import {
  BYTES,
  C_TABLE,
  COLLECTOR,
  checkLayout,
  DATE,
  DICT,
  FLAG,
  NO_HASH,
  OBJECT,
  ORDERED_DICT,
  ORDERED_NODE,
  SECRET_BYTES,
  SET,
  TEXT,
  TUPLE,
  TUPLE_ITEMS,
  TYPE,
  WEAK_REFERENCE,
  WORD,
} from './layout.ts';
import type { HashPlan } from './plan.ts';
import { charactersOf, hashName, hashText, placeSets, renewObjects, renewTexts } from './renew.ts';
import {
  type CEntry,
  cEntries,
  dictEntries,
  type Entry,
  isReferred,
  isWithin,
  LEAST_BUCKETS,
  setEntries,
} from './tables.ts';

/** What objects of a type hold that depends on the secret. */
type Family = 'text' | 'bytes' | 'tuple' | 'dict' | 'orderedDict' | 'set' | 'date' | 'weakReference';

/** A base type, by its C name → what the objects of all that is made of it hold. In this order: an ordered dict is a dict too. */
const FAMILIES: readonly (readonly [name: string, family: Family])[] = [
  ['PyUnicode_Type', 'text'],
  ['PyBytes_Type', 'bytes'],
  ['PyTuple_Type', 'tuple'],
  ['PyODict_Type', 'orderedDict'],
  ['PyDict_Type', 'dict'],
  ['PySet_Type', 'set'],
  ['PyFrozenSet_Type', 'set'],
  ['_PyWeakref_RefType', 'weakReference'],
];
/** Types of C code that exports no name for them. */
const DATES: ReadonlySet<string> = new Set(['datetime.date', 'datetime.time', 'datetime.timedelta']);
const CACHE_OFFSET = {
  bytes: BYTES.hash,
  tuple: TUPLE.hash,
  set: SET.hash,
  date: DATE.hash,
  weakReference: WEAK_REFERENCE.hash,
} as const satisfies Partial<Record<Family, number>>;

/** Of the names by which C code finds things. */
const MOST_NAME_BYTES = 1024;
/** CPython's objects that live for ever count their references from here. */
const IMMORTAL = 0x4000_0000;

/** Tables and objects as they were found, each proven by its own hashes. */
interface Found {
  readonly texts: number[];
  /** Objects, and the word of each that holds its hash. */
  readonly cached: (readonly [object: number, word: number])[];
  /** The words that hold the hash of a `bytes`. */
  readonly hashedBytes: number[];
  readonly keys: Map<number, readonly Entry[]>;
  readonly sets: Map<number, readonly Entry[]>;
  readonly orderedDicts: number[];
  readonly textTables: number[];
  readonly nameTables: number[];
}

/**
 * Finds all that depends on the hash secret in the memory of an interpreter that has been started and will be thrown away. Nothing is taken for
 * an object or a table on its looks alone: its hash must be the one that its content has with the present secret. What is found is tried out
 * with other secrets, so the interpreter is of no use afterwards; the memory is to be saved before.
 *
 * @param untilAddress where the memory that was saved ends
 * @throws {Error} when the interpreter is another, or does not stand the trial.
 */
export function findHashes(heap: Heap, untilAddress: number): HashPlan {
  checkLayout(heap);
  const types = findTypes(heap, untilAddress);
  const found = findAll(heap, untilAddress, types);
  const caches = found.cached.filter(([object, word]) => isCacheOf(heap, object, word));
  const tables = [...found.keys, ...found.sets];
  const text = heap.address('PyUnicode_Type');
  const isText = (key: number): boolean => heap.words[(key + OBJECT.type) >>> 2] === text;
  const others = new Map<number, number>();
  for (const [, entries] of tables) {
    for (const { key, hash } of entries) if (!isText(key)) others.set(key, hash);
  }
  for (const [key, hash] of others) {
    const now = heap.hashOf(key);
    if (now === undefined) throw new Error(`the key at ${key} of a table cannot be hashed`);
    if (now >>> 0 !== hash) others.delete(key); // its own hash has changed since: nobody finds it, then or later
  }
  const of = (addresses: Iterable<number>): Uint32Array => Uint32Array.from(addresses).sort();
  const isTextOnly = (entries: readonly Entry[]): boolean => entries.every(({ key }) => isText(key));
  const textDicts = [...found.keys].filter(([, entries]) => isTextOnly(entries));
  const first: HashPlan = {
    texts: of(found.texts),
    caches: of([...found.hashedBytes, ...caches.map(([, word]) => word)]),
    textDicts: of(textDicts.filter(([, entries]) => entries.length > 0).map(([keys]) => keys)),
    dicts: of([]),
    sets: of([]),
    mixedSets: of([]),
    orderedDicts: of([]),
    textTables: of(found.textTables),
    nameTables: of(found.nameTables),
    dependents: of([]),
  };

  renewTexts(heap, first, trialSecret(1));
  for (const text of first.texts) checkHash(heap, text);
  for (const keys of first.textDicts) checkTable('dict', keys, found.keys, dictEntries(heap, keys));
  const dependents = new Map<number, number>();
  const depends = (entries: readonly Entry[]): boolean =>
    entries.some(({ key }) => isText(key) || dependents.has(key));
  const textKeys = new Set(first.textDicts);
  const dependent = (all: ReadonlyMap<number, readonly Entry[]>): Uint32Array =>
    of([...all].filter(([at, entries]) => !textKeys.has(at) && depends(entries)).map(([at]) => at));
  // A frozenset shows that it depends on the secret once its own table is in the new order: as many turns as they are nested.
  for (let before = -1; before !== dependents.size; ) {
    before = dependents.size;
    placeSets(heap, { ...first, sets: dependent(found.sets) }, dependents);
    for (const [key, hash] of others) {
      const now = heap.hashOf(key);
      if (now !== undefined && now >>> 0 !== hash) dependents.set(key, now);
    }
  }
  const sets = dependent(found.sets);
  const isMixed = (set: number): boolean =>
    found.sets.get(set)?.some(({ key }) => dependents.has(key)) === true;
  const plan: HashPlan = {
    ...first,
    dicts: dependent(found.keys),
    sets,
    mixedSets: sets.filter(isMixed),
    orderedDicts: of(found.orderedDicts),
    dependents: of(dependents.keys()),
  };
  renewObjects(heap, plan);
  renewTexts(heap, plan, trialSecret(2));
  renewObjects(heap, plan);
  for (const keys of plan.dicts) checkTable('dict', keys, found.keys, dictEntries(heap, keys));
  for (const set of plan.sets) checkTable('set', set, found.sets, setEntries(heap, set));
  for (const dict of plan.orderedDicts) checkOrder(heap, dict);
  return plan;
}

/** Any secrets: the first shows which hashes change. */
const trialSecret = (seed: number): Uint8Array =>
  Uint8Array.from({ length: SECRET_BYTES }, (_, index) => (index + 1) * 37 * seed);

const wordAt = (heap: Heap, address: number): number => heap.words[address >>> 2] ?? 0;

const isAlive = (heap: Heap, object: number): boolean => {
  const count = wordAt(heap, object + OBJECT.references);
  return isReferred(count) || (count >= IMMORTAL && count < 2 ** 31);
};

/** Families whose objects have the collector's two links before them; those of the others hold no references. */
const COLLECTED: ReadonlySet<Family> = new Set(['tuple', 'dict', 'orderedDict', 'set', 'weakReference']);

/**
 * Whether there is an object, and not just a word that is the address of its type: each type's address is in an int somewhere, and free
 * memory keeps what it held. Only of sound objects the hash is asked for.
 */
function isSound(
  heap: Heap,
  object: number,
  family: Family,
  types: ReadonlyMap<number, Family | undefined>,
): boolean {
  if (!isAlive(heap, object)) return false;
  const isObject = (address: number): boolean =>
    isWithin(heap, address, OBJECT.size) &&
    types.has(wordAt(heap, address + OBJECT.type)) &&
    isAlive(heap, address);
  if (isObject(object - OBJECT.size)) return false; // the tail of another one
  if (!COLLECTED.has(family)) return true;
  if (!isLinked(heap, object)) return false;
  if (family === 'weakReference') {
    const [referent, callback] = [WEAK_REFERENCE.object, WEAK_REFERENCE.callback].map((offset) =>
      wordAt(heap, object + offset),
    );
    return isObject(referent ?? 0) && (callback === 0 || isObject(callback ?? 0));
  }
  if (family !== 'tuple') return true;
  const [first, length] = [object + TUPLE_ITEMS, wordAt(heap, object + OBJECT.size)];
  if (!isWithin(heap, first, length * WORD)) return false;
  return heap.words.subarray(first >>> 2, (first >>> 2) + length).every(isObject);
}

/** The collector's list goes through the object, or through none of its neighbours. */
function isLinked(heap: Heap, object: number): boolean {
  const head = object - COLLECTOR.bytes;
  const link = (address: number): number => (wordAt(heap, address) & ~COLLECTOR.flags) >>> 0;
  const [next, previous] = [link(head + COLLECTOR.next), link(head + COLLECTOR.previous)];
  if (next === 0) return previous === 0;
  return (
    isWithin(heap, next, COLLECTOR.bytes) &&
    isWithin(heap, previous, COLLECTOR.bytes) &&
    link(next + COLLECTOR.previous) === head &&
    link(previous + COLLECTOR.next) === head
  );
}

/** Every type, and what its objects hold. A type is what comes first in its own order of bases, and whose type is a type. */
function findTypes(heap: Heap, until: number): ReadonlyMap<number, Family | undefined> {
  const { words } = heap;
  const tuple = heap.address('PyTuple_Type');
  const families = FAMILIES.map(([name, family]) => [heap.address(name), family] as const);
  const orderOf = (type: number): readonly number[] => {
    const order = wordAt(heap, type + TYPE.mro);
    if (!isWithin(heap, type, TYPE.mro + WORD) || !isWithin(heap, order, TUPLE_ITEMS)) return [];
    if (wordAt(heap, order + OBJECT.type) !== tuple) return [];
    const length = wordAt(heap, order + OBJECT.size);
    if (length > 1000 || !isWithin(heap, order + TUPLE_ITEMS, length * WORD)) return [];
    return [...words.subarray((order + TUPLE_ITEMS) >>> 2, ((order + TUPLE_ITEMS) >>> 2) + length)];
  };
  const isDate = (type: number): boolean => {
    if ((wordAt(heap, type + TYPE.flags) & FLAG.heap) !== 0) return false;
    const name = wordAt(heap, type + TYPE.name);
    const end = heap.bytes.indexOf(0, name);
    return end - name < 64 && DATES.has(String.fromCharCode(...heap.bytes.subarray(name, end)));
  };
  const types = new Map<number, Family | undefined>();
  let metatypes = new Set([heap.address('PyType_Type')]);
  while (metatypes.size > 0) {
    const next = new Set<number>();
    for (let index = 1; index < until >>> 2; index++) {
      if (!metatypes.has(words[index] ?? 0)) continue;
      const type = index * WORD - OBJECT.type;
      const flags = wordAt(heap, type + TYPE.flags);
      if (types.has(type) || (flags & FLAG.ready) === 0) continue;
      const order = orderOf(type);
      if (order[0] !== type) continue;
      const family = families.find(([base]) => order.includes(base))?.[1];
      types.set(type, family ?? (order.some(isDate) ? 'date' : undefined));
      if ((flags & FLAG.type) !== 0 && !metatypes.has(type)) next.add(type);
    }
    metatypes = next;
  }
  return types;
}

function findAll(heap: Heap, until: number, types: ReadonlyMap<number, Family | undefined>): Found {
  const found: Found = {
    texts: [],
    cached: [],
    hashedBytes: [],
    keys: new Map(),
    sets: new Map(),
    orderedDicts: [],
    textTables: [],
    nameTables: [],
  };
  const addKeys = (keys: number): boolean => {
    const entries = found.keys.get(keys) ?? dictEntries(heap, keys);
    if (entries !== undefined) found.keys.set(keys, entries);
    return entries !== undefined;
  };
  const { words } = heap;
  for (let index = 1; index < until >>> 2; index++) {
    const family = types.get(words[index] ?? 0);
    const object = index * WORD - OBJECT.type;
    if (family === undefined) {
      addTable(heap, index * WORD, found);
    } else if (family === 'text') {
      if (isHashedText(heap, object)) found.texts.push(object);
    } else if (isSound(heap, object, family, types)) {
      if (family === 'dict' || family === 'orderedDict') {
        if (addKeys(wordAt(heap, object + DICT.keys)) && family === 'orderedDict')
          found.orderedDicts.push(object);
        continue;
      }
      if (family === 'set') {
        const entries = setEntries(heap, object);
        if (entries === undefined) continue;
        found.sets.set(object, entries);
      }
      const word = object + CACHE_OFFSET[family];
      if (!isWithin(heap, word, WORD) || wordAt(heap, word) === NO_HASH) continue;
      if (family !== 'bytes') found.cached.push([object, word]);
      else if (isHashOfBytes(heap, object, wordAt(heap, word))) found.hashedBytes.push(word);
    }
  }
  // A class keeps the keys that its objects share, also while it has none.
  for (const type of types.keys()) {
    if ((wordAt(heap, type + TYPE.flags) & FLAG.heap) !== 0) addKeys(wordAt(heap, type + TYPE.cachedKeys));
  }
  return found;
}

function isHashedText(heap: Heap, text: number): boolean {
  const hash = wordAt(heap, text + TEXT.hash);
  if (hash === NO_HASH || !isWithin(heap, text, TEXT.asciiData)) return false;
  const { address, length } = charactersOf(heap, text);
  if (!(address > 0) || !endsWithZero(heap, address, length)) return false;
  return length > 0 && hashText(heap, text) === hash; // the empty text has the same hash with every secret
}

/** Text and `bytes` have a zero after their last byte: looked at first, since what is not an object may say that it is as long as the memory. */
const endsWithZero = (heap: Heap, address: number, length: number): boolean =>
  heap.bytes[address + length] === 0;

function isHashOfBytes(heap: Heap, object: number, hash: number): boolean {
  const length = wordAt(heap, object + BYTES.length);
  if (length === 0 || !endsWithZero(heap, object + BYTES.data, length)) return false;
  return heap.hashBuffer(object + BYTES.data, length) >>> 0 === hash;
}

/** Tables of pointers depend on no secret, and pass neither test. */
function addTable(heap: Heap, address: number, found: Found): void {
  const buckets = wordAt(heap, address + C_TABLE.buckets);
  if (buckets < LEAST_BUCKETS || (buckets & (buckets - 1)) !== 0) return; // nearly everything ends here
  const entries = cEntries(heap, address);
  if (entries === undefined) return;
  const all = (hash: (key: number) => number): boolean =>
    entries.every((entry: CEntry) => isWithinBytes(heap, entry.key) && hash(entry.key) === entry.hash);
  if (all((key) => wordAt(heap, key + TEXT.hash)) && all((key) => hashText(heap, key)))
    found.textTables.push(address);
  else if (all((key) => (isName(heap, key) ? hashName(heap, key) : NO_HASH))) found.nameTables.push(address);
}

/** A C string, as short as names are. */
const isName = (heap: Heap, address: number): boolean =>
  heap.bytes.subarray(address, address + MOST_NAME_BYTES).includes(0);

const isWithinBytes = (heap: Heap, address: number): boolean =>
  address > 0 && address + TEXT.data < heap.bytes.length;

/** Whether the word is what the object remembers of its own hash. */
function isCacheOf(heap: Heap, object: number, word: number): boolean {
  const remembered = wordAt(heap, word);
  heap.words[word >>> 2] = NO_HASH;
  const hash = heap.hashOf(object);
  if (hash !== undefined && hash >>> 0 === remembered) return true;
  heap.words[word >>> 2] = remembered;
  return false;
}

/** We hash texts ourselves, and as CPython does. */
function checkHash(heap: Heap, text: number): void {
  if (wordAt(heap, text + TEXT.hash) !== hashText(heap, text))
    throw new Error(`the text at ${text} has another hash than this interpreter would give it`);
}

/** The table is one still, and holds what it did. Of others nothing is asked here: the code of objects may have changed them. */
function checkTable(
  kind: string,
  at: number,
  found: ReadonlyMap<number, readonly Entry[]>,
  now: readonly Entry[] | undefined,
): void {
  const before = found.get(at) ?? [];
  const keys = new Set([...before, ...(now ?? [])].map(({ key }) => key));
  if (now?.length !== before.length || keys.size !== before.length)
    throw new Error(`the ${kind} at ${at} does not stand another secret`);
}

function checkOrder(heap: Heap, dict: number): void {
  const entries = dictEntries(heap, wordAt(heap, dict + DICT.keys)) ?? [];
  const hashes = new Map(entries.map(({ key, hash }) => [key, hash]));
  for (
    let node = wordAt(heap, dict + ORDERED_DICT.first);
    node !== 0;
    node = wordAt(heap, node + ORDERED_NODE.next)
  ) {
    if (hashes.get(wordAt(heap, node + ORDERED_NODE.key)) !== wordAt(heap, node + ORDERED_NODE.hash))
      throw new Error(`the ordered dict at ${dict} does not stand another secret`);
  }
}
