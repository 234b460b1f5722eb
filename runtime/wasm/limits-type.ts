import { hex, invalid } from './invalid.ts';
import type { Reader } from './reader.ts';

/** Bytes of one page of linear memory. */
export const PAGE_BYTES = 65_536;

/** The limits of a memory, in pages, or of a table, in elements. */
export interface SizeLimits {
  readonly minimum: number;
  readonly maximum: number | undefined;
  /** Addressed by i64. */
  readonly wide: boolean;
  /** A table of exceptions. */
  readonly exceptions?: true;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;

/** Reads limits; shared memories, custom page sizes and whatever comes later are refused. */
export function readLimits(reader: Reader, what: 'memory' | 'table'): SizeLimits {
  const flags = reader.byte();
  if ((flags & SHARED) !== 0) throw invalid(`its ${what} is shared between threads`, reader.at - 1);
  if (flags > (HAS_MAXIMUM | WIDE))
    throw invalid(`${what} limits ${hex(flags)} are not known`, reader.at - 1);
  const wide = (flags & WIDE) !== 0;
  const bound = (): number => (wide ? reader.u64() : reader.u32());
  const minimum = bound();
  const maximum = (flags & HAS_MAXIMUM) === 0 ? undefined : bound();
  // Caps put on later would hide these two from the engine's validation.
  if (maximum !== undefined && maximum < minimum) {
    throw invalid(`its ${what} may grow to ${maximum} and starts with ${minimum}`, reader.at);
  }
  const most = wide ? 2 ** 48 : 2 ** 16;
  if (what === 'memory' && (maximum ?? minimum) > most) {
    throw invalid(`its memory may have ${maximum ?? minimum} pages, more than can be addressed`, reader.at);
  }
  return { minimum, maximum, wide };
}

/** The flag byte of limits that have a maximum. */
export const boundedFlags = (limits: SizeLimits): number => HAS_MAXIMUM | (limits.wide ? WIDE : 0);

/**
 * The maximum of each of several memories or tables, such that all of them together never pass `cap`: what the minimums leave is
 * shared out evenly. A single one may grow to the cap itself.
 * @throws {SandglassError} MODULE_INVALID when they start beyond the cap.
 */
export function shareCap(all: readonly SizeLimits[], cap: number, what: 'memory' | 'table'): number[] {
  const least = all.reduce((sum, { minimum }) => sum + minimum, 0);
  if (least > cap) {
    const unit = what === 'memory' ? 'pages of 64 KiB' : 'elements';
    throw invalid(`its ${what} starts with ${least} ${unit}, at most ${cap} are allowed`);
  }
  const share = all.length === 0 ? 0 : Math.floor((cap - least) / all.length);
  return all.map(({ minimum, maximum }) => Math.min(maximum ?? Number.POSITIVE_INFINITY, minimum + share));
}
