import { DEFAULT_MAX_TABLE_ELEMENTS } from './instrument.ts';

/** What a binary may ask for before it is looked at any further. */
export interface GuardOptions {
  /** Pages of 64 KiB that one memory may start with. @default 65_536 (4 GiB) */
  readonly maxMemoryPages?: number;
  /** Elements that one table may start with. @default 1_000_000 */
  readonly maxTableElements?: number;
  /** How deep components may be nested. @default 16 */
  readonly maxNesting?: number;
  /** Whether memories may be addressed by i64. @default false */
  readonly memory64?: boolean;
}

export type GuardLimits = Required<GuardOptions>;

export const guardLimits = (options: GuardOptions): GuardLimits => ({
  maxMemoryPages: options.maxMemoryPages ?? 65_536,
  maxTableElements: options.maxTableElements ?? DEFAULT_MAX_TABLE_ELEMENTS,
  maxNesting: options.maxNesting ?? 16,
  memory64: options.memory64 ?? false,
});
