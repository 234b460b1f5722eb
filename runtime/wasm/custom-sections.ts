import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Sections that point into code by offset. After a rewrite they would be wrong; hints among them would also let a guest slow down the
 * checks.
 */
const POINTS_INTO_CODE =
  /^(metadata\.code\.|\.debug_|reloc\.|linking$|sourceMappingURL$|external_debug_info$|compilationHints$)/;

/** Whether a custom section survives the rewriting. */
export const survives = (name: string): boolean => !POINTS_INTO_CODE.test(name);

const GLOBAL_NAMES = 7;

/** Copies the content of a `name` section without the names of globals, whose numbers have changed. Stops at what it cannot read. */
export function copyNamesButGlobals(writer: Writer, source: Uint8Array, start: number, end: number): void {
  const reader = new Reader(source, start, end);
  try {
    while (!reader.done) {
      const at = reader.at;
      const id = reader.byte();
      reader.part();
      if (id !== GLOBAL_NAMES) writer.copy(source, at, reader.at);
    }
  } catch {
    // Names are for people: a broken section is not a broken module, and what came before is kept.
  }
}
