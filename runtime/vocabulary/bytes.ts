/** Whether a view shows all of a plain buffer: only such a buffer can go elsewhere without showing anything else. Node's own share one. */
const coversBuffer = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.byteLength;

/** The bytes as the only view of a plain buffer that can be transferred: themselves where they are, else a copy. */
export function inOwnBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength === 0) return new Uint8Array(); // it may have been transferred before
  return coversBuffer(bytes) ? bytes : new Uint8Array(bytes);
}

/**
 * Frees the memory of bytes that nobody reads any more, instead of at some later garbage collection: a thread that moves many large ones
 * would hold tens of megabytes of them. They are empty afterwards. Bytes that share their buffer are left alone.
 */
export function freeBytes(bytes: Uint8Array | undefined): void {
  if (bytes !== undefined && bytes.byteLength > 0 && coversBuffer(bytes)) bytes.buffer.transfer(0);
}

/** All parts one after the other, in a buffer of their own. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

/** Bytes that came from the host, and whether nobody else holds them. */
export interface Arrived {
  readonly bytes?: Uint8Array | undefined;
  readonly ownsBytes?: boolean | undefined;
}

/** Frees what arrived, once it is in the guest, unless somebody else holds it too. */
export function freeArrived({ bytes, ownsBytes }: Arrived): void {
  if (ownsBytes === true) freeBytes(bytes);
}
