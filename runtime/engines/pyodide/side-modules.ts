const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** Custom, type, import, export: enough for the thunks that Pyodide makes of JavaScript functions, and nothing that computes. */
const CODELESS_SECTIONS: ReadonlySet<number> = new Set([0, 1, 2, 7]);

/** Whether a binary only passes its imports on. Such a module needs no meter; any other would run unmetered. */
export function hasNoCode(bytes: Uint8Array): boolean {
  if (HEADER.some((byte, index) => bytes[index] !== byte)) return false;
  let at = HEADER.length;
  while (at < bytes.length) {
    const section = bytes[at];
    if (section === undefined || !CODELESS_SECTIONS.has(section)) return false;
    at += 1;
    let size = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined || shift > 28) return false;
      at += 1;
      size += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    at += size;
  }
  return at === bytes.length;
}
