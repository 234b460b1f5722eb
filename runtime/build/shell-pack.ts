import { SHELLS, type Shell } from './shells.ts';

const LENGTH_BYTES = 4;

/**
 * All shells as one text of bytes: they differ in a few interfaces, so compressed together they take the room of one.
 * @param shells By name, one for each of `SHELLS`. Each is written behind its length, in the order of that list.
 */
export function joinShells(shells: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const parts = SHELLS.flatMap(({ name }) => {
    const shell = shells[name];
    if (shell === undefined) throw new Error(`there is no shell "${name}"`);
    const length = new Uint8Array(LENGTH_BYTES);
    new DataView(length.buffer).setUint32(0, shell.byteLength, true);
    return [length, shell];
  });
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
  }
  return joined;
}

/** One shell of what `joinShells` made. */
export function pickShell(joined: Uint8Array, { name }: Pick<Shell, 'name'>): Uint8Array<ArrayBuffer> {
  const view = new DataView(joined.buffer, joined.byteOffset, joined.byteLength);
  let at = 0;
  for (const shell of SHELLS) {
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at, true);
    if (shell.name === name) return new Uint8Array(joined.subarray(start, at));
  }
  throw new Error(`there is no shell "${name}"`);
}
