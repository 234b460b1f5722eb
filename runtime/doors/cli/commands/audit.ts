import type { Command } from '../command.ts';
import type { Flag } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** Of the commands that serve. */
export const AUDIT_FLAG: Flag = {
  name: 'audit',
  value: 'DIR',
  help: 'Folder of an append-only audit: a line for each run, call and refusal. sandglass audit reads it.',
};

const SUBCOMMANDS: readonly Command[] = [
  {
    name: 'audit verify',
    summary: 'Find lines that were changed, lost or moved',
    usage: 'DIR [flags]',
    about: [
      'Reads every line of an audit, and names file and line of each that was changed, lost, put in ' +
        'another order or cut off. It prints number and hash of the last line, and exits with 1 when ' +
        'something is wrong.',
      'Whoever can write to the folder can write a chain anew. So keep the last line that it prints elsewhere, and give it as --head another time.',
    ],
    flags: [
      {
        name: 'head',
        value: 'NUMBER:HASH',
        help: 'A last line that was printed before: it must be there still.',
      },
      { name: 'partial', help: 'The oldest files were taken away on purpose: begin with any line.' },
      { name: 'json', help: 'Print one JSON object.' },
    ],
    examples: ['sandglass audit verify ./audit'],
    run: async (context, parsed) => (await import('../audit.ts')).verify(context, parsed),
  },
  {
    name: 'audit query',
    summary: 'Find lines by run, caller, kind and time',
    usage: 'DIR [flags]',
    about: ['Prints the newest lines of an audit that all flags fit, the oldest of them first.'],
    flags: [
      { name: 'run', value: 'ID', help: 'Of this run, and of those that are nested in it.' },
      { name: 'caller', value: 'ID', help: 'Of this caller.' },
      {
        name: 'kind',
        value: 'KIND',
        repeats: true,
        help: 'Of this kind, e.g. denied, host.called, tool.called, run.ended, audit.dropped.',
      },
      { name: 'tool', value: 'NAME', help: 'Of this tool.' },
      {
        name: 'since',
        value: 'TIME',
        help: 'From then on: 2026-05-01, 2026-05-01T12:00:00Z, or 30m, 12h, 7d ago.',
      },
      { name: 'limit', value: 'N', help: 'The newest so many, 1 to 100000. Default 100.' },
      { name: 'json', help: 'Print the lines as they are, a JSON object each.' },
    ],
    examples: [
      'sandglass audit query ./audit --kind=denied --since=1h',
      'sandglass audit query ./audit --json',
    ],
    run: async (context, parsed) => (await import('../audit.ts')).query(context, parsed),
  },
];

const ACTIONS = SUBCOMMANDS.map(({ name }) => name.slice('audit '.length));

export const auditCommand: Command = {
  name: 'audit',
  summary: 'Check and search the audit of a server',
  usage: `${ACTIONS.join('|')} …`,
  about: [
    'An audit is a folder that sandglass serve --audit=DIR or mcp --audit=DIR writes: a line for each ' +
      'run, call and refusal, each with the hash of the one before.',
  ],
  flags: [...new Map(SUBCOMMANDS.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values()],
  examples: SUBCOMMANDS.flatMap(({ examples }) => examples),
  subcommands: SUBCOMMANDS,
  run: async () => {
    throw new UsageError('Nothing to do: say what', `Actions: ${ACTIONS.join(', ')}`);
  },
};
