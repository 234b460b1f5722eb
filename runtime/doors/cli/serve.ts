import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { ToolsOptions } from '../../contracts/api/tools.ts';
import type { Queue } from '../../contracts/queue.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { createInProcessScheduler } from '../../work/in-process.ts';
import { createHttpApp } from '../http/app.ts';
import { createModuleStore } from '../http/module-store.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { readGrant, readPowers } from './grant-flags.ts';
import { openJournal } from './journal.ts';
import { keyPathOf, openKeyFile } from './key-file.ts';
import { listen } from './listen.ts';
import { readObserving } from './observe-flags.ts';
import { readPackageSources } from './package-flags.ts';
import { readCeiling } from './policy-flag.ts';
import { parseDuration, parseWhole } from './quantities.ts';
import { rateOf, readRates } from './rate-flags.ts';
import { readLimitFlags, readMaxModule } from './run-flags.ts';
import { readServers } from './server-flags.ts';
import { readSignIns } from './sign-in-flags.ts';
import type { Terminal } from './terminal.ts';
import { readTokens } from './token-flags.ts';
import { readTools } from './tool-flags.ts';
import { instructionsOf } from './tool-instructions.ts';
import { UsageError } from './usage-error.ts';

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

/** What a client may raise its limits to where the operator says nothing else. */
const CEILINGS = { timeoutMs: 60_000, memoryBytes: 1024 ** 3, outputBytes: 16 * 1024 ** 2 };

/** Said to a client whose grant this server does not allow. */
const HINTS: Readonly<Record<string, string>> = {
  fs: 'Whoever runs the server can allow it: sandglass serve --allow-read=FOLDER, --allow-write=FOLDER',
  http: 'Whoever runs the server can allow it: sandglass serve --allow-net=ORIGIN',
  ws: 'Whoever runs the server can allow it: sandglass serve --allow-net=wss://HOST',
  sql: 'Whoever runs the server can allow it: sandglass serve --database=NAME=URL --allow-sql=NAME',
  kv: 'Whoever runs the server can allow it: sandglass serve --allow-kv=NAME',
  browser:
    'Whoever runs the server can allow it: sandglass serve --allow-browser=ORIGIN --browser-actions=LIST',
  session: 'Whoever runs the server can allow it: sandglass serve --allow-session=read|write',
  env: 'Whoever runs the server can allow it: sandglass serve --allow-env=NAME=VALUE',
};

