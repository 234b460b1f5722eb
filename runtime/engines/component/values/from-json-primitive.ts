import type { GuestValue } from '../../../vocabulary/guest-value.ts';
import type { Primitive, WitType } from '../types/wit-type.ts';
import { MisfitError } from './misfit.ts';

type PrimitiveType = { readonly kind: Primitive };

const INTEGERS: ReadonlyMap<string, readonly [low: bigint, high: bigint]> = new Map([
  ['u8', [0n, 0xffn]],
  ['s8', [-0x80n, 0x7fn]],
  ['u16', [0n, 0xffffn]],
  ['s16', [-0x8000n, 0x7fffn]],
  ['u32', [0n, 0xffff_ffffn]],
  ['s32', [-0x8000_0000n, 0x7fff_ffffn]],
  ['u64', [0n, 0xffff_ffff_ffff_ffffn]],
  ['s64', [-0x8000_0000_0000_0000n, 0x7fff_ffff_ffff_ffffn]],
]);
const OTHERS: ReadonlySet<string> = new Set(['bool', 'f32', 'f64', 'char', 'string']);

export const isPrimitive = (type: WitType): type is PrimitiveType =>
  OTHERS.has(type.kind) || INTEGERS.has(type.kind);

/** @throws {MisfitError} */
export function readPrimitive(value: GuestValue, type: PrimitiveType, path: string): unknown {
  switch (type.kind) {
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'char':
      // One Unicode scalar value; of a longer text no more than that is looked at.
      if (typeof value === 'string' && value.length <= 2 && [...value].length === 1 && value.isWellFormed())
        return value;
      break;
    case 'f32':
    case 'f64':
      if (typeof value === 'number') return value;
      if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
      break;
    default: {
      const whole = wholeNumber(value);
      const [low, high] = INTEGERS.get(type.kind) ?? [0n, -1n];
      if (whole === undefined || whole < low || whole > high)
        throw MisfitError.value(path, type, value, precisionHint(value, type));
      return type.kind === 'u64' || type.kind === 's64' ? whole : Number(whole);
    }
  }
  throw MisfitError.value(path, type, value);
}

function wholeNumber(value: GuestValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** A number past 2⁵³ may not be the one that was written. */
const precisionHint = (value: GuestValue, { kind }: PrimitiveType): string | undefined =>
  (kind === 'u64' || kind === 's64') && typeof value === 'number' && Number.isInteger(value)
    ? 'Pass whole numbers over 9007199254740991 as decimal text or a bigint'
    : undefined;
