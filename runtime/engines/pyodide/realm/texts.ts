/** Texts on their way from Python into this realm. */
export interface TextGuard {
  /** Stands before the glue's imports: to be called before the interpreter's instance is made. */
  guard(env: Record<string, unknown>): void;
  /** The longest text that may come, UTF-16 units. @default unlimited, for the interpreter's own start */
  setLimit(length: number): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. What a text takes here is part of no memory that is counted, and nothing can stop the work on
 * it: so its length is looked at before it is made. The glue makes one of each of its characters, of which each takes another 32 bytes until it is
 * read; here it is made of larger pieces.
 */
export function guardTexts(memoryBuffer: () => ArrayBuffer): TextGuard {
  const { apply } = Reflect;
  const Failure = TypeError;
  const Range = RangeError;
  const { fromCharCode, fromCodePoint } = String;
  const Big = BigInt;
  const { asIntN } = BigInt;
  const inRadix = Number.prototype.toString;
  const padStart = String.prototype.padStart;
  const Words = Uint32Array;
  const WAYS = [
    { name: '_python2js_ucs1', Units: Uint8Array, from: fromCharCode },
    { name: '_python2js_ucs2', Units: Uint16Array, from: fromCharCode },
    { name: '_python2js_ucs4', Units: Words, from: fromCodePoint },
  ];
  type Import = (pointer: unknown, length: unknown) => unknown;
  let limit = Number.POSITIVE_INFINITY;
  /** Bytes of a text that is made by the glue: it is as fast for those. */
  const SHORT = 64;
  const PIECE = 1024;
  /** Digits of 32 bits. The glue adds them one by one, which takes the square of their number. */
  const FEW_DIGITS = 64;
  const MOST_DIGITS = 1 << 22;
  /** Read as a number it throws, where the glue makes an exception of Python of what is thrown. */
  const tooLong = {
    valueOf: (): never => {
      throw new Range('memory limit reached');
    },
  };

  const textOf = (pointer: number, length: number, { Units, from }: (typeof WAYS)[number]): string => {
    const buffer = memoryBuffer();
    let text = '';
    for (let at = 0; at < length; at += PIECE) {
      const piece = new Units(
        buffer,
        pointer + at * Units.BYTES_PER_ELEMENT,
        at + PIECE < length ? PIECE : length - at,
      );
      text += apply(from, undefined, piece as unknown as number[]); // a list of numbers to it
    }
    return text;
  };
  const bigOf = (pointer: number, length: number): bigint => {
    if (length > MOST_DIGITS) throw new Range('memory limit reached');
    const digits = new Words(memoryBuffer(), pointer, length);
    let text = '0x';
    for (let at = length - 1; at >= 0; at--)
      text += apply(padStart, apply(inRadix, digits[at], [16]), [8, '0']);
    return asIntN(32 * length, Big(text));
  };
  const guard = (env: Record<string, unknown>): void => {
    const replace = (name: string, make: (original: Import) => Import): void => {
      const original = env[name];
      if (typeof original !== 'function') throw new Failure(`the glue has no ${name}`);
      env[name] = Object.assign(make(original as Import), original); // with its signature, which side modules need
    };
    for (const way of WAYS) {
      replace(way.name, (original) => (pointer, length) => {
        const count = (length as number) >>> 0;
        if (count < SHORT) return original(pointer, length);
        if (count > limit) return original(tooLong, length);
        try {
          return textOf((pointer as number) >>> 0, count, way);
        } catch {
          return original(tooLong, length); // no code points, or the end of the stack
        }
      });
    }
    replace('JsvBigInt_fromDigits', (original) => (pointer, length) => {
      const count = (length as number) >>> 0;
      return count <= FEW_DIGITS ? original(pointer, length) : bigOf((pointer as number) >>> 0, count);
    });
    const isOver = (length: unknown): boolean => (length as number) >>> 0 > limit;
    replace(
      '_python2js_ascii',
      (original) => (pointer, length) => original(isOver(length) ? tooLong : pointer, length),
    );
  };
  return {
    guard,
    setLimit: (length) => {
      limit = length;
    },
  };
}
