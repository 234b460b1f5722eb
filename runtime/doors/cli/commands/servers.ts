import type { Command } from '../command.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { SERVER_FLAGS } from '../server-flags.ts';
import { UsageError } from '../usage-error.ts';

const FLAGS = [
  ...SERVER_FLAGS,
  ...GRANT_FLAGS.filter(({ name }) => name === 'secret'),
  { name: 'json', help: 'Print one JSON object.' },
];

const SUBCOMMANDS: readonly Command[] = [
  {
    name: 'servers list',
    summary: 'Connect to servers, and list their tools',
    usage: '--servers=FILE|--server=NAME=URL [flags]',
    about: [
      'Connects to MCP servers and other tool hosts, and tells what each offers, what was skipped and ' +
        'why, and what it tells otherwise than was confirmed.',
    ],
    flags: FLAGS,
    examples: ['sandglass servers list --servers=./mcp.json'],
    run: async (context, parsed) => (await import('../servers.ts')).listServers(context, parsed),
  },
  {
    name: 'servers confirm',
    summary: 'Take what a server tells now for what it should tell',
    usage: 'NAME --servers=FILE|--server=NAME=URL [flags]',
    about: [
      'The first time, what a server tells of its tools is taken as it is. One that tells otherwise ' +
        'later is held: nothing of it is called, and no model sees what it says. This shows the changes ' +
        'and confirms them; whatever runs sees it at its next call.',
    ],
    flags: FLAGS,
    examples: ['sandglass servers confirm time --servers=./mcp.json'],
    run: async (context, parsed) => (await import('../servers.ts')).confirmServer(context, parsed),
  },
  {
    name: 'servers sign-in',
    summary: 'Sign in to a server that asks for it',
    usage: 'NAME --servers=FILE [flags]',
    about: [
      'For a server whose entry has "oauth". Prints a URL for your browser, waits until it comes back ' +
        'to this machine, and keeps the tokens, sealed under SECRET_KEY. Whatever uses the server then ' +
        'has them, and refreshes them.',
    ],
    flags: FLAGS,
    examples: ['sandglass servers sign-in calendar --servers=./mcp.json'],
    run: async (context, parsed) => (await import('../sign-in.ts')).signIn(context, parsed),
  },
];

export const serversCommand: Command = {
  name: 'servers',
  summary: 'List, confirm and sign in to servers whose tools are used',
  usage: 'list|confirm|sign-in …',
  about: [
    'MCP servers and other tool hosts: what they offer, and whether they still tell what was confirmed.',
  ],
  flags: FLAGS,
  examples: SUBCOMMANDS.flatMap(({ examples }) => examples),
  subcommands: SUBCOMMANDS,
  run: async () => {
    throw new UsageError('Nothing to do: say what', 'Actions: list, confirm, sign-in');
  },
};
