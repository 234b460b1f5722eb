import type { JsonValue } from './json.ts';

/** What a run can answer with: JSON, plus `bigint` (i64) and bytes. */
export type GuestValue =
  | JsonValue
  | bigint
  | Uint8Array
  | undefined
  | readonly GuestValue[]
  | { readonly [key: string]: GuestValue };
