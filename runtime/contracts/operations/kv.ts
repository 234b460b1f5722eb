import type { JsonValue } from '../../vocabulary/json.ts';

interface KeyArgs {
  /** Name of a store of the grant. */
  readonly store: string;
  /** 1 to 512 bytes of UTF-8. */
  readonly key: string;
}

/** The operations of `kv`. `HOST_CALL_FAILED` carries `details.reason`: `too-large` (one value), `full` (the store, or all stores of the runtime). */
export interface KvOperations {
  /** `null` where there is nothing, or no longer. */
  readonly 'kv.get': { readonly args: KeyArgs; readonly value: JsonValue };
  readonly 'kv.set': {
    readonly args: KeyArgs & {
      readonly value: JsonValue;
      /** Life from now, ms. @default the grant's; never more */
      readonly ttlMs?: number;
    };
    /** Other entries that had to make room. */
    readonly value: { readonly removed: number };
  };
  /** Whether there was one. */
  readonly 'kv.delete': { readonly args: KeyArgs; readonly value: boolean };
  /** Keys in the order of their UTF-16 code units. */
  readonly 'kv.list': {
    readonly args: {
      readonly store: string;
      readonly prefix?: string;
      /** Only keys behind this one: the last of the page before. */
      readonly after?: string;
      /** 1..1,000. @default 1,000 */
      readonly limit?: number;
    };
    readonly value: { readonly keys: readonly string[]; readonly truncated: boolean };
  };
}

type OfSession<Operation extends keyof KvOperations> = Omit<KvOperations[Operation], 'args'> & {
  readonly args: Omit<KvOperations[Operation]['args'], 'store'>;
};

/** The operations of `session`: those of `kv`, in the one store of the session. A run of no session is told UNSUPPORTED. */
export interface SessionStoreOperations {
  readonly 'session.get': OfSession<'kv.get'>;
  readonly 'session.set': OfSession<'kv.set'>;
  readonly 'session.delete': OfSession<'kv.delete'>;
  readonly 'session.list': OfSession<'kv.list'>;
}

/** What all stores of one runtime hold at most. */
export interface KvOptions {
  /** Stores that hold anything, 1..10,000. @default 1,000 */
  readonly maxStores?: number;
  /** Bytes of all of them, counted as in a grant; 1..4 GiB. @default 64 MiB */
  readonly maxBytes?: number;
}
