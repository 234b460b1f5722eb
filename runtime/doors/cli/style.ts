import type { Output, Terminal } from './terminal.ts';

/** Emphasis where a person looks on; plain text into files and pipes, and with NO_COLOR (no-color.org). */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
}

export function styleFor(output: Output, { env }: Pick<Terminal, 'env'>): Style {
  const plain = !output.isTerminal || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const paint =
    (on: number, off: number) =>
    (text: string): string =>
      plain ? text : `\x1b[${on}m${text}\x1b[${off}m`;
  return { bold: paint(1, 22), dim: paint(2, 22), red: paint(31, 39) };
}

/** Guest text inside our own messages: it must not move the cursor or paint over what we say. Line breaks and tabs stay. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\u{fffd}');
