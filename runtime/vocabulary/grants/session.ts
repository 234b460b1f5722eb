export const SESSION_ACCESS = ['read', 'write'] as const;

export type SessionAccess = (typeof SESSION_ACCESS)[number];

/** The store of the session that a run belongs to: JSON values by key, in memory, as long as the session. No other session sees it. */
export interface SessionGrant {
  /** @default ['read'] */
  readonly access?: readonly SessionAccess[];
  /** Entries in the store after a write, 1..10,000. @default 1,000 */
  readonly maxEntries?: number;
  /** Bytes in the store after a write, counted as in `kv`; 1..1 GiB. @default 1 MiB */
  readonly maxBytes?: number;
  /** Bytes of one value as JSON in UTF-8, 1..1 GiB. @default 64 KiB */
  readonly maxValueBytes?: number;
  /** Longest life of what is written, ms, 1..31,536,000,000 (a year). @default as long as the session */
  readonly ttlMs?: number;
  /** Calls of one run. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
}
