import { resolve } from 'node:path';
import type { NodeRuntimeOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { BROWSER_ACTIONS, type BrowserAction, type BrowserGrant } from '../../vocabulary/grants/browser.ts';
import { nearest } from '../../vocabulary/nearest.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { originOf } from './origin.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Databases, stores and the browser. */
export const REACH_FLAGS: readonly Flag[] = [
  {
    name: 'allow-sql',
    value: 'NAME[:write]',
    repeats: true,
    help: 'Let the guest read a database of --database by its name; with :write change it, too.',
  },
  {
    name: 'allow-kv',
    value: 'NAME[:write]',
    repeats: true,
    help: 'Let it read a store of values by key, in memory as long as the command runs; with :write change it, too.',
  },
  {
    name: 'allow-browser',
    value: 'ORIGIN',
    repeats: true,
    help: 'Let it open and read pages of an origin in a browser; a bare host means https, * every public origin.',
  },
  {
    name: 'allow-session',
    value: 'ACCESS',
    help: 'Let it keep what a later call of the same session reads: read, or write for both.',
  },
  {
    name: 'browser-actions',
    value: 'LIST',
    repeats: true,
    help: 'What else it may do there: interact, screenshot, or * for all.',
  },
];

/** Where what the grants name is. */
export const DATABASE_FLAG: Flag = {
  name: 'database',
  value: 'NAME=URL',
  repeats: true,
  help: 'A database for grants: sqlite:FILE, memory:, or a variable of your environment that holds a URL, such as DATABASE_URL with postgresql://…',
};

/** What these flags add to a grant. @throws {UsageError} for what cannot be read, or names nothing. */
export function reachOf(
  parsed: ParsedArguments,
  base: Grant,
): Pick<Grant, 'sql' | 'kv' | 'browser' | 'session'> {
  const databases = parsed.all('database').map((text) => pairOf(text)[0]);
  const sql = parsed.all('allow-sql').map((text) => entryOf('--allow-sql', text));
  for (const { name } of sql) if (!databases.includes(name)) throw noDatabase(name, databases);
  const kv = parsed.all('allow-kv').map((text) => entryOf('--allow-kv', text));
  return defined({
    sql: sql.length === 0 ? base.sql : merged(base.sql, sql),
    kv: kv.length === 0 ? base.kv : merged(base.kv, kv),
    browser: browserOf(parsed, base.browser),
    session: sessionOf(parsed.one('allow-session'), base.session),
  });
}

/** An entry of each name: a flag adds its access to what the grant file says of the same name. */
function merged<E extends { readonly name: string; readonly access?: readonly Access[] }>(
  base: readonly E[] = [],
  more: readonly { readonly name: string; readonly access: readonly Access[] }[],
): readonly (E | (typeof more)[number])[] {
  const byName = new Map<string, E | (typeof more)[number]>(base.map((entry) => [entry.name, entry]));
  for (const { name, access } of more) {
    const before = byName.get(name);
    const both = before === undefined ? access : [...new Set([...(before.access ?? ['read']), ...access])];
    byName.set(name, { ...before, name, access: both });
  }
  return [...byName.values()];
}

/** Databases by the names that grants have for them. @throws {UsageError} for what is not a database, or a variable that is not set. */
export function readDatabases(
  parsed: ParsedArguments,
  { cwd, env }: Pick<Terminal, 'cwd' | 'env'>,
): Pick<NodeRuntimeOptions, 'sql'> {
  const given = parsed.all('database').map(pairOf);
  if (given.length === 0) return {};
  return { sql: Object.fromEntries(given.map(([name, place]) => [name, urlOf(name, place, cwd, env)])) };
}

type Access = 'read' | 'write';

/** Whoever may write may read. */
function sessionOf(text: string | undefined, base: Grant['session']): Grant['session'] {
  if (text === undefined) return base;
  if (text !== 'read' && text !== 'write')
    throw new UsageError(`Cannot read --allow-session=${text}: expected read, or write`);
  const access: Access[] = text === 'write' ? ['read', 'write'] : ['read'];
  return { ...base, access: [...new Set([...(base?.access ?? []), ...access])] };
}

/** Whoever may change what is there may read it. */
function entryOf(flag: string, text: string): { readonly name: string; readonly access: readonly Access[] } {
  const [name = '', access = 'read', ...more] = text.split(':');
  if (name === '' || more.length > 0 || (access !== 'read' && access !== 'write'))
    throw new UsageError(`Cannot read ${flag}=${text}: expected NAME, or NAME:write`);
  return { name, access: access === 'write' ? ['read', 'write'] : ['read'] };
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  // What was given may be a URL with a password.
  throw new UsageError(
    'Cannot read --database: expected NAME=URL',
    'For instance --database=app=sqlite:./app.db, or --database=app=DATABASE_URL',
  );
}

function urlOf(name: string, place: string, cwd: string, env: Terminal['env']): string {
  if (/^[A-Za-z_]\w*$/.test(place)) {
    const url = env[place] ?? '';
    if (url !== '') return placed(url, cwd);
    throw new UsageError(
      `Cannot read --database=${name}=${place}: the variable is not set or empty`,
      'Give sqlite:FILE, memory:, or the name of a variable that holds a URL',
    );
  }
  if (holdsPassword(place))
    throw new UsageError(
      `Cannot read --database=${name}=…: it holds a password, which every process of this machine could see`,
      `Put the URL into a variable of your environment: --database=${name}=DATABASE_URL`,
    );
  return placed(place, cwd);
}

/** Whatever of it could be one: a URL that no parser takes, or the words `password=…` of libpq, may hold it, too. */
function holdsPassword(place: string): boolean {
  if (/\bpassword\s*=/i.test(place)) return true;
  if (!/^postgres(?:ql)?:/i.test(place)) return false;
  const url = URL.parse(place);
  return url === null ? place.includes('@') : url.password !== '' || url.searchParams.has('password');
}

/** A file is looked for where the command was called. */
function placed(url: string, cwd: string): string {
  const file = /^sqlite:(?:\/\/)?(.*)$/s.exec(url)?.[1];
  return file === undefined || file === '' || file === ':memory:' ? url : `sqlite:${resolve(cwd, file)}`;
}

function noDatabase(name: string, known: readonly string[]): UsageError {
  const near = nearest(name, known);
  return new UsageError(
    `Cannot use --allow-sql=${name}: no --database has this name`,
    near === undefined
      ? `Say where it is: --database=${name}=sqlite:FILE, or --database=${name}=DATABASE_URL for a URL in your environment`
      : `Did you mean "${near}"?`,
  );
}

function browserOf(parsed: ParsedArguments, base: BrowserGrant | undefined): BrowserGrant | undefined {
  const origins = parsed
    .all('allow-browser')
    .map((text) => originOf('--allow-browser', text, ['http', 'https']));
  const actions = parsed.all('browser-actions').flatMap((text) => text.split(',').map(actionsOf));
  if (origins.length === 0 && actions.length > 0 && base === undefined)
    throw new UsageError(
      'Cannot use --browser-actions alone: the guest may open no page',
      'Name the origins: --allow-browser=ORIGIN',
    );
  if (origins.length === 0 && actions.length === 0) return base;
  const { actions: before = ['navigate', 'extract'], origins: known = [], ...rest } = base ?? {};
  return {
    ...rest,
    origins: [...new Set([...known, ...origins])],
    actions: [...new Set([...before, ...actions.flat()])],
  };
}

function actionsOf(text: string): readonly BrowserAction[] {
  const name = text.trim();
  if (name === '*') return BROWSER_ACTIONS;
  const found = BROWSER_ACTIONS.find((action) => action === name);
  if (found !== undefined) return [found];
  throw new UsageError(
    `Cannot read --browser-actions=${text}: expected some of ${BROWSER_ACTIONS.join(', ')}, or *`,
  );
}
