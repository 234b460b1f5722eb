import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A short program as people write it, with what the runtime that it is written for prints for it. */
export interface RecordedProgram {
  /** Its file name, whose ending says what it is written in. */
  readonly name: string;
  readonly code: string;
  /** What goes to stdout. */
  readonly prints: string;
}

/** One folder for each runtime, a file for each area. */
export type ProgramsFolder = 'node-programs' | 'python-programs';

const PRINTS = '\n//// prints\n';

const pathOf = (folder: ProgramsFolder): string => join(import.meta.dirname, '..', folder);

/** The programs of a text: `//// program NAME`, code, `//// prints`, what it prints. */
function readPrograms(text: string): readonly RecordedProgram[] {
  return text
    .split('\n//// program ')
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      const cut = part.indexOf(PRINTS);
      return {
        name: part.slice(0, end),
        code: part.slice(end + 1, cut < 0 ? part.length : cut + 1),
        prints: cut < 0 ? '' : part.slice(cut + PRINTS.length),
      };
    });
}

/** Area → its programs. One that was not recorded yet prints nothing. */
export const allPrograms = (folder: ProgramsFolder): ReadonlyMap<string, readonly RecordedProgram[]> =>
  new Map(
    readdirSync(pathOf(folder))
      .filter((file) => file.endsWith('.txt'))
      .map((file) => [file.slice(0, -4), readPrograms(readFileSync(join(pathOf(folder), file), 'utf8'))]),
  );

export const writePrograms = (
  folder: ProgramsFolder,
  area: string,
  programs: readonly RecordedProgram[],
): void =>
  writeFileSync(
    join(pathOf(folder), `${area}.txt`),
    programs
      .map(({ name, code, prints }) => `\n//// program ${name}\n${code.trimEnd()}${PRINTS}${prints}`)
      .join(''),
  );
