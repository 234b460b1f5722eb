import type { RealmPort } from './contract.ts';

/** The buffers of the realm, which are not part of wasm's memory. */
export interface BufferCount {
  /** Before so many bytes are held. @throws {RangeError} when the host refuses. */
  charge(bytes: number): void;
  /**
   * A buffer of its own with the bytes of a `Uint8Array`, an `Int8Array` (bit for bit) or of another buffer.
   * @throws {TypeError} for anything else, which a guest may have made.
   */
  copyOf(source: unknown): ArrayBuffer;
  /** From now on, whatever makes a buffer is counted. */
  harden(): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Buffers are not part of wasm's memory: the host is told of them before they are made,
 * looks at how much of them is alive, and may refuse.
 */
export function countBuffers(realm: Record<string, unknown>, port: Pick<RealmPort, 'reserve'>): BufferCount {
  const { apply, construct, defineProperty } = Reflect;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const Range = RangeError;
  const Whole = Number;
  const TypeFailure = TypeError;
  const setBytes = Bytes.prototype.set;
  const typedArray = Object.getPrototypeOf(Bytes.prototype) as object;
  const { getOwnPropertyDescriptor } = Reflect;
  /** Getters that look at the thing itself: whatever a guest's object says of itself, it has neither kind nor size. */
  const kindOf = getOwnPropertyDescriptor(typedArray, Symbol.toStringTag)?.get ?? (() => undefined);
  const lengthOf = getOwnPropertyDescriptor(typedArray, 'length')?.get ?? (() => 0);
  const sizeOfBuffer = getOwnPropertyDescriptor(Buffer.prototype, 'byteLength')?.get ?? (() => 0);

  /** Bytes of buffers that were made since the host was last asked. */
  let unreported = 0;
  const REPORT_BYTES = 4 * 1024 * 1024;
  const charge = (bytes: number): void => {
    if (!(bytes > 0)) return;
    unreported += bytes;
    if (unreported < REPORT_BYTES) return;
    const asked = unreported;
    unreported = 0;
    if (!port.reserve(asked)) throw new Range('memory limit reached');
  };
  const sizeOf = (source: unknown, unit: number): number => {
    if (typeof source === 'number') return source * unit;
    if (typeof source !== 'object' || source === null || source instanceof Buffer) return 0;
    return Whole((source as { length?: unknown }).length) * unit; // a list or another view: it is copied
  };
  /** What a `slice` copies: the glue cuts small pieces out of wasm's whole memory. */
  const sliceBytes = (of: { length?: number; byteLength: number }, [from, to]: unknown[]): number => {
    const length = of.length ?? of.byteLength;
    const place = (value: unknown, otherwise: number): number => {
      const at = value === undefined ? otherwise : Math.trunc(Whole(value)) || 0;
      return at < 0 ? Math.max(0, length + at) : Math.min(at, length);
    };
    return Math.max(0, place(to, length) - place(from, 0)) * (of.byteLength / (length || 1));
  };
  const harden = (): void => {
    type Constructor = (new (...args: unknown[]) => object) & { BYTES_PER_ELEMENT?: number };
    const views = [
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
    ];
    const wide = [Float32Array, Float64Array, BigInt64Array, BigUint64Array];
    const typedArrayOf = Object.getPrototypeOf(Bytes) as Constructor;
    for (const original of [Buffer, ...views, ...wide] as unknown as Constructor[]) {
      const unit = original.BYTES_PER_ELEMENT ?? 1;
      const counted: Constructor = new Proxy(original, {
        construct: (target, args, newTarget) => {
          charge(sizeOf(args[0], unit));
          if (args.length > 1 && original === (Buffer as unknown)) throw new Range('not allowed here'); // a buffer that can grow
          return construct(target, args, newTarget === counted ? target : newTarget);
        },
      });
      realm[original.name] = counted;
      defineProperty(original.prototype, 'constructor', { value: counted });
    }
    const copying = ['slice', 'map', 'filter', 'toSorted', 'toReversed', 'with'];
    for (const holder of [Buffer.prototype, typedArrayOf.prototype] as Record<string, unknown>[]) {
      for (const name of [...copying, 'transfer', 'transferToFixedLength', 'resize']) {
        const original = holder[name];
        if (typeof original !== 'function') continue;
        const counted = function (this: { byteLength: number }, ...args: unknown[]): unknown {
          if (holder === (Buffer.prototype as unknown) && name !== 'slice')
            throw new Range('not allowed here');
          charge(name === 'slice' ? sliceBytes(this, args) : this.byteLength);
          return apply(original, this, args);
        };
        defineProperty(holder, name, { value: counted, writable: true, configurable: true });
      }
    }
    for (const name of ['of', 'from']) {
      const original = (
        typedArrayOf as unknown as Record<string, (...args: unknown[]) => { byteLength: number }>
      )[name];
      if (original === undefined) continue;
      const counted = function (this: unknown, ...args: unknown[]): unknown {
        const made = apply(original, this, args);
        charge(made.byteLength);
        return made;
      };
      defineProperty(typedArrayOf, name, { value: counted, writable: true, configurable: true });
    }
    defineProperty(typedArrayOf.prototype, 'constructor', { value: undefined });
  };
  const copyOf = (source: unknown): ArrayBuffer => {
    let view = source;
    const kind: unknown = apply(kindOf, source, []);
    if (kind === undefined) {
      apply(sizeOfBuffer, source, []); // throws for what is not a buffer
      view = new Bytes(source as ArrayBuffer);
      // `dlopen` gives the glue a library's file as signed bytes
    } else if (kind !== 'Uint8Array' && kind !== 'Int8Array') throw new TypeFailure('expected bytes');
    const length = apply(lengthOf, view, []) as number;
    charge(length);
    const copy = new Bytes(length);
    apply(setBytes, copy, [view]);
    return copy.buffer;
  };
  return { charge, copyOf, harden };
}
