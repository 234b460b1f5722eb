const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/** Views a buffer that came out of the realm, after making sure that it is one: reading any other object would run a guest's code. */
export function bytesOf(buffer: ArrayBuffer, offset = 0, length?: number): Uint8Array {
  if (byteLength === undefined || typeof byteLength.call(buffer) !== 'number')
    throw new TypeError('expected an ArrayBuffer');
  return new Uint8Array(buffer, Number(offset), length === undefined ? undefined : Number(length));
}

/** The bytes of a buffer that the realm has made for them. It finds it empty: what the host has checked must not change. */
export function moved(buffer: ArrayBuffer): Uint8Array {
  bytesOf(buffer); // throws for anything else
  return new Uint8Array(ArrayBuffer.prototype.transfer.call(buffer));
}

export function fillRandom(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += 65_536) {
    bytes.set(crypto.getRandomValues(new Uint8Array(Math.min(65_536, bytes.length - at))), at);
  }
}
