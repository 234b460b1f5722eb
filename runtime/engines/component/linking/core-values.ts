import type { CoreType } from './layout.ts';

/** A number of a core function: 64 bits as a bigint. */
export type CoreValue = number | bigint;

const bits = new DataView(new ArrayBuffer(8));

/** The same bits as a value of another core type: where cases of a variant share one. */
function recast(value: CoreValue, from: CoreType, to: CoreType): CoreValue {
  if (from === to) return value;
  const wide = bitsOf(value, from);
  switch (to) {
    case 'i32':
      return Number(BigInt.asIntN(32, wide));
    case 'i64':
      return BigInt.asIntN(64, wide);
    case 'f32':
      bits.setUint32(0, Number(BigInt.asUintN(32, wide)));
      return bits.getFloat32(0);
    default:
      bits.setBigInt64(0, wide);
      return bits.getFloat64(0);
  }
}

/** Zero-extended to 64. */
function bitsOf(value: CoreValue, type: CoreType): bigint {
  switch (type) {
    case 'i32':
      return BigInt.asUintN(32, BigInt(value));
    case 'i64':
      return BigInt.asUintN(64, BigInt(value));
    case 'f32':
      bits.setFloat32(0, Number(value));
      return BigInt(bits.getUint32(0));
    default:
      bits.setFloat64(0, Number(value));
      return bits.getBigUint64(0);
  }
}

/** Core values of one function in the order of its type. */
export class CoreReader {
  readonly #values: readonly CoreValue[];
  readonly #types: readonly CoreType[];
  #at = 0;

  constructor(values: readonly CoreValue[], types: readonly CoreType[]) {
    this.#values = values;
    this.#types = types;
  }

  next(wanted: CoreType): CoreValue {
    const value = this.#values[this.#at];
    const type = this.#types[this.#at];
    if (value === undefined || type === undefined)
      throw new TypeError('a core function gives too few values');
    this.#at += 1;
    return recast(value, type, wanted);
  }

  get at(): number {
    return this.#at;
  }

  skipTo(place: number): void {
    this.#at = place;
  }
}

export class CoreWriter {
  readonly values: CoreValue[] = [];
  readonly #types: readonly CoreType[];

  constructor(types: readonly CoreType[]) {
    this.#types = types;
  }

  add(value: CoreValue, type: CoreType): void {
    const wanted = this.#types[this.values.length];
    if (wanted === undefined) throw new TypeError('a core function takes fewer values');
    this.values.push(recast(value, type, wanted));
  }

  /** Up to a place: what a case does not use is zero. */
  fillTo(place: number): void {
    while (this.values.length < place) this.values.push(this.#types[this.values.length] === 'i64' ? 0n : 0);
  }
}
