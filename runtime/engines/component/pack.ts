/** Named byte strings as one, for a cache of bytes: a JSON index, then the parts. */
export function pack(parts: ReadonlyMap<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  const index = new TextEncoder().encode(
    JSON.stringify([...parts].map(([name, bytes]) => [name, bytes.byteLength])),
  );
  const total = [...parts.values()].reduce((sum, bytes) => sum + bytes.byteLength, 4 + index.byteLength);
  const packed = new Uint8Array(total);
  new DataView(packed.buffer).setUint32(0, index.byteLength, true);
  packed.set(index, 4);
  let at = 4 + index.byteLength;
  for (const bytes of parts.values()) {
    packed.set(bytes, at);
    at += bytes.byteLength;
  }
  return packed;
}

/** The parts again; `undefined` for bytes that `pack` did not make. */
export function unpack(
  packed: Uint8Array<ArrayBuffer>,
): ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined {
  try {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    const indexLength = view.getUint32(0, true);
    const index: unknown = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + indexLength)));
    if (!Array.isArray(index)) return undefined;
    const parts = new Map<string, Uint8Array<ArrayBuffer>>();
    let at = 4 + indexLength;
    for (const entry of index) {
      const [name, length]: unknown[] = Array.isArray(entry) ? entry : [];
      if (typeof name !== 'string' || typeof length !== 'number') return undefined;
      parts.set(name, packed.slice(at, at + length));
      at += length;
    }
    return at === packed.byteLength ? parts : undefined;
  } catch {
    return undefined; // damaged: made again
  }
}
