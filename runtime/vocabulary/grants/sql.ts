export const SQL_ACCESS = ['read', 'write'] as const;

export type SqlAccess = (typeof SQL_ACCESS)[number];

/** One database, by the name that the embedder gave it. Where it is and who signs in there is the embedder's; a guest knows the name only. */
export interface SqlGrant {
  /** A name of `createRuntime({ sql })`. */
  readonly name: string;
  /** @default ['read'] */
  readonly access?: readonly SqlAccess[];
  /** Rows of one answer, 1..1,000,000. An answer with more is cut there, and says so: `truncated`. @default 10,000 */
  readonly maxRows?: number;
  /** Longest statement, ms, 1..600,000: it is cancelled at the server then. The run's deadline holds as well. @default 30,000 */
  readonly timeoutMs?: number;
  /** Calls through this entry. Over it: HOST_CALLS_EXCEEDED */
  readonly maxCalls?: number;
  /** Bytes that the database answers through this entry, in all. Over it the call is denied. */
  readonly maxBytes?: number;
}
