import type { Command } from '../command.ts';
import type { Flag } from '../flags.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { TOOLS_FLAG } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';

const JSON_FLAG = (help: string): Flag => ({ name: 'json', help: `Print one JSON ${help}` });

const SUBCOMMANDS: readonly Command[] = [
  {
    name: 'tools list',
    summary: 'List the tools of files and folders',
    usage: 'DIR|FILE… [flags]',
    about: [
      'Lists name, kind, needs and description. What is not a tool is told on stderr with its reason, and does not fail.',
    ],
    flags: [
      {
        name: 'search',
        value: 'WORDS',
        help: 'Only those that fit, by names, descriptions, keywords and examples.',
      },
      JSON_FLAG('object: tools, skipped.'),
    ],
    examples: ['sandglass tools list ./tools', "sandglass tools list ./tools --search='csv statistics'"],
    run: async (context, parsed) => (await import('../tools/list.ts')).list(context, parsed),
  },
  {
    name: 'tools info',
    summary: 'Tell all about one tool, without running it',
    usage: 'NAME|FILE[#NAME] [flags]',
    about: ['Tells description, parameters, what it needs granted, limits, examples and imports.'],
    flags: [TOOLS_FLAG, JSON_FLAG('object.')],
    examples: ['sandglass tools info ./csv-stats.wasm', 'sandglass tools info greet --tools=./tools'],
    run: async (context, parsed) => (await import('../tools/info.ts')).info(context, parsed),
  },
  {
    name: 'tools check',
    summary: 'Check manifests, and whether grants suffice, without running anything',
    usage: '[DIR|FILE…] [flags]',
    about: [
      'Checks each tool of the folders (default the working folder): its manifest, its schemas, its examples against them. With --allow flags or --grant also whether those give what the manifest asks for. Ends with the exit code of the first fault.',
    ],
    flags: [...GRANT_FLAGS.filter(({ name }) => name !== 'secret'), JSON_FLAG('object: tools, faults.')],
    examples: [
      'sandglass tools check ./tools',
      'sandglass tools check ./fetch.js --allow-net=api.example.com',
    ],
    run: async (context, parsed) => (await import('../tools/check.ts')).check(context, parsed),
  },
];

export const toolsCommand: Command = {
  name: 'tools',
  summary: 'List and check tools',
  usage: `${SUBCOMMANDS.map(({ name }) => name.slice('tools '.length)).join('|')} …`,
  about: ['Works on tools: files with a manifest that a model can call by name.'],
  flags: [...new Map(SUBCOMMANDS.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values()],
  examples: SUBCOMMANDS.flatMap(({ examples }) => examples.slice(0, 1)),
  subcommands: SUBCOMMANDS,
  run: async () => {
    throw new UsageError(
      'Nothing to do: say what',
      `Actions: ${SUBCOMMANDS.map(({ name }) => name.slice('tools '.length)).join(', ')}`,
    );
  },
};
