import type { Room } from '../house.ts';
import type { House } from './rooms.ts';

/** A table of Markdown. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const placeOf = ({ at, toCome }: Room): string =>
  // A path in backticks is one that is there.
  toCome === true
    ? `${at[0]}/`
    : at.length > 1
      ? '`runtime/index*.ts`'
      : `\`${at[0]}${at[0]?.endsWith('.ts') === true ? '' : '/'}\``;

const list = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

/** A folder, or the files whose paths begin so. */
const placed = (place: string): string => `\`${place.endsWith('/') ? place : `${place}*.ts`}\``;

/** The tables of ARCHITECTURE.md by the name of their markers, `<!-- NAME -->` … `<!-- /NAME -->`. */
export function houseTables({
  rooms,
  beside,
  mayUseNode,
  owners,
}: House & { readonly beside: Readonly<Record<string, string>> }): Readonly<Record<string, string>> {
  const note = ({ apart, toCome }: Room): string =>
    `${apart === true ? '; its folders never each other' : ''}${toCome === true ? ' (to come)' : ''}`;
  return {
    rooms: table(
      ['room', 'where', 'what it holds'],
      [
        ...rooms.map((room) => [
          room.name,
          placeOf(room),
          `${room.what}${room.toCome === true ? ' (to come)' : ''}`,
        ]),
        ...Object.entries(beside).map(([place, what]) => ['', `\`${place.split(', ').join('`, `')}\``, what]),
      ],
    ),
    arrows: table(
      ['room', 'may import'],
      rooms.map((room) => [
        room.name,
        `${room.mayImport.length === 0 ? 'nothing' : room.mayImport.join(', ')}${note(room)}`,
      ]),
    ),
    node: list(mayUseNode.map(placed)),
    owners: table(
      ['package', 'folders that may import it'],
      Object.entries(owners).map(([name, folders]) => [
        `\`${name}\``,
        folders.map((folder) => `\`${folder}/\``).join(', '),
      ]),
    ),
  };
}

/** The text with what stands between the markers put in anew. @throws {Error} when a marker is not there. */
export function fillTables(text: string, tables: Readonly<Record<string, string>>): string {
  let filled = text;
  for (const [name, content] of Object.entries(tables)) {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const start = filled.indexOf(open);
    const end = filled.indexOf(close);
    if (start < 0 || end < start)
      throw new Error(`Cannot write the table: there are no markers ${open} ${close}`);
    filled = `${filled.slice(0, start + open.length)}\n\n${content}\n\n${filled.slice(end)}`;
  }
  return filled;
}
