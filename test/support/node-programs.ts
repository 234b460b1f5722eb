import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A short program as people write them for Node, with what Node 26 prints for it. */
export interface NodeProgram {
  /** Its file name, whose ending says what it is written in. */
  readonly name: string;
  readonly code: string;
  /** What goes to stdout. */
  readonly prints: string;
}

export const PROGRAMS_FOLDER = join(import.meta.dirname, '../node-programs');

const PRINTS = '\n//// prints\n';

/** The programs of a text: `//// program NAME`, code, `//// prints`, what it prints. */
export function readPrograms(text: string): readonly NodeProgram[] {
  return text
    .split('\n//// program ')
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      const cut = part.indexOf(PRINTS);
      return {
        name: part.slice(0, end),
        code: part.slice(end + 1, cut + 1),
        prints: part.slice(cut + PRINTS.length),
      };
    });
}

export const writePrograms = (programs: readonly NodeProgram[]): string =>
  programs
    .map(({ name, code, prints }) => `\n//// program ${name}\n${code.trimEnd()}${PRINTS}${prints}`)
    .join('');

/** Area → its programs. */
export const allPrograms = (): ReadonlyMap<string, readonly NodeProgram[]> =>
  new Map(
    readdirSync(PROGRAMS_FOLDER)
      .filter((file) => file.endsWith('.txt'))
      .map((file) => [file.slice(0, -4), readPrograms(readFileSync(join(PROGRAMS_FOLDER, file), 'utf8'))]),
  );
