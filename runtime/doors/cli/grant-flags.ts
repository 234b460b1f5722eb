import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import type { Secret } from '../../contracts/host-function.ts';
import type { NodeRuntimeOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import type { FsAccess, FsGrant } from '../../vocabulary/grants/fs.ts';
import type { HttpGrant } from '../../vocabulary/grants/http.ts';
import type { RunGrant } from '../../vocabulary/grants/run.ts';
import type { WsGrant } from '../../vocabulary/grants/ws.ts';
import { languageName } from '../../vocabulary/languages.ts';
import { parseJson, readText, unreadable } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { originOf } from './origin.ts';
import { DATABASE_FLAG, REACH_FLAGS, reachOf, readDatabases } from './reach-flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** A grant of tools is of no use without tools: for commands that take TOOL_FLAGS. */
export const TOOL_GRANT: Flag = {
  name: 'allow-tool',
  value: 'NAME',
  repeats: true,
  help: 'Let the guest call a tool by its name, one that ships or one of --tools; * stands for any characters, e.g. web_*.',
};

export const GRANT_FLAGS: readonly Flag[] = [
  {
    name: 'allow-read',
    value: 'HOST[:GUEST]',
    repeats: true,
    help: 'Let the guest read a file or folder; it sees it at GUEST, by default / and its last name.',
  },
  { name: 'allow-write', value: 'HOST[:GUEST]', repeats: true, help: 'Let it write, and delete, there.' },
  {
    name: 'allow-net',
    value: 'ORIGIN',
    repeats: true,
    help: 'Let it send GET and HEAD requests to an origin; a bare host means https, * every public origin. wss://HOST lets it open WebSockets.',
  },
  {
    name: 'allow-run',
    value: 'LANGUAGES',
    repeats: true,
    help: 'Let it start guests of these languages, e.g. python,javascript, or * for any, out of its own budget and with no power of their own.',
  },
  {
    name: 'allow-env',
    value: 'NAME=VALUE',
    repeats: true,
    help: 'Set an environment variable of the guest; yours are never passed on.',
  },
  ...REACH_FLAGS,
  {
    name: 'grant',
    value: 'FILE',
    help: 'Read a grant as JSON: fs, http (other methods, paths, caps, secrets), ws, sql, kv, browser, env, limits. Flags add to it.',
  },
  DATABASE_FLAG,
  {
    name: 'secret',
    value: 'NAME=VARIABLE',
    repeats: true,
    help: 'A bearer token for entries of the grant that name it, read from a variable of your environment. The guest never sees it.',
  },
];

const NET_SCHEMES = ['http', 'https', 'ws', 'wss'];

/** What a runtime is given for the grants of a command line: secrets and databases by their names. @throws {UsageError} */
export const readPowers = (
  parsed: ParsedArguments,
  terminal: Pick<Terminal, 'cwd' | 'env'>,
): Pick<NodeRuntimeOptions, 'secrets' | 'sql'> => ({
  secrets: readSecrets(parsed, terminal.env),
  ...readDatabases(parsed, terminal),
});

/**
 * Secrets by the names that a grant has for them. Their values come from the environment: a command line is seen by every process.
 * @throws {UsageError} for a variable that is not set.
 */
export function readSecrets(
  parsed: ParsedArguments,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, Secret>> {
  return Object.fromEntries(
    parsed.all('secret').map((text) => {
      const [name, variable] = splitPair('--secret', text, 'NAME=VARIABLE');
      const token = env[variable] ?? '';
      if (token === '') {
        throw new UsageError(
          `Cannot read --secret=${text}: the variable is not set or empty`,
          'Put the token itself into a variable of your environment, and the name of that variable here',
        );
      }
      return [name, { kind: 'bearer', token }];
    }),
  );
}

/**
 * The grant of a command line: what `--grant` holds, and what the flags add to it. Relative host paths start at `cwd`.
 * @throws {UsageError} for what cannot be read, does not exist, or contradicts itself.
 */
export async function readGrant(parsed: ParsedArguments, cwd: string): Promise<Grant> {
  const file = parsed.one('grant');
  const base = file === undefined ? {} : await readGrantFile(file, cwd);
  const mounts = [
    ...parsed.all('allow-read').map((text) => mountOf('--allow-read', text, 'read')),
    ...parsed.all('allow-write').map((text) => mountOf('--allow-write', text, 'write')),
  ];
  const fs = mergeMounts([...listOf<FsGrant>(base.fs), ...mounts].map((mount) => absolute(mount, cwd)));
  for (const { host } of fs) await mustExist(host, cwd);
  const origins = parsed
    .all('allow-net')
    .map((text) => ({ origin: originOf('--allow-net', text, NET_SCHEMES) }));
  const isSocket = ({ origin }: { readonly origin: string }): boolean => /^wss?:/.test(origin);
  const http: readonly HttpGrant[] = [
    ...listOf<HttpGrant>(base.http),
    ...origins.filter((entry) => !isSocket(entry)),
  ];
  const ws: readonly WsGrant[] = [...listOf<WsGrant>(base.ws), ...origins.filter(isSocket)];
  const tools = [...new Set([...listOf<string>(base.tools), ...parsed.all('allow-tool')])];
  const run = runOf(base.run, parsed.all('allow-run'));
  const env = { ...base.env, ...Object.fromEntries(parsed.all('allow-env').map(variableOf)) };
  return {
    ...base,
    ...(fs.length === 0 ? {} : { fs }),
    ...(http.length === 0 ? {} : { http }),
    ...(ws.length === 0 ? {} : { ws }),
    ...(tools.length === 0 ? {} : { tools }),
    ...defined({ run }),
    ...reachOf(parsed, base),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
}

/** A grant as JSON, its parts looked at as far as the command line uses them. @throws {UsageError} */
export async function readGrantFile(file: string, cwd: string): Promise<Grant> {
  return grantOf(parseJson(await readText(file, cwd), `--grant=${file}`), `--grant=${file}`);
}

/** What is used here of a grant's parts is looked at; the runtime checks the rest, field by field. @throws {UsageError} */
export function grantOf(value: unknown, where: string): Grant {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot read ${where}: expected a JSON object`);
  }
  for (const part of ['fs', 'http', 'ws', 'sql', 'kv'] as const) {
    const list: unknown = Reflect.get(value, part);
    if (list !== undefined && !(Array.isArray(list) && list.every(isObject))) {
      throw new UsageError(`Cannot read ${where}: "${part}" is not a list of objects`);
    }
  }
  const tools: unknown = Reflect.get(value, 'tools');
  if (tools !== undefined && !Array.isArray(tools)) {
    throw new UsageError(`Cannot read ${where}: "tools" is not a list of names`);
  }
  const mounts: unknown = Reflect.get(value, 'fs');
  if (
    Array.isArray(mounts) &&
    !mounts.every((mount) => typeof mount.host === 'string' && mount.host !== '')
  ) {
    throw new UsageError(`Cannot read ${where}: an entry of "fs" has no "host"`);
  }
  for (const part of ['env', 'browser'] as const) {
    const object: unknown = Reflect.get(value, part);
    if (object === undefined || isObject(object)) continue;
    throw new UsageError(`Cannot read ${where}: "${part}" is not an object`);
  }
  return value as Grant; // the parts used here were just checked; the runtime checks the rest, field by field
}

/** Flags add languages to what the file has; a file that names none has them all. */
function runOf(base: RunGrant | undefined, flags: readonly string[]): RunGrant | undefined {
  if (flags.length === 0) return base;
  const names = flags.flatMap((text) => text.split(',')).map((name) => name.trim());
  if (names.includes('')) throw new UsageError('Cannot read --allow-run: expected names of languages, or *');
  const { languages, ...rest } = base ?? {};
  if (names.includes('*') || (base !== undefined && languages === undefined)) return rest;
  return { ...rest, languages: [...new Set([...(languages ?? []), ...names.map(languageName)])] };
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = <T>(list: readonly T[] | undefined): readonly T[] => list ?? [];

/** `./data:/data`: the guest path starts at the last `:/`. A drive letter (`C:/data`) is not a host path of its own. */
function mountOf(flag: string, text: string, access: FsAccess): FsGrant {
  const at = text.lastIndexOf(':/');
  const hasGuest = at > 1 || (at === 1 && !/^[a-z]$/i.test(text[0] ?? ''));
  const host = hasGuest ? text.slice(0, at) : text;
  if (host === '' || host.startsWith(':')) {
    throw new UsageError(`Cannot read ${flag}=${text}: expected HOST or HOST:/GUEST`);
  }
  if (!hasGuest && at < 0 && /:[^/\\]*$/.test(text)) {
    throw new UsageError(`Cannot read ${flag}=${text}: the guest path after ":" must start with /`);
  }
  return { host, ...(hasGuest ? { guest: text.slice(at + 1) } : {}), access: [access] };
}

/** Relative host folders start at `cwd`. @throws {UsageError} for one that does not exist. */
export async function absoluteGrant(grant: Grant, cwd: string): Promise<Grant> {
  if (grant.fs === undefined) return grant;
  const fs = grant.fs.map((mount) => absolute(mount, cwd));
  for (const { host } of fs) await mustExist(host, cwd);
  return { ...grant, fs };
}

const absolute = (mount: FsGrant, cwd: string): FsGrant => ({
  ...mount,
  host: isAbsolute(mount.host) ? mount.host : resolve(cwd, mount.host),
});

/** The same folder at the same place, once to read and once to write, is one mount with both. */
function mergeMounts(mounts: readonly FsGrant[]): readonly FsGrant[] {
  const merged = new Map<string, FsGrant>();
  for (const mount of mounts) {
    const { access = ['read'], ...others } = mount;
    const key = JSON.stringify(Object.entries(others).sort(([a], [b]) => (a < b ? -1 : 1)));
    const before = merged.get(key)?.access ?? [];
    merged.set(key, { ...others, access: [...new Set([...before, ...access])] });
  }
  return [...merged.values()];
}

async function mustExist(host: string, cwd: string): Promise<void> {
  try {
    await stat(host);
  } catch (error) {
    throw await unreadable('grant', host, cwd, error);
  }
}

function variableOf(text: string): [string, string] {
  return splitPair(
    '--allow-env',
    text,
    'NAME=VALUE',
    'Your own environment is never passed on: write the value here',
  );
}

function splitPair(flag: string, text: string, expected: string, hint?: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`Cannot read ${flag}=${text}: expected ${expected}`, hint);
  return [text.slice(0, at), text.slice(at + 1)];
}
