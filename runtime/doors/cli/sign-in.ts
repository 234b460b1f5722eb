import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ToolServer } from '../../contracts/api/tool-servers.ts';
import { defined } from '../../vocabulary/defined.ts';
import { exitCodeOf } from '../../vocabulary/errors.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { readSecrets } from './grant-flags.ts';
import { interruptOf } from './interrupt.ts';
import { errorLines } from './report.ts';
import { readServers } from './server-flags.ts';
import { printable, styleFor } from './style.ts';
import { UsageError } from './usage-error.ts';

/** How long a person may take. */
const PATIENCE_MS = 300_000;

/** Signs in to one server: shows the URL, waits for the browser on this machine, keeps the tokens. @throws {UsageError} */
export async function signIn(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const [name, other] = parsed.positionals;
  if (name === undefined) throw new UsageError('Nothing to sign in to: give the name of a server');
  if (other !== undefined) throw new UsageError(`Cannot use "${other}": one server at a time`);
  const { terminal } = context;
  const { servers = {}, pins } = await readServers(parsed, terminal);
  const server = Object.hasOwn(servers, name) ? servers[name] : undefined;
  if (server === undefined)
    throw new UsageError(
      `Cannot sign in to "${name}": there is no such server`,
      `There are: ${Object.keys(servers).join(', ') || 'none'}`,
    );
  // Flags have put a store into what was only true.
  if (!('url' in server) || server.oauth === undefined || server.oauth === true) throw signInBy(name, server);
  using interrupt = interruptOf(terminal);
  await using browser = await awaitBrowser(server.oauth.redirectUrl, interrupt.signal);
  const authorize = async (url: URL): Promise<string> => {
    terminal.stderr.write(`Open this in a browser:\n${printable(url.href)}\n`);
    return browser.cameBackWith;
  };
  const oauth = { ...server.oauth, redirectUrl: browser.redirectUrl, authorize };
  await using runtime = await context.createRuntime({
    level: 'minimal',
    secrets: readSecrets(parsed, terminal.env),
    tools: {
      servers: { [name]: { ...server, oauth, connectTimeoutMs: PATIENCE_MS } },
      ...defined({ pins }),
    },
    onNotice: () => undefined, // what failed is shown below
  });
  await Promise.race([runtime.tools.ready(), aborted(interrupt.signal)]);
  const [found] = runtime.tools.servers.list();
  const { stdout, stderr } = terminal;
  const ended = interrupt.exitCode();
  if (ended !== undefined) return ended;
  if (found?.error !== undefined) {
    stderr.write(errorLines(found.error, styleFor(stderr, terminal)));
    return exitCodeOf(found.error.code);
  }
  stdout.write(`Signed in to ${name}: ${found?.tools.length ?? 0} tools\n`);
  return 0;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const signInBy = (name: string, server: ToolServer): UsageError =>
  new UsageError(
    `Cannot sign in to "${name}": ${'url' in server ? 'its entry has no "oauth"' : 'it is started by a command'}`,
    'Put "oauth": true into its entry of the --servers file',
  );

interface Browser extends AsyncDisposable {
  readonly redirectUrl: string;
  /** The URL, once it has come. */
  readonly cameBackWith: Promise<string>;
}

/** Listens where a browser of this machine comes back: on the port that was registered, or a free one. */
async function awaitBrowser(wanted: string | URL | undefined, signal: AbortSignal): Promise<Browser> {
  const place = new URL(wanted ?? 'http://127.0.0.1/callback');
  if (place.protocol !== 'http:' || !['127.0.0.1', 'localhost'].includes(place.hostname))
    throw new UsageError(`Cannot sign in: redirectUrl ${place.href} is not of this machine`);
  const came = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', place);
    const isIt = url.pathname === place.pathname && request.method === 'GET';
    response.writeHead(isIt ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      connection: 'close',
    });
    response.end(isIt ? 'You can close this page.\n' : 'Nothing here.\n');
    if (isIt) came.resolve(url.href);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', () =>
      reject(new UsageError(`Cannot listen on ${place.host}: something does already`)),
    );
    server.listen(Number(place.port || 0), '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo; // it listens on a port
  place.port = String(port);
  signal.addEventListener('abort', () => came.reject(new UsageError('Cannot sign in: it was ended')), {
    once: true,
  });
  came.promise.catch(() => undefined); // nobody may be waiting
  return {
    redirectUrl: place.href,
    cameBackWith: came.promise,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
