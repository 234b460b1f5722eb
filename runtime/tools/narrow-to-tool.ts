import { defined } from '../vocabulary/defined.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { FsAccess, FsGrant } from '../vocabulary/grants/fs.ts';
import type { KvGrant } from '../vocabulary/grants/kv.ts';
import type { SqlGrant } from '../vocabulary/grants/sql.ts';
import type { ScopedCapability } from '../vocabulary/manifest.ts';

/**
 * What of a grant a tool gets: the parts of the capabilities that it asks for, narrowed to the scopes that it names. The result is never more than
 * the grant; the policy is laid over it once more when it runs.
 * @param writable Guest folders below which alone it may write and delete. @default all that are granted
 */
export function narrowToTool(
  grant: Grant,
  capabilities: readonly string[],
  scopes: readonly ScopedCapability[],
  writable?: readonly string[],
): Grant {
  if (capabilities.length === 0) return defined({ limits: grant.limits });
  const wants = (name: string): boolean => capabilities.includes(name);
  const custom = Object.entries(grant.custom ?? {}).filter(([host]) =>
    capabilities.some((name) => name === host || name.startsWith(`${host}.`)),
  );
  const fs = (grant.fs ?? []).flatMap((entry) => narrowMount(entry, wants, scopes, writable));
  return defined({
    fs: fs.length > 0 ? fs : undefined,
    http: wants('http')
      ? (grant.http ?? []).flatMap((entry) => narrowOrigins(entry, scopesOf('http', scopes)))
      : undefined,
    ws: wants('ws')
      ? (grant.ws ?? []).flatMap((entry) => narrowOrigins(entry, scopesOf('ws', scopes)))
      : undefined,
    sql: wants('sql.read') || wants('sql.write') ? narrowNamed('sql', grant.sql ?? [], wants) : undefined,
    kv: wants('kv.read') || wants('kv.write') ? narrowNamed('kv', grant.kv ?? [], wants) : undefined,
    session: narrowSession(grant.session, wants),
    browser: narrowBrowser(grant.browser, wants),
    tools: wants('tools.call') ? grant.tools : undefined,
    run: narrowRun(grant.run, wants),
    env: wants('env') ? grant.env : undefined,
    limits: grant.limits,
    custom: custom.length > 0 ? Object.fromEntries(custom) : undefined,
  });
}

/** With what of its own grant it may share: a tool shares only what it has itself. */
function narrowRun(run: Grant['run'], wants: (name: string) => boolean): Grant['run'] {
  const access = (run?.access ?? ['start']).filter((name) => wants(`run.${name}`));
  return run === undefined || access.length === 0 ? undefined : { ...run, access };
}

function narrowSession(session: Grant['session'], wants: (name: string) => boolean): Grant['session'] {
  const access = (session?.access ?? ['read']).filter((name) => wants(`session.${name}`));
  return session === undefined || access.length === 0 ? undefined : { ...session, access };
}

function narrowBrowser(browser: Grant['browser'], wants: (name: string) => boolean): Grant['browser'] {
  const actions = (browser?.actions ?? ['navigate', 'extract']).filter((name) => wants(`browser.${name}`));
  return browser === undefined || actions.length === 0 ? undefined : { ...browser, actions };
}

const narrowNamed = <Entry extends SqlGrant | KvGrant>(
  part: 'sql' | 'kv',
  entries: readonly Entry[],
  wants: (name: string) => boolean,
): readonly Entry[] =>
  entries.flatMap((entry) => {
    const access = (entry.access ?? ['read']).filter((name) => wants(`${part}.${name}`));
    return access.length === 0 ? [] : [{ ...entry, access }];
  });

const scopesOf = (name: string, scopes: readonly ScopedCapability[]): readonly ScopedCapability[] =>
  scopes.filter((scope) => scope.name === name);

function narrowMount(
  entry: FsGrant,
  wants: (name: string) => boolean,
  scopes: readonly ScopedCapability[],
  writable: readonly string[] | undefined,
): readonly FsGrant[] {
  const given: readonly FsAccess[] = entry.access ?? ['read'];
  // Each access has scopes of its own: a folder that may be read need not be one that may be written.
  const byFolder = new Map<string, FsGrant>();
  for (const access of ['read', 'write', 'delete'] as const) {
    const has =
      given.includes(access) || (access === 'delete' && given.includes('write') && entry.delete !== false);
    if (!has || !wants(`fs.${access}`)) continue;
    const folders = scopesOf(`fs.${access}`, scopes).flatMap(({ paths }) => paths ?? []);
    const scoped = folders.length === 0 ? [entry] : folders.flatMap((path) => below(entry, path));
    const kept =
      access === 'read' || writable === undefined
        ? scoped
        : scoped.flatMap((one) => writable.flatMap((path) => below(one, path)));
    for (const narrowed of kept) {
      const key = `${narrowed.host}\n${narrowed.guest ?? ''}`;
      const known = byFolder.get(key);
      byFolder.set(key, { ...narrowed, access: [...(known?.access ?? []), access] });
    }
  }
  return [...byFolder.values()].map((one) => {
    const { delete: _, ...rest } = one;
    const { access = [] } = one;
    return access.includes('write') && !access.includes('delete') ? { ...rest, delete: false } : rest;
  });
}

/** A mount, as far as it lies below a guest folder; nothing where they have nothing in common. */
function below(entry: FsGrant, path: string): readonly FsGrant[] {
  const mount = guestOf(entry);
  const wanted = trimmed(path);
  if (isBelow(mount, wanted)) return [entry];
  if (!isBelow(wanted, mount)) return [];
  const rest = wanted.slice(mount === '/' ? 0 : mount.length);
  return [{ ...entry, host: `${trimmed(entry.host)}${rest}`, guest: wanted }];
}

const isBelow = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);

function trimmed(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end -= 1;
  return path === '' ? '/' : path.slice(0, end);
}

function guestOf({ guest, host }: FsGrant): string {
  if (guest !== undefined) return trimmed(guest);
  return `/${trimmed(host).split(/[/\\]/).at(-1) ?? ''}`;
}

interface OriginEntry {
  readonly origin: string;
  readonly methods?: readonly string[];
}

function narrowOrigins<E extends OriginEntry>(entry: E, scopes: readonly ScopedCapability[]): readonly E[] {
  if (scopes.length === 0) return [entry];
  return scopes.flatMap(({ origins, methods }) => {
    const mine = entry.methods ?? ['GET', 'HEAD'];
    const common =
      methods === undefined ? undefined : mine.filter((name) => methods.includes(name.toUpperCase()));
    if (common?.length === 0) return [];
    const narrowed = { ...entry, ...defined({ methods: common }) };
    if (origins === undefined) return [narrowed];
    return origins.flatMap((origin) => {
      if (covers(origin, entry.origin)) return [narrowed];
      return covers(entry.origin, origin) ? [{ ...narrowed, origin }] : [];
    });
  });
}

/** Of origins as texts, `*` and `https://*.example.com`; what it takes for covered, the host function checks again. */
function covers(pattern: string, origin: string): boolean {
  const [one, other] = [trimmed(pattern.toLowerCase()), trimmed(origin.toLowerCase())];
  if (one === other || one === '*') return true;
  const at = one.indexOf('://*.');
  if (at < 0) return false;
  return other.startsWith(one.slice(0, at + 3)) && other.endsWith(one.slice(at + 4));
}
