/** Work over a large value, in slices of `SLICE` parts: it yields after each. */
export type Slices<T> = Generator<undefined, T, void>;

/** Parts of a value in one slice: a few milliseconds, ten where each is a field of a large object. */
export const SLICE = 5_000;

/** In one go, for whoever cannot wait. */
export function atOnce<T>(slices: Slices<T>): T {
  let step = slices.next();
  while (step.done !== true) step = slices.next();
  return step.value;
}

/** With a turn for others between two slices; the first begins at once. */
export async function inSlices<T>(slices: Slices<T>): Promise<T> {
  let step = slices.next();
  while (step.done !== true) {
    await others();
    step = slices.next();
  }
  return step.value;
}

/** Timers and whatever has come in meanwhile go first. */
export const others = (): Promise<void> =>
  new Promise((resolve) => {
    // A timer waits 1 ms at least, in browsers 4.
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });

/** From here on, one pass over bytes is work for a turn of its own: a copy, a digest, a look at each. */
const LARGE_BYTES = 1_048_576;
/** Bytes copied in one turn: a few milliseconds. */
const COPY_BYTES = 8 * LARGE_BYTES;

export const areLarge = (bytes: Uint8Array): boolean => bytes.byteLength >= LARGE_BYTES;

/** A turn for others before a pass over bytes, if there are so many that it takes some milliseconds. */
export async function beforePass(bytes: Uint8Array): Promise<void> {
  if (areLarge(bytes)) await others();
}

/** All parts one after the other in a buffer of their own, with turns for others while it is made. */
export async function joinInSlices(parts: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  let inTurn = 0;
  for (const [count, part] of parts.entries()) {
    if (count % SLICE === SLICE - 1) await others();
    for (let from = 0; from < part.byteLength; ) {
      if (inTurn >= COPY_BYTES) {
        await others();
        inTurn = 0;
      }
      const piece = part.subarray(from, from + COPY_BYTES - inTurn);
      whole.set(piece, at);
      at += piece.byteLength;
      from += piece.byteLength;
      inTurn += piece.byteLength;
    }
  }
  return whole;
}
