import type { Decider } from '../contracts/api/tool-check.ts';
import type { AnyHostFunction } from '../contracts/host-function.ts';
import { type Caller, permits } from '../vocabulary/caller.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { BROWSER_ACTIONS } from '../vocabulary/grants/browser.ts';
import { type IsolationLevel, LEVEL_POLICIES } from '../vocabulary/levels.ts';
import type { Held } from './held.ts';
import type { CapabilityNames } from './manifest/capabilities.ts';

/** What decides over the capabilities of one call. */
export interface Rules {
  readonly caller: Caller | undefined;
  readonly level: IsolationLevel;
  /** Policy or the call's own grant: what there is to give. */
  readonly grant: Grant;
  /** Who gave it. */
  readonly giver: 'policy' | 'call';
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** What the policy says of this tool and this caller. */
  readonly held: Held;
}

export interface Verdict {
  readonly capability: string;
  readonly allowed: boolean;
  readonly decidedBy: Decider;
}

/** `dangerous` is never granted: it answers the question that dangerous tools ask. */
const ASKED_FOR = 'dangerous';

/** All capabilities that a grant of this runtime can allow. */
export function capabilityNames(hostFunctions: ReadonlyMap<string, AnyHostFunction>): CapabilityNames {
  const names = new Set([ASKED_FOR, 'env']);
  for (const { name, operations } of hostFunctions.values()) {
    for (const { capability } of Object.values(operations)) names.add(capability);
    if (name === 'fs') for (const access of ['read', 'write', 'delete']) names.add(`fs.${access}`);
  }
  return [...names].sort();
}

/** Whether a caller may use a capability at all: it is permitted, and each of its own grants has something of it. */
export const mayUse = (caller: Caller | undefined, capability: string): boolean =>
  permits(caller, capability) &&
  (capability === ASKED_FOR || (caller?.grants ?? []).every((grant) => gives(grant, capability)));

/** A grant of a token is read with each run: here one that cannot be read gives nothing. */
function gives(grant: Grant, capability: string): boolean {
  try {
    return isGranted(capability, grant);
  } catch {
    return false; // the run says what is wrong with it
  }
}

/** Whether a call may use a capability, and who says so: the first that says no. */
export function decide(capability: string, rules: Rules): Verdict {
  const by = (allowed: boolean, decidedBy: Decider): Verdict => ({ capability, allowed, decidedBy });
  const { held } = rules;
  if (!mayUse(rules.caller, capability)) return by(false, 'caller');
  if (!held.capabilities.every((list) => covered(list, capability))) return by(false, 'policy');
  if (capability === ASKED_FOR) return by(true, 'caller');
  if (!isAtLevel(capability, rules)) return by(false, 'level');
  if (!covered(held.profile?.profile.capabilities, capability)) return by(false, 'profile');
  return by(isGranted(capability, rules.grant), rules.giver);
}

const covered = (list: readonly string[] | undefined, capability: string): boolean =>
  list === undefined || permits({ id: 'policy', permissions: list }, capability);

function isAtLevel(capability: string, { level, hostFunctions }: Rules): boolean {
  const { noNetwork, readOnlyFiles, noHostFiles } = LEVEL_POLICIES[level];
  if (capability.startsWith('fs.')) return !noHostFiles && (capability === 'fs.read' || !readOnlyFiles);
  const host = hostFunctions.get(hostNameOf(capability));
  return !(noNetwork && host?.network === true);
}

const hostNameOf = (capability: string): string => capability.split('.', 1)[0] ?? '';

