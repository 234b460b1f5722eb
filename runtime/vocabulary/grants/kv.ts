export const KV_ACCESS = ['read', 'write'] as const;

export type KvAccess = (typeof KV_ACCESS)[number];

/** What is done when a new value does not fit: it is refused, or the values that were written longest ago make room. */
export const KV_WHEN_FULL = ['refuse', 'remove-oldest'] as const;

export type KvWhenFull = (typeof KV_WHEN_FULL)[number];

/** One store of JSON values by key, in memory, as long as the runtime lives. Runs whose grants give the same name share it; nobody else sees it. */
export interface KvGrant {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: string;
  /** @default ['read'] */
  readonly access?: readonly KvAccess[];
  /** Entries in the store after a write, 1..10,000. @default 1,000 */
  readonly maxEntries?: number;
  /** Bytes in the store after a write: keys and values as JSON in UTF-8, and 64 for each entry; 1..1 GiB. @default 1 MiB */
  readonly maxBytes?: number;
  /** Bytes of one value as JSON in UTF-8, 1..1 GiB. @default 64 KiB */
  readonly maxValueBytes?: number;
  /** Longest life of what is written, ms, 1..31,536,000,000 (a year). @default as long as the runtime lives */
  readonly ttlMs?: number;
  /** @default 'refuse' */
  readonly whenFull?: KvWhenFull;
  /** Calls through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
}
