/** `getRandomValues` fills at most so many bytes a call. */
const MOST_AT_ONCE = 65_536;
/** Of the platform's generator, asked for together: each call of it takes as long as some tenths of a small guest. */
const STORE_BYTES = 4096;
/** More than this comes straight from it. */
const SMALL_BYTES = 64;

/** Bytes that were drawn and that nobody was given, at the end. A thread's, not a guest's: no bytes of it are given twice. */
const store = new Uint8Array(STORE_BYTES);
let left = 0;

/** Fills bytes from the platform's own generator. */
export function systemRandom(bytes: Uint8Array): void {
  if (bytes.length > SMALL_BYTES) {
    drawAll(bytes);
    return;
  }
  if (left < bytes.length) {
    crypto.getRandomValues(store);
    left = STORE_BYTES;
  }
  const given = store.subarray(left - bytes.length, left);
  bytes.set(given);
  given.fill(0); // what a guest was given is nowhere else
  left -= bytes.length;
}

function drawAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += MOST_AT_ONCE) {
    const part = new Uint8Array(Math.min(MOST_AT_ONCE, bytes.length - at)); // it takes no view of shared memory
    bytes.set(crypto.getRandomValues(part), at);
  }
}