/** Whether a grant has anything of a capability; of what, its host function checks on every call. */
export function isGranted(capability: string, grant: Grant): boolean {
  const host = hostNameOf(capability);
  switch (host) {
    case 'fs':
      return (grant.fs ?? []).some((entry) => {
        const access = entry.access ?? ['read'];
        if (capability !== 'fs.delete') return access.some((name) => `fs.${name}` === capability);
        return access.includes('delete') || (access.includes('write') && entry.delete !== false);
      });
    case 'http':
      return (grant.http ?? []).length > 0;
    case 'ws':
      return (grant.ws ?? []).length > 0;
    case 'browser':
      return (
        (grant.browser?.origins.length ?? 0) > 0 &&
        (grant.browser?.actions ?? ['navigate', 'extract']).some((name) => `browser.${name}` === capability)
      );
    case 'sql':
      return (grant.sql ?? []).some(({ access = ['read'] }) =>
        access.some((name) => `sql.${name}` === capability),
      );
    case 'kv':
      return (grant.kv ?? []).some(({ access = ['read'] }) =>
        access.some((name) => `kv.${name}` === capability),
      );
    case 'session':
      return (grant.session?.access ?? (grant.session === undefined ? [] : ['read'])).some(
        (name) => `session.${name}` === capability,
      );
    case 'env':
      return Object.keys(grant.env ?? {}).length > 0;
    case 'tools':
      return (grant.tools ?? []).length > 0;
    case 'run':
      return (grant.run?.access ?? (grant.run === undefined ? [] : ['start'])).some(
        (name) => `run.${name}` === capability,
      );
    default:
      return Object.hasOwn(grant.custom ?? {}, host);
  }
}

/** The entry that would allow a capability, with what only the embedder can say left open. */
export function exampleGrant(capability: string): Grant {
  const host = hostNameOf(capability);
  switch (host) {
    case 'fs':
      return {
        fs: [
          {
            host: 'HOSTFOLDER',
            guest: '/data',
            access: [capability === 'fs.read' ? 'read' : capability === 'fs.write' ? 'write' : 'delete'],
          },
        ],
      };
    case 'http':
      return { http: [{ origin: 'https://example.com' }] };
    case 'ws':
      return { ws: [{ origin: 'wss://example.com' }] };
    case 'browser':
      return {
        browser: {
          origins: ['https://example.com'],
          actions: BROWSER_ACTIONS.filter((name) => `browser.${name}` === capability),
        },
      };
    case 'sql':
      return { sql: [{ name: 'NAME', access: [capability === 'sql.write' ? 'write' : 'read'] }] };
    case 'kv':
      return { kv: [{ name: 'NAME', access: [capability === 'kv.write' ? 'write' : 'read'] }] };
    case 'session':
      return { session: { access: [capability === 'session.write' ? 'write' : 'read'] } };
    case 'env':
      return { env: { NAME: 'VALUE' } };
    case 'tools':
      return { tools: ['NAME'] };
    case 'run':
      return { run: { access: [capability === 'run.cancel' ? 'cancel' : 'start'] } };
    default:
      return { custom: { [host]: true } };
  }
}

/** How the same is said on the command line. */
export function flagOf(capability: string): string | undefined {
  switch (hostNameOf(capability)) {
    case 'fs':
      return capability === 'fs.read' ? '--allow-read=FOLDER:/GUEST' : '--allow-write=FOLDER:/GUEST';
    case 'http':
    case 'ws':
      return '--allow-net=ORIGIN';
    case 'env':
      return '--allow-env=NAME=VALUE';
    case 'sql':
      return `--database=NAME=URL --allow-sql=NAME${capability === 'sql.write' ? ':write' : ''}`;
    case 'kv':
      return `--allow-kv=NAME${capability === 'kv.write' ? ':write' : ''}`;
    case 'browser':
      return /\.(?:interact|screenshot)$/.test(capability)
        ? `--allow-browser=ORIGIN --browser-actions=${capability.slice('browser.'.length)}`
        : '--allow-browser=ORIGIN';
    case 'session':
      return `--allow-session=${capability === 'session.write' ? 'write' : 'read'}`;
    case 'tools':
      return '--allow-tool=NAME';
    case 'run':
      return capability === 'run.start' ? '--allow-run=LANGUAGE' : undefined;
    default:
      return undefined;
  }
}
