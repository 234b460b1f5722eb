import type { Command } from '../command.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { CONFIG_FLAG, layerArguments } from '../layers.ts';
import { OBSERVE_FLAGS } from '../observe-flags.ts';
import { SOURCE_FLAGS } from '../package-flags.ts';
import { POLICY_FLAG } from '../policy-flag.ts';
import { RATE_FLAGS } from '../rate-flags.ts';
import { LIMIT_FLAGS, MODULE_FLAGS } from '../run-flags.ts';
import { SERVER_FLAGS } from '../server-flags.ts';
import { OAUTH_FLAGS } from '../sign-in-flags.ts';
import { TOOLS_FLAG } from '../tool-flags.ts';
import { AUDIT_FLAG } from './audit.ts';
import { KEYS_FLAG } from './keys.ts';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'Serve runs over HTTP on this machine',
  usage: '[flags]',
  about: [
    'Serves runs, sessions, modules and tools below /v1, MCP at /mcp, and what there is at /docs and ' +
      '/openapi.json. All but those two and /health need the key that is printed at the start, or one ' +
      'of sandglass keys.',
    'The --allow flags, --grant and the limits are ceilings: a client is granted what it asks for ' +
      'below them, and refused what is above. Without them no run touches a file, the network or an ' +
      'environment variable, whatever its client asks for.',
    'SIGTERM or Ctrl-C stops it: it accepts no more runs, lets those it has accepted end, and cancels what is left after the grace.',
  ],
  flags: [
    { name: 'host', value: 'ADDRESS', help: 'Address to listen on. Default 127.0.0.1, this machine only.' },
    { name: 'port', value: 'N', help: 'Port; 0 takes a free one and prints it. Default 4280.' },
    {
      name: 'key',
      value: 'KEY',
      help: 'Bearer key of clients. Default SANDGLASS_KEY of the environment, else a random one.',
    },
    KEYS_FLAG,
    {
      name: 'issuers',
      value: 'FILE',
      help: 'Take tokens (JWT) of the issuers in a JSON file: whose they are, and what their scopes allow. Default none.',
    },
    ...OAUTH_FLAGS,
    ...RATE_FLAGS,
    {
      name: 'allowed-hosts',
      value: 'NAMES',
      repeats: true,
      help:
        'Host names that requests may be sent to. Default ALLOWED_HOSTS of the environment, else those ' +
        'of this machine; any where --host is another address.',
    },
    AUDIT_FLAG,
    {
      name: 'journal',
      value: 'DIR',
      help: 'Folder that remembers accepted runs, with their values and output, so that they are found after the server was killed. Default none.',
    },
    ...OBSERVE_FLAGS,
    CONFIG_FLAG,
    { name: 'concurrency', value: 'N', help: 'Runs at work at the same time, 1 to 256. Default 10.' },
    { name: 'queue', value: 'N', help: 'Runs that may wait; beyond them clients get 503. Default 100.' },
    { name: 'grace', value: 'TIME', help: 'How long accepted runs may go on after SIGTERM. Default 10s.' },
    { ...TOOLS_FLAG, help: `${TOOLS_FLAG.help} Default ./tools where there is one, beside those that ship.` },
    ...SERVER_FLAGS,
    ...GRANT_FLAGS,
    {
      ...POLICY_FLAG,
      help:
        'Hold every client to a policy document, JSON: grants, levels, profiles, rules of tools and ' +
        'callers. It is read again when it changes. Not with --allow flags.',
    },
    ...LIMIT_FLAGS,
    ...MODULE_FLAGS,
    ...SOURCE_FLAGS,
  ],
  examples: ['sandglass serve', 'sandglass serve --port=0 --allow-read=./data:/data --timeout=30s'],
  // An HTTP server is much to load for the commands that serve nothing.
  run: async (context, parsed) => {
    const layered = await layerArguments(parsed, serveCommand.flags, context.terminal);
    return (await import('../serve.ts')).serve(context, layered);
  },
};
