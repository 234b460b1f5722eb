import type { ToolOutcome } from './tool-call.ts';

/**
 * Where results of cacheable tools are kept. What it throws is a miss, which `onError` is told of. Keys are made of name, version, arguments, caller,
 * grant, level and limits: a tool that changes has another version.
 */
export interface ToolCacheStore {
  /** What `set` was handed for the key, or `undefined`. */
  get(key: string): CachedResult | undefined | Promise<CachedResult | undefined>;
  /** @param bytes About what it weighs. */
  set(key: string, result: CachedResult, bytes: number): void | Promise<void>;
}

export interface CachedResult {
  /** Plain data: JSON, and the bigints and bytes of its value. */
  readonly outcome: ToolOutcome;
  /** When it was made, ms since the epoch. */
  readonly at: number;
}