/** Serves until a signal comes, and answers the exit code. @throws {UsageError} */
export async function serve(
  { terminal, createRuntime, inspectUpload, version }: CommandContext,
  parsed: ParsedArguments,
): Promise<number> {
  if (parsed.positionals.length > 0)
    throw new UsageError(`Cannot use "${parsed.positionals[0]}": serve takes no argument`);
  const host = parsed.one('host') ?? '127.0.0.1';
  const port = parseWhole('--port', parsed.one('port') ?? '4280', 0, 65_535);
  const concurrency = parseWhole('--concurrency', parsed.one('concurrency') ?? '10', 1, 256);
  const maxQueued = parseWhole('--queue', parsed.one('queue') ?? '100', 0, 1_000_000);
  const graceMs = parseDuration('--grace', parsed.one('grace') ?? '10s');
  const key = readKey(parsed.one('key'));
  const { limits: asked, level } = readLimitFlags(parsed);
  const { limits: granted, ...policy }: Grant = await readGrant(parsed, terminal.cwd);
  const ceiling = await readCeiling(parsed, policy, terminal.cwd);
  // Clients bring grants of their own, which the document narrows: what the flags name would narrow nothing.
  if (ceiling.grant !== undefined)
    throw new UsageError(
      `Cannot use --allow flags beside --policy=${parsed.one('policy')}: clients are held to the ` +
        'document alone; take out of its grant what they may not have',
    );
  const secretKey = await readSecretKey(terminal.env);
  const keys = openKeyFile(keyPathOf(parsed, terminal));
  const tokens = await readTokens(parsed, terminal.cwd);
  const signIns = await readSignIns(parsed, terminal);
  const { secrets, ...databases } = readPowers(parsed, terminal);
  const rate = rateOf(parsed.one('rate'));
  const toolRate = rateOf(parsed.one('tool-rate'), '--tool-rate');
  await using counting = await readRates(parsed, terminal);
  const packages = await readPackageSources(parsed, terminal, false);
  const observing = readObserving(parsed, terminal);
  const audit = parsed.one('audit');
  const auditDir = audit === undefined ? undefined : resolve(terminal.cwd, audit);
  const loopback = LOOPBACK.includes(host);
  using remembering = openJournal(parsed, terminal);

  const fault = (error: unknown, id: string): void => {
    terminal.stderr.write(`Fault ${id}: ${String(error instanceof Error ? error.stack : error)}\n`);
  };

  await using runtime = await createRuntime({
    ...ceiling.runtime,
    limits: { ...granted, ...asked },
    // Without a ceiling a client could ask for its guest to run in the server's own thread.
    level: level ?? 'standard',
    ...databases,
    secrets: { ...secrets, ...signIns?.secrets },
    tools: {
      builtin: true,
      ...defined({ rate: toolRate }),
      ...(await readServedTools(parsed, terminal)),
    },
    // Sessions hold their cells beside those of the runs.
    cells: { maxCells: Math.min(256, 2 * concurrency), maxSessions: Math.min(128, concurrency) },
    ...defined({ packages }),
    maxModuleBytes: readMaxModule(parsed),
    onError: fault,
    ...(auditDir === undefined ? {} : { audit: { dir: auditDir } }),
  });
  checkGrants(tokens?.grants ?? [], runtime);
  const scheduler = createInProcessScheduler({ concurrency, maxQueued });
  const app = createHttpApp({
    runtime,
    scheduler,
    modules: createModuleStore({ inspect: inspectUpload }),
    maxModuleBytes: readMaxModule(parsed),
    key: key.text,
    holderOf: async (text) => {
      const holder = (await keys.holderOf(text, Date.now())) ?? (await tokens?.holderOf(text));
      return holder === undefined ? undefined : { ...holder, rate: holder.rate ?? rate ?? KEY_RATE };
    },
    hosts: readHosts(parsed, terminal.env, loopback),
    ...defined({ rate }),
    ...counting.options,
    ...defined({ signIns }),
    ...(tokens === undefined ? {} : { oauth: tokens.oauth }),
    policy: {
      ceilings: { ...CEILINGS, ...granted, ...ceiling.limits, ...asked },
      // A document decides by tool and caller: the door cannot tell ahead what it grants.
      ...(parsed.has('policy') ? {} : { grant: policy, hints: HINTS }),
    },
    mcp: {
      version,
      instructions: instructionsOf(policy),
      ...defined({ key: secretKey }),
    },
    ...observing(runtime),
    ...(remembering === undefined ? {} : { journal: remembering.journal }),
    ...(auditDir === undefined
      ? {}
      : {
          audit: async (filter) =>
            (await import('../../observe/audit/query.ts')).queryAudit(auditDir, filter),
        }),
    onFault: fault,
  });

  return await listenUntilStopped({ terminal, app, scheduler, host, port, graceMs, key });
}

interface Listening {
  readonly terminal: Terminal;
  readonly app: ReturnType<typeof createHttpApp>;
  readonly scheduler: Queue;
  readonly host: string;
  readonly port: number;
  readonly graceMs: number;
  readonly key: ReturnType<typeof readKey>;
}

