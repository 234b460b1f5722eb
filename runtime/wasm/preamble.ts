import { hex, invalid } from './invalid.ts';

export type BinaryKind = 'module' | 'component';

/** Bytes of magic, version and layer. */
export const PREAMBLE_BYTES = 8;

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** What people hand over instead of a `.wasm`, by how it starts. */
const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['\x7fELF', 'an ELF program'],
  ['MZ', 'a Windows program'],
  ['\xcf\xfa\xed\xfe', 'a Mach-O program'],
  ['\xca\xfe\xba\xbe', 'a Mach-O program or a Java class'],
  ['\x1f\x8b', 'gzip data; unpack it first'],
  ['\x28\xb5\x2f\xfd', 'zstd data; unpack it first'],
  ['PK\x03\x04', 'a zip archive'],
  ['!<arch>', 'an archive of object files'],
  ['BC\xc0\xde', 'LLVM bitcode; link it first'],
  ['%PDF', 'a PDF document'],
  ['\x89PNG', 'a PNG image'],
  ['#!', 'a script'],
  ['(module', 'WebAssembly text; assemble it first'],
  ['(component', 'WebAssembly text; assemble it first'],
  ['{', 'JSON or source text'],
  ['<', 'HTML or XML text'],
];

/**
 * Tells a core module from a component by its first eight bytes, at `start`.
 * @throws {SandglassError} MODULE_INVALID that says what the bytes look like instead.
 */
export function readPreamble(bytes: Uint8Array, start = 0, end = bytes.length): BinaryKind {
  if (end - start === 0) throw invalid('it is empty');
  const isWasm = MAGIC.every((byte, index) => index >= end - start || bytes[start + index] === byte);
  if (!isWasm) throw invalid(`it is not WebAssembly, it looks like ${lookOf(bytes.subarray(start, end))}`);
  if (end - start < PREAMBLE_BYTES) throw invalid(`it is cut off after ${end - start} bytes`);
  const [v0 = 0, v1 = 0, layer0 = 0, layer1 = 0] = bytes.subarray(
    start + MAGIC.length,
    start + PREAMBLE_BYTES,
  );
  const version = v0 | (v1 << 8);
  const layer = layer0 | (layer1 << 8);
  if (layer === 0 && version === 1) return 'module';
  if (layer === 1 && version === 0x0d) return 'component';
  if (layer === 1) throw invalid(`it is a component of version ${hex(version)}, only 0x0d is known`);
  throw invalid(`its version ${hex(version)} of layer ${layer} is not known`);
}

function lookOf(bytes: Uint8Array): string {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  for (const [start, look] of LOOKALIKES) if (head.startsWith(start) || text.startsWith(start)) return look;
  return /^[\t\n\r\x20-\x7e]+$/.test(head) ? 'text' : 'unknown binary data';
}
