import type { Runtime } from '../../contracts/api/runtime.ts';
import type { ToolServerInfo } from '../../contracts/api/tool-servers.ts';
import { exitCodeOf } from '../../vocabulary/errors.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { readSecrets } from './grant-flags.ts';
import { readServers } from './server-flags.ts';
import { printable } from './style.ts';
import { table } from './table.ts';
import { UsageError } from './usage-error.ts';

/** Connects to the servers of the flags and tells what they offer. @throws {UsageError} */
export async function listServers(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  await using runtime = await openRuntime(context, parsed);
  const { stdout } = context.terminal;
  const servers = runtime.tools.servers.list();
  if (parsed.has('json')) stdout.write(`${JSON.stringify({ servers })}\n`);
  else {
    stdout.write(
      `${table([
        ['server', 'state', 'tools', 'it is'],
        ...servers.map(({ name, state, tools, server }) => [
          name,
          state,
          String(tools.length),
          printable([server?.name, server?.version, server?.revision].filter(Boolean).join(' ') || '-'),
        ]),
      ])}\n`,
    );
    for (const server of servers) stdout.write(detailsOf(server));
  }
  const worst = servers.find(({ error }) => error !== undefined)?.error;
  if (worst !== undefined) return exitCodeOf(worst.code);
  return servers.some(({ state }) => state === 'held') ? exitCodeOf('CONFIRMATION_REQUIRED') : 0;
}

/** Shows what a server tells otherwise than before, and takes it for what it should tell. @throws {UsageError | SandglassError} */
export async function confirmServer(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const [name, other] = parsed.positionals;
  if (name === undefined) throw new UsageError('Nothing to confirm: give the name of a server');
  if (other !== undefined) throw new UsageError(`Cannot use "${other}": one server at a time`);
  await using runtime = await openRuntime(context, parsed);
  const { stdout } = context.terminal;
  const before = runtime.tools.servers.list().find((server) => server.name === name);
  const after = await runtime.tools.servers.confirm(name);
  if (parsed.has('json'))
    stdout.write(`${JSON.stringify({ changes: before?.changes ?? [], server: after })}\n`);
  else if (before === undefined || before.changes.length === 0)
    stdout.write(`Nothing of ${name} has changed\n`);
  else stdout.write(`${detailsOf(before)}Confirmed: ${after.tools.length} tools of ${name}\n`);
  return 0;
}

async function openRuntime(context: CommandContext, parsed: ParsedArguments): Promise<Runtime> {
  const { terminal } = context;
  const options = await readServers(parsed, terminal);
  if (options.servers === undefined)
    throw new UsageError('There are no servers: name some', 'With --servers=FILE, or --server=NAME=URL');
  const runtime = await context.createRuntime({
    level: 'minimal',
    secrets: readSecrets(parsed, terminal.env),
    tools: options,
    onNotice: () => undefined, // all of it is shown
  });
  await runtime.tools.ready();
  return runtime;
}

/** Names, and what is wrong or new. What a server says is printed with nothing that a terminal would take for an order. */
function detailsOf({ name, tools, changes, skipped, error }: ToolServerInfo): string {
  const lines = [
    ...(tools.length === 0 ? [] : [`${name}: ${tools.join(', ')}`]),
    ...(error === undefined
      ? []
      : [`${name}: ${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`]),
    ...skipped.map((one) => `${name}: skipped ${one.tool}: ${one.error.message}`),
    ...changes.map(({ tool, kind, description }) => `${name}: ${kind} ${tool}: ${description.slice(0, 500)}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join('');
}
