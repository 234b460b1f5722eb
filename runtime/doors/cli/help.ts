import type { Command } from './command.ts';
import type { Flag } from './flags.ts';
import { table } from './table.ts';

const WIDTH = 100;

export function overview(commands: readonly Command[]): string {
  return [
    'Runs code that nobody trusts inside WebAssembly, with exactly what you grant it.',
    '',
    'Usage: sandglass COMMAND [flags]',
    '',
    'Commands:',
    indent(table(commands.map(({ name, summary }) => [name, summary]))),
    '',
    'sandglass COMMAND --help tells more; sandglass --version tells the version.',
    '',
    ...wrap(
      'Exit codes: 0 fine, 1 the guest failed, 2 wrong command or input, 3 denied, 4 over a limit, 5 host trouble or cancelled, 130 interrupted.',
      WIDTH,
    ),
    '',
  ].join('\n');
}

export function commandHelp({ name, usage, about, flags, examples, subcommands = [] }: Command): string {
  const rows = flags.map((flag) => [spelling(flag), flag.help]);
  if (subcommands.length > 0) return familyHelp({ name, usage, about, examples, subcommands });
  const column = Math.max(...rows.map(([left = '']) => left.length)) + 4;
  const flagLines = rows.flatMap(([left = '', help = '']) =>
    wrap(help, WIDTH - column).map(
      (line, index) => `${(index === 0 ? `  ${left}` : '').padEnd(column)}${line}`,
    ),
  );
  return [
    `Usage: sandglass ${name} ${usage}`,
    ...about.flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    '',
    'Flags:',
    ...flagLines,
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

/** Of a command whose second word says what to do. */
function familyHelp({
  name,
  usage,
  about,
  examples,
  subcommands = [],
}: Pick<Command, 'name' | 'usage' | 'about' | 'examples' | 'subcommands'>): string {
  return [
    `Usage: sandglass ${name} ${usage}`,
    ...about.flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    '',
    'Actions:',
    indent(table(subcommands.map((one) => [one.name.slice(name.length + 1), one.summary]))),
    '',
    `sandglass ${name} ACTION --help tells the flags of an action.`,
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}

const spelling = ({ name, value, repeats }: Flag): string =>
  `--${name}${value === undefined ? '' : `=${value}`}${repeats === true ? ' ...' : ''}`;

const indent = (text: string): string => text.replace(/^/gm, '  ');

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
