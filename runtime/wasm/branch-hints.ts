import { SECTION } from './sections.ts';
import type { Writer } from './writer.ts';

/** Branches of one function that are almost never taken, by offset from the start of its body. */
export interface FunctionHints {
  readonly index: number;
  readonly offsets: readonly number[];
}

const UNLIKELY = 0;

/** Writes the custom section of the branch hinting proposal; it must stand before the code section. */
export function writeBranchHints(writer: Writer, functions: readonly FunctionHints[]): void {
  writer.section(SECTION.custom, () => {
    writer.name('metadata.code.branch_hint');
    writer.u32(functions.length);
    for (const { index, offsets } of functions) {
      writer.u32(index);
      writer.u32(offsets.length);
      for (const offset of offsets) {
        writer.u32(offset);
        writer.put(1, UNLIKELY);
      }
    }
  });
}
