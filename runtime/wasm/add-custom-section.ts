import { Writer } from './writer.ts';

const CUSTOM = 0;

/** A copy of a binary, module or component, with one more custom section at its end. */
export function addCustomSection(
  binary: Uint8Array,
  name: string,
  contents: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const writer = new Writer(binary.byteLength + contents.byteLength + name.length * 3 + 16);
  writer.copy(binary, 0, binary.byteLength);
  writer.section(CUSTOM, () => {
    writer.name(name);
    writer.copy(contents, 0, contents.byteLength);
  });
  return writer.finish();
}
