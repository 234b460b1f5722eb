import type { KvOptions } from '../../runtime/contracts/operations/kv.ts';
import type { KvWhenFull } from '../../runtime/vocabulary/grants/kv.ts';
import { refuseUnknown, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';

/** What an entry counts beside its key and its value: the memory of the host for it is not nothing. */
const ENTRY_BYTES = 64;

interface Entry {
  /** The value as JSON: nobody can change it. */
  readonly text: string;
  readonly bytes: number;
  /** ms since the epoch. */
  readonly expires: number;
}

/** Entries in the order in which they were written last. */
interface Store {
  readonly entries: Map<string, Entry>;
  bytes: number;
  /** Nothing expires before. */
  firstExpiry: number;
}

export interface KvBounds {
  readonly maxEntries: number;
  readonly maxBytes: number;
  readonly whenFull: KvWhenFull;
}

/** Written, with the number of entries that made room; or why it does not fit. */
export type KvWritten = { readonly removed: number } | { readonly full: 'store' | 'runtime' | 'stores' };

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function readKvOptions(given: unknown): Required<KvOptions> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError('Cannot create a runtime: kv is not an object with maxStores or maxBytes');
  refuseUnknown(given, { maxStores: true, maxBytes: true }, 'create a runtime: kv');
  const figure = (name: keyof KvOptions, maximum: number): number | undefined =>
    wholeNumber(Reflect.get(given, name), `create a runtime: kv.${name}`, { minimum: 1, maximum });
  return {
    maxStores: figure('maxStores', 10_000) ?? 1_000,
    maxBytes: figure('maxBytes', 4_096 * MIB) ?? 64 * MIB,
  };
}

/** All stores of one runtime, in memory. It knows no grant: whoever calls has checked it. */
export class KvStores {
  readonly #stores = new Map<string, Store>();
  readonly #most: Required<KvOptions>;
  readonly #now: () => number;
  #bytes = 0;

  constructor(most: Required<KvOptions>, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** The value as JSON. */
  get(name: string, key: string): string | undefined {
    const store = this.#stores.get(name);
    if (store === undefined) return undefined;
    this.#expire(name, store);
    return store.entries.get(key)?.text;
  }

  /** Nothing changes unless it fits. */
  set(name: string, key: string, text: string, ttlMs: number, bounds: KvBounds): KvWritten {
    const bytes = ENTRY_BYTES + utf8Length(key) + utf8Length(text);
    const now = this.#now();
    const there = this.#stores.get(name);
    if (there !== undefined) this.#expire(name, there);
    const known = this.#stores.get(name);
    const oldest = known === undefined ? [] : outOfTheWay(known, key, bytes, bounds);
    if (oldest === undefined || bytes > bounds.maxBytes) return { full: 'store' };
    const before = known?.entries.get(key)?.bytes ?? 0;
    const freed = oldest.reduce((sum, old) => sum + (known?.entries.get(old)?.bytes ?? 0), before);
    const lacksBytes = (): boolean => this.#bytes - freed + bytes > this.#most.maxBytes;
    const lacksStores = (): boolean => known === undefined && this.#stores.size >= this.#most.maxStores;
    if (lacksBytes() || lacksStores()) this.#expireAll();
    if (lacksBytes()) return { full: 'runtime' };
    if (lacksStores()) return { full: 'stores' };
    const store = known ?? { entries: new Map(), bytes: 0, firstExpiry: Number.POSITIVE_INFINITY };
    this.#stores.set(name, store);
    for (const old of oldest) this.#remove(store, old);
    this.#remove(store, key); // it is the youngest now
    const expires = now + ttlMs;
    store.entries.set(key, { text, bytes, expires });
    store.bytes += bytes;
    this.#bytes += bytes;
    store.firstExpiry = Math.min(store.firstExpiry, expires);
    return { removed: oldest.length };
  }

  delete(name: string, key: string): boolean {
    const store = this.#stores.get(name);
    if (store === undefined) return false;
    this.#expire(name, store);
    const was = this.#remove(store, key);
    this.#dropEmpty(name, store);
    return was;
  }

  keys(name: string): readonly string[] {
    const store = this.#stores.get(name);
    if (store === undefined) return [];
    this.#expire(name, store);
    return [...store.entries.keys()];
  }

  drop(name: string): void {
    this.#bytes -= this.#stores.get(name)?.bytes ?? 0;
    this.#stores.delete(name);
  }

  clear(): void {
    this.#stores.clear();
    this.#bytes = 0;
  }

  #remove(store: Store, key: string): boolean {
    const entry = store.entries.get(key);
    if (entry === undefined) return false;
    store.entries.delete(key);
    store.bytes -= entry.bytes;
    this.#bytes -= entry.bytes;
    return true;
  }

  /** What has expired holds no room. */
  #expireAll(): void {
    for (const [name, store] of this.#stores) this.#expire(name, store);
  }

  #expire(name: string, store: Store): void {
    const now = this.#now();
    if (now < store.firstExpiry) return;
    let first = Number.POSITIVE_INFINITY;
    for (const [key, { expires }] of store.entries) {
      if (expires <= now) this.#remove(store, key);
      else first = Math.min(first, expires);
    }
    store.firstExpiry = first;
    this.#dropEmpty(name, store);
  }

  #dropEmpty(name: string, store: Store): void {
    if (store.entries.size === 0) this.#stores.delete(name);
  }
}

/** The keys that must go so that an entry fits; `undefined` where none may. */
function outOfTheWay(store: Store, key: string, bytes: number, bounds: KvBounds): string[] | undefined {
  const replaced = store.entries.get(key);
  let count = store.entries.size + (replaced === undefined ? 1 : 0);
  let sum = store.bytes - (replaced?.bytes ?? 0) + bytes;
  const oldest: string[] = [];
  for (const [old, entry] of store.entries) {
    if (count <= bounds.maxEntries && sum <= bounds.maxBytes) break;
    if (bounds.whenFull === 'refuse') return undefined;
    if (old === key) continue;
    oldest.push(old);
    count -= 1;
    sum -= entry.bytes;
  }
  return oldest;
}
