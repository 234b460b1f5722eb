import { invalid } from './invalid.ts';
import { PREAMBLE_BYTES, readPreamble } from './preamble.ts';
import { Reader } from './reader.ts';

/** Section ids of a core module. */
export const SECTION = Object.freeze({
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
});

/** The order in which sections may come; custom ones may stand anywhere. */
export const SECTION_ORDER: readonly number[] = [
  SECTION.type,
  SECTION.import,
  SECTION.function,
  SECTION.table,
  SECTION.memory,
  SECTION.tag,
  SECTION.global,
  SECTION.export,
  SECTION.start,
  SECTION.element,
  SECTION.dataCount,
  SECTION.code,
  SECTION.data,
];

export interface Section {
  readonly id: number;
  /** Where its id stands. */
  readonly at: number;
  /** Bounds of its content in the binary. */
  readonly start: number;
  readonly end: number;
}

/** Sections of one binary, custom ones among them. Found in real programs: some dozens. */
const MOST_SECTIONS = 10_000;

/** @throws {SandglassError} MODULE_INVALID: every reader would go through all of them, and some several times. */
export function checkSectionCount(count: number, at: number): void {
  if (count > MOST_SECTIONS) throw invalid(`it has over ${MOST_SECTIONS} sections`, at);
}

/** Splits a core module at `start` … `end` of `bytes` into its sections, known ones in order and at most once. */
export function splitSections(bytes: Uint8Array, start = 0, end = bytes.length): Section[] {
  if (readPreamble(bytes, start, end) !== 'module')
    throw invalid('it is a component where a core module is needed', start);
  const reader = new Reader(bytes, start + PREAMBLE_BYTES, end);
  const sections: Section[] = [];
  let last = -1;
  while (!reader.done) {
    const at = reader.at;
    const id = reader.byte();
    const content = reader.part();
    checkSectionCount(sections.length + 1, at);
    if (id !== SECTION.custom) {
      const place = SECTION_ORDER.indexOf(id);
      if (place < 0) throw invalid(`section ${id} is not known`, at);
      if (place <= last) throw invalid(`section ${id} is repeated or out of order`, at);
      last = place;
    }
    sections.push({ id, at, start: content.at, end: content.end });
  }
  return sections;
}
