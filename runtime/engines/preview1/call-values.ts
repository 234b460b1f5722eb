import type { GuestValue } from '../../vocabulary/guest-value.ts';
import { toJsonForm } from '../../vocabulary/json-form.ts';
import { formatSignature, type Signature } from './signature.ts';

export type CallArgs =
  | { readonly ok: true; readonly args: readonly (number | bigint)[] }
  | { readonly ok: false; readonly message: string };

const DECIMAL = /^[+-]?\d{1,20}$/;
const NON_FINITE: Readonly<Record<string, number>> = Object.freeze({
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
});

/**
 * Converts the arguments of a call by the function's own type: i32 a whole number, i64 a bigint, a decimal string or a safe whole number, f32
 * and f64 a number or one of the strings `NaN`, `Infinity`, `-Infinity`. Integers may be given signed or unsigned.
 */
export function toCallArgs(signature: Signature, given: readonly GuestValue[]): CallArgs {
  const { name, params, results } = signature;
  if (given.length !== params.length) {
    const takes = params.length === 1 ? '1 argument' : `${params.length} arguments`;
    return {
      ok: false,
      message: `Cannot call "${name}": ${formatSignature(signature)} takes ${takes}, got ${given.length}`,
    };
  }
  const opaque = results.find((type) => !Object.hasOwn(EXPECTED, type));
  if (opaque !== undefined) {
    return {
      ok: false,
      message: `Cannot call "${name}": it answers a ${opaque}, which no JSON value can be`,
    };
  }
  const args: (number | bigint)[] = [];
  for (const [index, type] of params.entries()) {
    const value = toWasmValue(type, given[index]);
    if (value === undefined) {
      return {
        ok: false,
        message:
          `Cannot call "${name}": argument ${index + 1} must be ` +
          `${EXPECTED[type] ?? `a ${type}, which no JSON value can be`}, got ${show(given[index])}`,
      };
    }
    args.push(value);
  }
  return { ok: true, args };
}

const EXPECTED: Readonly<Record<string, string>> = Object.freeze({
  i32: 'an i32: a whole number from -2147483648 to 4294967295',
  i64: 'an i64: a bigint, a decimal string or a safe whole number',
  f32: 'an f32: a number',
  f64: 'an f64: a number',
});

/** A value as wasm takes it by a type; `undefined` where it does not fit. */
export function toWasmValue(type: string, value: GuestValue): number | bigint | undefined {
  switch (type) {
    case 'i32':
      return typeof value === 'number' &&
        Number.isInteger(value) &&
        value >= -0x8000_0000 &&
        value <= 0xffff_ffff
        ? value | 0
        : undefined;
    case 'i64': {
      const wide = toBigint(value);
      return wide !== undefined && wide >= -(2n ** 63n) && wide < 2n ** 64n
        ? BigInt.asIntN(64, wide)
        : undefined;
    }
    case 'f32':
    case 'f64':
      if (typeof value === 'number') return value;
      return typeof value === 'string' && Object.hasOwn(NON_FINITE, value) ? NON_FINITE[value] : undefined;
    default:
      return undefined;
  }
}

function toBigint(value: GuestValue): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  return typeof value === 'string' && DECIMAL.test(value) ? BigInt(value.replace(/^\+/, '')) : undefined;
}

function show(value: GuestValue): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return 'bytes';
  const text = JSON.stringify(toJsonForm(value)) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** The answer of a call, whose type `toCallArgs` has found to be numbers only: nothing, one, or an array of several. */
export function fromCallResult({ results }: Signature, returned: unknown): GuestValue {
  // V8 gives what the function's type says: a number or a bigint, or an array of these for several results.
  if (results.length === 0) return undefined;
  return returned as number | bigint | readonly (number | bigint)[];
}