/** Answers until a signal comes, then lets end what was accepted. */
async function listenUntilStopped({
  terminal,
  app,
  scheduler,
  host,
  port,
  graceMs,
  key,
}: Listening): Promise<number> {
  // Before anyone can know that the server is up, so that no signal is missed.
  const stopped = Promise.withResolvers<void>();
  const takeBack = terminal.onSignal(() => stopped.resolve());
  try {
    await using server = await listen({ fetch: app.fetch, host, port });
    const name = host.includes(':') ? `[${host}]` : host;
    terminal.stdout.write(`Listening on http://${name}:${server.port}\n`);
    // A key that was given is known to whoever gave it, and need not stand in a log.
    terminal.stdout.write(`Key: ${key.generated ? key.text : 'as given'}\n`);
    if (!LOOPBACK.includes(host)) {
      terminal.stderr.write(
        `Warning: ${host} is reached from other machines, and this server speaks plain HTTP\n`,
      );
    }
    await stopped.promise;
    terminal.stderr.write('Stopping: no more runs are accepted\n');
    // The door stays open meanwhile, so that clients can still fetch what became of their runs.
    const { finished, cancelled } = await scheduler.drain(graceMs);
    terminal.stderr.write(`Stopped: ${finished} ended, ${cancelled} cancelled\n`);
  } finally {
    takeBack();
  }
  return 0;
}

/** What is wrong with a grant of a rule is said now, and not to the first caller. @throws {UsageError} */
function checkGrants(grants: readonly Grant[], { tools }: Pick<Runtime, 'tools'>): void {
  for (const grant of grants) {
    try {
      tools.check('calculator', { caller: { id: 'operator', permissions: [], grants: [grant] } });
    } catch (error) {
      if (error instanceof SandglassError) continue; // of the tool, not of the grant
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      throw new UsageError(`Cannot use a grant of --issuers: ${error.message}`);
    }
  }
}

/** The servers and folders that flags name, else `./tools` where there is one. */
async function readServedTools(
  parsed: ParsedArguments,
  { cwd, env }: Pick<Terminal, 'cwd' | 'env'>,
): Promise<Pick<ToolsOptions, 'dirs' | 'servers' | 'pins'>> {
  const named = await readTools(parsed, cwd);
  const servers = await readServers(parsed, { cwd, env });
  if (named !== undefined) return { ...named, ...servers };
  const usual = resolve(cwd, 'tools');
  const isThere = await stat(usual).then(
    (found) => found.isDirectory(),
    () => false, // whatever the reason, nobody has asked for it
  );
  return { ...(isThere ? { dirs: [usual] } : {}), ...servers };
}

/** @throws {UsageError} for a key that is too short to sign with, and for none at all in production. */
async function readSecretKey(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array | undefined> {
  const text = env.SECRET_KEY ?? '';
  const bytes = new TextEncoder().encode(text);
  if (text === '' && env.NODE_ENV !== 'production') return undefined;
  if (bytes.byteLength < LEAST_SECRET_BYTES)
    throw new UsageError(
      'Cannot start: SECRET_KEY ' +
        `${text === '' ? 'is not set, and NODE_ENV is production' : `has ${bytes.byteLength} bytes`}, ` +
        `expected ${LEAST_SECRET_BYTES} or more`,
      'Make one with: openssl rand -base64 32',
    );
  // One use, one key: what is signed for MCP is not signed for anything else.
  const derived = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`sandglass mcp ${text}`));
  return new Uint8Array(derived);
}

const LEAST_SECRET_BYTES = 32;

/** Of a key of the file that says nothing else. */
const KEY_RATE = { calls: 60, perMs: 60_000 };

/** Host names that requests may be sent to. */
function readHosts(
  parsed: ParsedArguments,
  env: Readonly<Record<string, string | undefined>>,
  loopback: boolean,
): readonly string[] | 'any' {
  const named = [
    ...parsed.all('allowed-hosts'),
    ...(parsed.has('allowed-hosts') ? [] : [env.ALLOWED_HOSTS ?? '']),
  ]
    .flatMap((list) => list.split(','))
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');
  if (named.length > 0) return named;
  return loopback ? ['localhost', '127.0.0.1', '[::1]'] : 'any';
}

function readKey(given: string | undefined): { readonly text: string; readonly generated: boolean } {
  if (given === undefined) return { text: randomBytes(24).toString('base64url'), generated: true };
  if (!/^[\x21-\x7e]+$/.test(given)) {
    throw new UsageError('Cannot use the key: expected visible ASCII characters without blanks');
  }
  return { text: given, generated: false };
}
