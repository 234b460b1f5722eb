import type { Command } from '../command.ts';
import { GRANT_FLAGS } from '../grant-flags.ts';
import { SOURCE_FLAGS } from '../package-flags.ts';
import { POLICY_FLAG } from '../policy-flag.ts';
import { LIMIT_FLAGS, MODULE_FLAGS } from '../run-flags.ts';
import { SERVER_FLAGS } from '../server-flags.ts';
import { TOOLS_FLAG } from '../tool-flags.ts';
import { AUDIT_FLAG } from './audit.ts';

export const mcpCommand: Command = {
  name: 'mcp',
  summary: 'Serve tools to an MCP client over stdin and stdout',
  usage: '[flags]',
  about: [
    'For the configuration of a client, such as Claude or Cursor: command "npx", arguments "-y", ' +
      '"sandglass", "mcp", "--allow-read=./project". Speaks MCP 2026-07-28 and 2025-11-25.',
    'Offers the tools that ship and those of --tools, as far as the --allow flags let them work: ' +
      'without any, those that touch nothing. The --allow flags, --grant and the limits are ceilings of ' +
      'every call. A dangerous tool asks the person in front of the client before it runs.',
    'It ends when the client closes stdin, after what was asked is answered.',
  ],
  flags: [
    TOOLS_FLAG,
    ...SERVER_FLAGS,
    {
      name: 'code-mode',
      help: 'Offer run_code and search_tools in place of the tools: the model writes programs that call them.',
    },
    { name: 'yes', help: 'Run dangerous tools without a question.' },
    AUDIT_FLAG,
    ...GRANT_FLAGS,
    POLICY_FLAG,
    ...LIMIT_FLAGS,
    ...MODULE_FLAGS,
    ...SOURCE_FLAGS,
  ],
  examples: [
    'sandglass mcp --allow-read=./project',
    'sandglass mcp --tools=./tools --allow-net=api.example.com --code-mode',
    'sandglass mcp --servers=./mcp.json --code-mode',
  ],
  // The protocol is much to load for the commands that do not speak it.
  run: async (context, parsed) => (await import('../mcp.ts')).mcp(context, parsed),
};
