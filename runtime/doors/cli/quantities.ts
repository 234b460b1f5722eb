import { LIMITS, type LimitName } from '../../vocabulary/limits.ts';
import { UsageError } from './usage-error.ts';

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, min: 60_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1_000,
  mb: 1_000_000,
  gb: 1_000_000_000,
  kib: 1_024,
  mib: 1_048_576,
  gib: 1_073_741_824,
};
const COUNT_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/** `5s`, `250ms`, `1.5m` → milliseconds. A bare number is refused: it could be seconds as well. */
export const parseDuration = (flag: string, text: string): number => {
  const ms = parse(flag, text, TIME_UNITS, 'a time with its unit, such as 500ms, 5s or 2m');
  return inRange(flag, text, ms, 'timeoutMs');
};

/** `64MiB`, `512KiB`, `1GiB`, `64MB`, `1048576B` → bytes. */
export const parseSize = (flag: string, text: string): number => {
  const bytes = parse(flag, text, SIZE_UNITS, 'a size with its unit, such as 64MiB or 1GiB');
  return inRange(flag, text, bytes, 'memoryBytes');
};

/** The same, for what a guest may print. */
export const parseOutputSize = (flag: string, text: string): number => {
  const bytes = parse(flag, text, SIZE_UNITS, 'a size with its unit, such as 64KiB or 16MiB');
  return inRange(flag, text, bytes, 'outputBytes');
};

/** `5000`, `5k` → calls. */
export const parseCalls = (flag: string, text: string): number => {
  const calls = parse(flag, text.replaceAll('_', ''), COUNT_UNITS, 'a number, such as 5000 or 5k');
  return inRange(flag, text, calls, 'hostCalls');
};

/** `5000000`, `5_000_000`, `5M`, `2G` → units. */
export const parseFuel = (flag: string, text: string): number => {
  const units = parse(flag, text.replaceAll('_', ''), COUNT_UNITS, 'a number, such as 5000000, 5M or 2G');
  return inRange(flag, text, units, 'fuel');
};

/** `0.5`, `50%` → a share. */
export const parseShare = (flag: string, text: string): number => {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  if (digits === undefined)
    throw new UsageError(`Cannot read ${flag}=${text}: expected a share, such as 0.5 or 50%`);
  return inRange(flag, text, Number(digits) / (percent === '%' ? 100 : 1), 'cpuShare');
};

/** A whole number from `minimum` to `maximum`. */
export function parseWhole(flag: string, text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw new UsageError(
      `Cannot read ${flag}=${text}: expected a whole number from ${minimum} to ${maximum}`,
    );
  }
  return value;
}

function parse(
  flag: string,
  text: string,
  units: Readonly<Record<string, number>>,
  expected: string,
): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (digits === undefined || factor === undefined) {
    throw new UsageError(`Cannot read ${flag}=${text}: expected ${expected}`);
  }
  return Math.round(Number(digits) * factor);
}

function inRange(flag: string, text: string, value: number, limit: LimitName): number {
  const { minimum, maximum, unit } = LIMITS[limit];
  if (value < minimum || value > maximum) {
    throw new UsageError(
      `Cannot use ${flag}=${text}: it goes from ${rangeText(minimum, unit)} to ${rangeText(maximum, unit)}`,
    );
  }
  return value;
}

/** `12 ms`, `1.2 s`. */
export const formatDuration = (ms: number): string =>
  ms < 1_000 ? `${ms < 10 ? trim(ms) : Math.round(ms)} ms` : `${trim(ms / 1_000)} s`;

/** `812 B`, `16.8 MiB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${trim(value)} ${units[unit]}`;
}

const rangeText = (bound: number, unit: string): string =>
  unit === 'bytes' ? formatSize(bound) : unit === 'share' ? String(bound) : `${bound} ${unit}`;

/** `812`, `12.3 k`, `0.3 M`, `4.1 G`. */
export function formatCount(count: number): string {
  if (count < 1e3) return String(count);
  if (count < 1e5) return `${trim(count / 1e3)} k`;
  return count < 1e9 ? `${trim(count / 1e6)} M` : `${trim(count / 1e9)} G`;
}

const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
