import { invalid } from './invalid.ts';
import { PREAMBLE_BYTES } from './preamble.ts';
import { Reader } from './reader.ts';

/** Id of a custom section, in modules and components alike. */
const CUSTOM = 0;

/**
 * The content of the custom section of this name at the top of a binary that the guard has passed; `undefined` when there is none.
 * @throws {SandglassError} MODULE_INVALID when there are two: readers would disagree which holds.
 */
export function readCustomSection(bytes: Uint8Array, name: string): Uint8Array | undefined {
  const reader = new Reader(bytes, PREAMBLE_BYTES, bytes.length);
  let found: Uint8Array | undefined;
  while (!reader.done) {
    const id = reader.byte();
    const content = reader.part();
    if (id !== CUSTOM || content.name() !== name) continue;
    if (found !== undefined) throw invalid(`it has two sections "${name}"`, content.at);
    found = bytes.subarray(content.at, content.end);
  }
  return found;
}
