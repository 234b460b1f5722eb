import type { Command } from '../command.ts';
import type { Flag } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

export const KEYS_FLAG: Flag = {
  name: 'keys',
  value: 'FILE',
  help: 'File of keys. Default SANDGLASS_KEYS of the environment, else sandglass/keys.json in your folder of configurations.',
};

const JSON_FLAG: Flag = { name: 'json', help: 'Print one JSON object.' };

const SUBCOMMANDS: readonly Command[] = [
  {
    name: 'keys add',
    summary: 'Make a key, and show it once',
    usage: 'NAME [flags]',
    about: [
      'Makes a key for a caller of sandglass serve, prints it, and keeps only its hash. What is done with it is told by its name.',
    ],
    flags: [
      KEYS_FLAG,
      {
        name: 'permissions',
        value: 'NAMES',
        repeats: true,
        help: 'Capabilities that it may use, e.g. fs.read,http. Default *, all but dangerous; the ceilings of the server hold beside it.',
      },
      {
        name: 'tools',
        value: 'NAMES',
        repeats: true,
        help: 'The only tools that it sees and calls; * at the end stands for any characters.',
      },
      { name: 'rate', value: 'N', help: 'Calls a minute. Default what the server says.' },
      { name: 'quota', value: 'N', help: 'Calls a day, beside the rate. Default any number.' },
      {
        name: 'grant',
        value: 'FILE',
        help: 'The most that its calls may be granted, as JSON: fs, http, env, limits and the rest. Default all that the server gives.',
      },
      { name: 'expires', value: 'TIME', help: 'How long it holds, e.g. 12h, 30d. Default for ever.' },
      JSON_FLAG,
    ],
    examples: ['sandglass keys add alice --permissions=fs.read --expires=30d'],
    run: async (context, parsed) => (await import('../keys.ts')).addKey(context, parsed),
  },
  {
    name: 'keys list',
    summary: 'List keys, and what they may',
    usage: '[flags]',
    about: ['Lists names, states and permissions. Keys themselves are not kept, so none is shown.'],
    flags: [KEYS_FLAG, JSON_FLAG],
    examples: ['sandglass keys list'],
    run: async (context, parsed) => (await import('../keys.ts')).listKeys(context, parsed),
  },
  {
    name: 'keys revoke',
    summary: 'Take a key back',
    usage: 'NAME [flags]',
    about: ['From now on it opens nothing. Servers that run see it at their next request.'],
    flags: [KEYS_FLAG],
    examples: ['sandglass keys revoke alice'],
    run: async (context, parsed) => (await import('../keys.ts')).revokeKey(context, parsed),
  },
];

const ACTIONS = SUBCOMMANDS.map(({ name }) => name.slice('keys '.length));

export const keysCommand: Command = {
  name: 'keys',
  summary: 'Make, list and revoke keys for callers of serve',
  usage: `${ACTIONS.join('|')} …`,
  about: ['Keys of callers: each has permissions, tools, a rate and an end of its own.'],
  flags: [...new Map(SUBCOMMANDS.flatMap(({ flags }) => flags).map((flag) => [flag.name, flag])).values()],
  examples: SUBCOMMANDS.flatMap(({ examples }) => examples),
  subcommands: SUBCOMMANDS,
  run: async () => {
    throw new UsageError('Nothing to do: say what', `Actions: ${ACTIONS.join(', ')}`);
  },
};
