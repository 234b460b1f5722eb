import { join, resolve } from 'node:path';
import type { ToolServer } from '../../contracts/api/tool-servers.ts';
import type { ToolsOptions } from '../../contracts/api/tools.ts';
import { parseJson, readText } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { withTokens } from './server-tokens.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Where tools come from that run elsewhere. */
export const SERVER_FLAGS: readonly Flag[] = [
  {
    name: 'server',
    value: 'NAME=URL|COMMAND',
    repeats: true,
    help: 'Take the tools of an MCP server, by its URL or by a command with its arguments between blanks. They are called NAME_tool.',
  },
  {
    name: 'servers',
    value: 'FILE',
    help: 'The same from a JSON file, also one of a client: mcpServers, with command, args, env, or url, headers, secret, oauth.',
  },
  {
    name: 'pins',
    value: 'FILE',
    help: 'File that remembers what servers told of their tools. Default sandglass/servers.json in your folder of configurations.',
  },
];

type ServerOptions = Pick<ToolsOptions, 'servers' | 'pins'>;

/** The servers of the flags, nothing when there are none. @throws {UsageError} */
export async function readServers(
  parsed: ParsedArguments,
  { cwd, env }: Pick<Terminal, 'cwd' | 'env'>,
): Promise<ServerOptions> {
  const file = parsed.one('servers');
  const servers: Record<string, ToolServer> = {
    ...(file === undefined ? {} : await readFile(file, cwd)),
    ...Object.fromEntries(parsed.all('server').map(serverOf)),
  };
  if (Object.keys(servers).length === 0) return {};
  const folder = env.XDG_CONFIG_HOME ?? join(env.HOME ?? env.USERPROFILE ?? cwd, '.config');
  const pins = parsed.one('pins');
  return {
    servers: await withTokens(servers, join(folder, 'sandglass'), env),
    pins: pins === undefined ? join(folder, 'sandglass', 'servers.json') : resolve(cwd, pins),
  };
}

function serverOf(text: string): readonly [string, ToolServer] {
  const at = text.indexOf('=');
  const name = text.slice(0, at);
  const place = text.slice(at + 1).trim();
  if (at < 1 || place === '')
    throw new UsageError(
      `Cannot read --server=${text.slice(0, 200)}: expected NAME=URL or NAME=COMMAND`,
      "E.g. --server=time=https://example.com/mcp, or --server='files=npx -y some-server'",
    );
  if (/^https?:\/\//.test(place)) return [name, { url: place }];
  const [command = '', ...args] = place.split(/\s+/);
  return [name, { command, args }];
}

async function readFile(file: string, cwd: string): Promise<Readonly<Record<string, ToolServer>>> {
  const where = `--servers=${file}`;
  const value = parseJson(await readText(file, cwd), where);
  const { mcpServers, servers } = Object(value) as Record<string, unknown>;
  const given = mcpServers ?? servers;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new UsageError(
      `Cannot read ${where}: expected an object with "mcpServers"`,
      'E.g. {"mcpServers": {"time": {"url": "https://example.com/mcp"}}}',
    );
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, server]) => {
      if (typeof server !== 'object' || server === null)
        throw new UsageError(`Cannot read ${where}: "${name.slice(0, 80)}" is not an object`);
      // Clients say the transport as well, and switch servers off; both are told by what else stands there.
      const { type: _, disabled, ...rest } = server as Record<string, unknown>;
      return disabled === true ? [] : [[name, rest as unknown as ToolServer]]; // the runtime checks it
    }),
  );
}
