import { OP } from './opcodes.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Writes the branch operator at `at` for a place that has one more frame around it than in the source, outside of the `from` innermost
 * ones.
 * @returns Where the source goes on; what follows the labels is not written.
 */
export function relabel(writer: Writer, source: Uint8Array, at: number, end: number, from: number): number {
  const reader = new Reader(source, at, end);
  const opcode = reader.byte();
  let labels = 1;
  if (opcode === OP.brTable) {
    labels = reader.u32() + 1;
  } else if (opcode === OP.gcPrefix) {
    reader.u32();
    reader.byte(); // which of the two types are nullable
  }
  writer.copy(source, at, reader.at);
  for (; labels > 0; labels -= 1) {
    const depth = reader.u32();
    writer.u32(depth < from ? depth : depth + 1);
  }
  return reader.at;
}
