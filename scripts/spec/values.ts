import { atomOf, type Expression, headOf, isList, type List } from './s-expression.ts';

/** One numeric value of a script: its bits, with what a NaN may be left open. */
export interface Value {
  readonly type: 'i32' | 'i64' | 'f32' | 'f64' | 'v128';
  readonly bytes: Uint8Array;
  /** Lane by lane for `nan:canonical` and `nan:arithmetic`; the width in bytes of each lane. */
  readonly laneBytes: number;
  readonly nans: readonly (string | undefined)[];
}

export const isNumeric = (expression: Expression): expression is List =>
  /^(i32|i64|f32|f64|v128)\.const$/.test(headOf(expression));

/** Reads `(i32.const 1)`, `(v128.const i8x16 …)` and their like. */
export function readValue(expression: List): Value {
  const type = headOf(expression).split('.')[0] as Value['type']; // `isNumeric` was asked
  const operands = expression.items.slice(1).map(atomOf);
  if (type !== 'v128') return lanes(type, type, operands);
  const [shape = '', ...values] = operands;
  return lanes('v128', shape.split('x')[0] ?? '', values);
}

const WIDTHS: Readonly<Record<string, number>> = { i8: 1, i16: 2, i32: 4, i64: 8, f32: 4, f64: 8 };

function lanes(type: Value['type'], lane: string, literals: readonly string[]): Value {
  const laneBytes = WIDTHS[lane] ?? 4;
  const bytes = new Uint8Array(laneBytes * literals.length);
  const view = new DataView(bytes.buffer);
  const nans = literals.map((literal, index) => {
    const at = index * laneBytes;
    if (literal === 'nan:canonical' || literal === 'nan:arithmetic') return literal;
    const bits = lane.startsWith('f') ? floatBits(literal, laneBytes) : integer(literal);
    if (laneBytes === 8) view.setBigUint64(at, BigInt.asUintN(64, bits), true);
    else if (laneBytes === 4) view.setUint32(at, Number(BigInt.asUintN(32, bits)), true);
    else if (laneBytes === 2) view.setUint16(at, Number(BigInt.asUintN(16, bits)), true);
    else view.setUint8(at, Number(BigInt.asUintN(8, bits)));
    return undefined;
  });
  return { type, bytes, laneBytes, nans };
}

function integer(literal: string): bigint {
  const plain = literal.replaceAll('_', '');
  const digits = plain.replace(/^[+-]/, '');
  return plain.startsWith('-') ? -BigInt(digits) : BigInt(digits);
}

function floatBits(literal: string, width: number): bigint {
  const plain = literal.replaceAll('_', '');
  const negative = plain.startsWith('-');
  const body = plain.replace(/^[+-]/, '');
  const [mantissaBits, exponentMask] = width === 4 ? [23n, 0xffn] : [52n, 0x7ffn];
  const sign = negative ? 1n << (width === 4 ? 31n : 63n) : 0n;
  if (body.startsWith('nan')) {
    const payload = body.startsWith('nan:') ? BigInt(body.slice(4)) : 1n << (mantissaBits - 1n);
    return sign | (exponentMask << mantissaBits) | payload;
  }
  if (body === 'inf') return sign | (exponentMask << mantissaBits);
  return sign | (body.startsWith('0x') ? hexBits(body.slice(2), width) : decimalBits(body, width));
}

function decimalBits(body: string, width: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  if (width === 8) {
    view.setFloat64(0, Number(body));
    return view.getBigUint64(0);
  }
  // Rounding twice, to 64 bits and then to 32, may miss by one: compare the neighbours exactly.
  const [digits = '', power = '0'] = body.toLowerCase().split('e');
  const [whole = '', fraction = ''] = digits.split('.');
  let numerator = BigInt(whole + fraction || '0');
  let denominator = 1n;
  const exponent = Number(power) - fraction.length;
  if (exponent >= 0) numerator *= 10n ** BigInt(exponent);
  else denominator = 10n ** BigInt(-exponent);
  return roundRatio(numerator, denominator, width);
}

function hexBits(body: string, width: number): bigint {
  const [digits = '', power = '0'] = body.toLowerCase().split('p');
  const [whole = '', fraction = ''] = digits.split('.');
  let numerator = BigInt(`0x${whole}${fraction}` === '0x' ? '0' : `0x${whole}${fraction}`);
  let denominator = 1n;
  const exponent = Number(power) - 4 * fraction.length;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  return roundRatio(numerator, denominator, width);
}

/** The bits of the float nearest to a ratio, ties to even. */
function roundRatio(numerator: bigint, denominator: bigint, width: number): bigint {
  if (numerator === 0n) return 0n;
  const [precision, bias] = width === 4 ? [23, 127] : [52, 1023];
  let exponent = numerator.toString(2).length - denominator.toString(2).length;
  const atLeast = (power: number): boolean =>
    power >= 0 ? numerator >= denominator << BigInt(power) : numerator << BigInt(-power) >= denominator;
  if (!atLeast(exponent)) exponent -= 1;
  const unit = Math.max(exponent, 1 - bias) - precision;
  const scaledDenominator = unit >= 0 ? denominator << BigInt(unit) : denominator;
  const scaledNumerator = unit >= 0 ? numerator : numerator << BigInt(-unit);
  let mantissa = scaledNumerator / scaledDenominator;
  const rest = (scaledNumerator % scaledDenominator) * 2n;
  if (rest > scaledDenominator || (rest === scaledDenominator && mantissa % 2n === 1n)) mantissa += 1n;
  const hidden = 1n << BigInt(precision);
  // A carry out of the mantissa raises the exponent by itself, because the fields stand next to each other.
  return exponent < 1 - bias
    ? mantissa
    : (BigInt(exponent + bias) << BigInt(precision)) + (mantissa - hidden);
}

/** Whether bytes in memory are the value that a script expects. */
export function matches(expected: Value, actual: Uint8Array): boolean {
  return expected.nans.every((nan, index) => {
    const start = index * expected.laneBytes;
    const lane = actual.subarray(start, start + expected.laneBytes);
    if (nan === undefined) return lane.every((byte, at) => byte === expected.bytes[start + at]);
    const view = new DataView(lane.buffer, lane.byteOffset, lane.length);
    const bits = expected.laneBytes === 4 ? BigInt(view.getUint32(0, true)) : view.getBigUint64(0, true);
    const mask = expected.laneBytes === 4 ? 0x7fc00000n : 0x7ff8000000000000n;
    const unsigned = bits & (expected.laneBytes === 4 ? 0x7fffffffn : 0x7fffffffffffffffn);
    return nan === 'nan:canonical' ? unsigned === mask : (bits & mask) === mask;
  });
}

/** Alternatives of an expected result: one, or those of `(either …)`. */
export const alternatives = (expression: Expression): readonly Expression[] =>
  headOf(expression) === 'either' && isList(expression) ? expression.items.slice(1) : [expression];
