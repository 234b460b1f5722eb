import type { Command } from '../command.ts';
import type { Flag } from '../flags.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { SOURCE_FLAGS } from '../package-flags.ts';
import { POLICY_FLAG } from '../policy-flag.ts';
import { LIMIT_FLAGS } from '../run-flags.ts';
import { TOOLS_FLAG } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';

const JSON_FLAG = (help: string): Flag => ({ name: 'json', help: `Print one JSON ${help}` });

const SUBCOMMANDS: readonly Command[] = [
  {
    name: 'tools new',
    summary: 'Begin a tool: its source, its manifest, an example',
    usage: 'NAME [flags]',
    about: [
      'Writes a folder with a tool that works: build it, test it, call it. Nothing that is there is overwritten.',
    ],
    flags: [
      { name: 'template', value: 'ts|js|py|rust|c|go', help: 'Language of the tool. Default ts.' },
      JSON_FLAG('object: name, folder, template, files.'),
    ],
    examples: ['sandglass tools new count_words', 'sandglass tools new count_words --template=py'],
    run: async (context, parsed) => (await import('../tools/new.ts')).newTool(context, parsed),
  },
  {
    name: 'tools build',
    summary: 'Build a tool to one .wasm that carries its manifest',
    usage: '[DIR|FILE] [flags]',
    about: [
      'Builds the tool of a folder (default the working folder), or of a .js or .ts with a manifest. ' +
        'JavaScript and TypeScript need nothing else, and the same source gives the same bytes. Rust, C ' +
        'and Go are built with the compiler that is installed; what is missing is told with the command ' +
        'that installs it.',
    ],
    flags: [
      { name: 'watch', help: 'Build again whenever a source changes, until Ctrl-C.' },
      {
        name: 'engine',
        value: 'quickjs|starlingmonkey',
        help:
          'For JavaScript: quickjs, 1.3 MiB, or starlingmonkey, 12 MiB, which has promises and Web APIs ' +
          'and needs @bytecodealliance/componentize-js. Default quickjs.',
      },
      JSON_FLAG('object: tool, file, bytes, sha256.'),
    ],
    examples: ['sandglass tools build ./count_words', 'sandglass tools build greet.js --watch'],
    run: async (context, parsed) => (await import('../tools/build.ts')).build(context, parsed),
  },
  {
    name: 'tools test',
    summary: 'Call tools with the examples of their manifests',
    usage: '[DIR|FILE…] [flags]',
    about: [
      'Calls each tool with each of its examples, compares what it answers with the output of the ' +
        'example, and tells what it reached: files, origins, variables, tools. Ends with 1 when an ' +
        'example does not hold.',
    ],
    flags: [
      TOOLS_FLAG,
      ...GRANT_FLAGS,
      POLICY_FLAG,
      ...LIMIT_FLAGS,
      ...SOURCE_FLAGS,
      JSON_FLAG('object: passed, failed, examples.'),
    ],
    examples: ['sandglass tools test ./tools', 'sandglass tools test ./csv --allow-read=./data:/data'],
    run: async (context, parsed) => (await import('../tools/test.ts')).test(context, parsed),
  },
  {
    name: 'tools list',
    summary: 'List the tools that ship, or those of files and folders',
    usage: '[DIR|FILE…] [flags]',
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
    examples: [
      'sandglass tools list',
      'sandglass tools list ./tools',
      "sandglass tools list ./tools --search='csv statistics'",
    ],
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
      'Checks each tool of the folders (default the working folder): its manifest, its schemas, its ' +
        'examples against them. With --allow flags or --grant also whether those give what the manifest ' +
        'asks for. Ends with the exit code of the first fault.',
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
  summary: 'Begin, build, test, list and check tools',
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
