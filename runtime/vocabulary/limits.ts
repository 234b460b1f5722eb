import { unknownName } from './nearest.ts';
import { KIB, MIB } from './units.ts';

/** The budget of one run. Every limit is enforced and reported; an absent one takes its default, never "unlimited". */
export interface Limits {
  /** Wall-clock budget of one run, ms, 1..600_000. @default 10_000. Over it: DEADLINE_EXCEEDED */
  readonly timeoutMs: number;
  /** Deterministic work units, about one wasm operator each, 1..2^53-1. @default 20_000_000_000. Over it: FUEL_EXHAUSTED */
  readonly fuel: number;
  /** Linear memory, bytes, 1 MiB..4 GiB, a hard cap. @default 64 MiB (Python 512 MiB). Over it: MEMORY_EXCEEDED */
  readonly memoryBytes: number;
  /** stdout + stderr + value together, bytes, 0..256 MiB. @default 1 MiB. Over it: OUTPUT_EXCEEDED */
  readonly outputBytes: number;
  /** Host calls of all capabilities together, 0..1_000_000. @default 1_000. Over it: HOST_CALLS_EXCEEDED */
  readonly hostCalls: number;
  /** One argument or answer of a host call, bytes, 1 KiB..64 MiB. @default 8 MiB. Over it the call is refused. */
  readonly hostCallBytes: number;
  /**
   * Share of one processor, 0.01..1. @default 1: as fast as it goes. A guest over it rests between its slices: nothing fails, but for its
   * deadline. Refused with UNSUPPORTED in the caller's own thread, where there is nothing to rest in.
   */
  readonly cpuShare: number;
}

export type LimitName = keyof Limits;

export interface LimitInfo {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly unit: 'ms' | 'bytes' | 'units' | 'calls' | 'share';
}

/** Name → default, range and unit. Ranges are inclusive; all limits but shares are whole numbers. */
export const LIMITS: Readonly<Record<LimitName, LimitInfo>> = Object.freeze({
  timeoutMs: { default: 10_000, minimum: 1, maximum: 600_000, unit: 'ms' },
  fuel: { default: 20_000_000_000, minimum: 1, maximum: Number.MAX_SAFE_INTEGER, unit: 'units' },
  memoryBytes: { default: 64 * MIB, minimum: MIB, maximum: 4096 * MIB, unit: 'bytes' },
  outputBytes: { default: MIB, minimum: 0, maximum: 256 * MIB, unit: 'bytes' },
  hostCalls: { default: 1_000, minimum: 0, maximum: 1_000_000, unit: 'calls' },
  hostCallBytes: { default: 8 * MIB, minimum: KIB, maximum: 64 * MIB, unit: 'bytes' },
  cpuShare: { default: 1, minimum: 0.01, maximum: 1, unit: 'share' },
});

export const LIMIT_NAMES: readonly LimitName[] = Object.keys(LIMITS) as LimitName[]; // the record above is keyed by exactly these names

const isLimitName = (name: string): name is LimitName => Object.hasOwn(LIMITS, name);

/**
 * Checks one set of limits.
 * @param where Names the place in the error, e.g. `limits` or `grant.limits`.
 * @throws {TypeError} on an unknown name or a value that is not a number.
 * @throws {RangeError} on a value outside its range or not whole.
 */
export function checkLimits(value: unknown, where = 'limits'): Partial<Limits> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot read ${where}: expected an object of limits, got ${describe(value)}`);
  }
  const checked: { -readonly [K in LimitName]?: number } = {};
  for (const [name, limit] of Object.entries(value)) {
    if (!isLimitName(name)) {
      throw unknownName(`read ${where}: unknown limit`, name, LIMIT_NAMES);
    }
    if (limit === undefined) continue;
    if (typeof limit !== 'number') {
      throw new TypeError(`Cannot read ${where}.${name}: expected a number, got ${describe(limit)}`);
    }
    const { minimum, maximum, unit } = LIMITS[name];
    const isWhole = Number.isInteger(limit) || (unit === 'share' && Number.isFinite(limit));
    if (!isWhole || limit < minimum || limit > maximum) {
      const what = unit === 'share' ? 'a share' : `a whole number of ${unit}`;
      throw new RangeError(
        `Cannot read ${where}.${name}: ${limit} is not ${what} from ${minimum} to ${maximum}`,
      );
    }
    checked[name] = limit;
  }
  return checked;
}

/** The smallest of each limit over all given sets; what no set names takes its default. Never loosens. */
export function mergeLimits(sets: readonly Partial<Limits>[], defaults: Partial<Limits> = {}): Limits {
  const smallest = (name: LimitName): number => {
    let least: number | undefined;
    for (const { [name]: given } of sets) {
      if (given !== undefined && (least === undefined || given < least)) least = given;
    }
    return least ?? defaults[name] ?? LIMITS[name].default;
  };
  return {
    timeoutMs: smallest('timeoutMs'),
    fuel: smallest('fuel'),
    memoryBytes: smallest('memoryBytes'),
    outputBytes: smallest('outputBytes'),
    hostCalls: smallest('hostCalls'),
    hostCallBytes: smallest('hostCallBytes'),
    cpuShare: smallest('cpuShare'),
  };
}

const describe = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'string'
        ? JSON.stringify(value)
        : typeof value;
