import { defined } from '../vocabulary/defined.ts';
import type { Resource } from '../vocabulary/events.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { BROWSER_ACTIONS, type BrowserGrant } from '../vocabulary/grants/browser.ts';
import { KV_ACCESS, type KvGrant } from '../vocabulary/grants/kv.ts';
import { RUN_ACCESS, type RunGrant } from '../vocabulary/grants/run.ts';
import { SESSION_ACCESS, type SessionGrant } from '../vocabulary/grants/session.ts';
import { SQL_ACCESS, type SqlGrant } from '../vocabulary/grants/sql.ts';
import { languageName } from '../vocabulary/languages.ts';
import { leastMounts } from './least-mounts.ts';
import { leastOrigins } from './least-origins.ts';
import type { ObservedCall } from './observed-call.ts';

/** A call that its guest was allowed, whether or not it succeeded: a file that is not there is told apart from one that is denied. */
const wasAllowed = ({ decision, code }: ObservedCall): boolean =>
  decision === 'allowed' || code === 'HOST_CALL_FAILED';

/**
 * The smallest grant under which the same calls are allowed. Exact files where they were read, the folder around one that was written or was not
 * there, a folder where the guest listed it; exact origins, methods and paths, those of redirects too; exact tools. Caps, secrets, environment and
 * limits stay what they were.
 * @param wide The grant of the run.
 */
export function leastGrant(wide: Grant, calls: Iterable<ObservedCall>): Grant {
  const allowed = [...calls].filter(wasAllowed);
  const of = (name: string): readonly ObservedCall[] =>
    allowed.filter(({ operation }) => operation.startsWith(`${name}.`));
  const fs = leastMounts(wide.fs ?? [], of('fs'));
  const http = leastOrigins(wide.http ?? [], of('http'), 'http');
  const ws = leastOrigins(wide.ws ?? [], of('ws'), 'ws');
  const sql = leastNamed(SQL_ACCESS, 'sql', wide.sql ?? [], of('sql'));
  const kv = leastNamed(KV_ACCESS, 'kv', wide.kv ?? [], of('kv'));
  const tools = namesOf(of('tools'));
  const custom = Object.entries(wide.custom ?? {}).filter(([name]) => of(name).length > 0);
  return {
    ...(fs.length === 0 ? {} : { fs }),
    ...(http.length === 0 ? {} : { http }),
    ...(ws.length === 0 ? {} : { ws }),
    ...(wide.browser === undefined || of('browser').length === 0
      ? {}
      : { browser: leastBrowser(wide.browser, of('browser')) }),
    ...(sql.length === 0 ? {} : { sql }),
    ...(kv.length === 0 ? {} : { kv }),
    ...(wide.session === undefined || of('session').length === 0
      ? {}
      : { session: leastSession(wide.session, of('session')) }),
    ...(tools.length === 0 ? {} : { tools }),
    ...(wide.run === undefined || of('run').length === 0 ? {} : { run: leastRun(wide.run, of('run')) }),
    ...defined({ env: wide.env, limits: wide.limits }),
    ...(custom.length === 0 ? {} : { custom: Object.fromEntries(custom) }),
  };
}

/** Of what was started the languages are known; what it did itself is not looked into, so what may be shared stays. */
function leastRun(wide: RunGrant, calls: readonly ObservedCall[]): RunGrant {
  const started = calls.filter(({ operation }) => operation === 'run.start');
  const access = RUN_ACCESS.filter((name) => calls.some(({ operation }) => operation === `run.${name}`));
  const languages = namesOf(started).map(languageName);
  return { ...wide, access, ...(languages.length === 0 ? {} : { languages }) };
}

/** The actions that were used. Pages load what they name, so the origins stay. */
const leastBrowser = (wide: BrowserGrant, calls: readonly ObservedCall[]): BrowserGrant => ({
  ...wide,
  actions: BROWSER_ACTIONS.filter((name) => calls.some(({ capability }) => capability === `browser.${name}`)),
});

const leastSession = (wide: SessionGrant, calls: readonly ObservedCall[]): SessionGrant => ({
  ...wide,
  access: SESSION_ACCESS.filter((name) => calls.some(({ capability }) => capability === `session.${name}`)),
});

/** The databases, or stores, that were asked, with the access that was used of each. */
const leastNamed = <Entry extends SqlGrant | KvGrant>(
  all: readonly ('read' | 'write')[],
  part: 'sql' | 'kv',
  wide: readonly Entry[],
  calls: readonly ObservedCall[],
): readonly Entry[] =>
  wide.flatMap((entry) => {
    const used = new Set(
      calls.filter(({ resource }) => resource?.name === entry.name).map(({ capability }) => capability),
    );
    const access = all.filter((name) => used.has(`${part}.${name}`));
    return access.length === 0 ? [] : [{ ...entry, access }];
  });

/** A search asks for no tool by its name: what it found depends on what the grant names. */
const namesOf = (calls: readonly ObservedCall[]): readonly string[] =>
  [
    ...new Set(calls.flatMap(({ resource }: { readonly resource?: Resource }) => resource?.name ?? [])),
  ].sort();
