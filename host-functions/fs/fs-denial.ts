import { defined } from '../../runtime/vocabulary/defined.ts';
import { type ErrorDetails, SandglassError } from '../../runtime/vocabulary/errors.ts';
import { FS_ACCESS, type FsAccess, type FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import { HOST_FOLDER } from '../../runtime/vocabulary/merge-grants.ts';
import type { FsEntryPolicy } from './fs-grant.ts';
import { pathText } from './guest-path.ts';

/** Access → the flag of the command line that grants it. */
const FLAG: Readonly<Record<FsAccess, string>> = {
  read: '--allow-read',
  write: '--allow-write',
  delete: '--allow-write',
};

/** What is asked: for messages and details. */
export interface FsAsk {
  /** Verb of the message, e.g. `write`. */
  readonly action: string;
  readonly access: FsAccess;
  /** As the guest knows it: an absolute guest path where it can be told, else what the guest wrote. */
  readonly requested: string;
}

const MAX_SHOWN = 300;

/** A guest's text in quotes, cut to a bounded length, with control characters escaped. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

/**
 * No entry gives this access at `mount` (components of the guest path that an entry would have to name).
 * @param entries Those that are mounted there already: what they give stays in the entry that the denial names.
 */
export function denyAccess(
  ask: FsAsk,
  mount: readonly string[],
  entries: readonly FsEntryPolicy[] = [],
): SandglassError {
  const needed: readonly FsAccess[] = ask.access === 'read' ? ['read'] : ['read', ask.access];
  const entry = entryWith(mount, entries, needed);
  const brief = { host: HOST_FOLDER, guest: entry.guest, access: entry.access };
  // Opening to write and to read at once: of the two, the other is granted.
  const both = opensBoth(ask);
  return denial(ask, `no grant for fs.${ask.access} covers it${both ? ', only one for fs.write' : ''}`, {
    entry,
    hint:
      `Grant it with ${FLAG[ask.access]}=${HOST_FOLDER}:${entry.guest} (in a program: ` +
      `${JSON.stringify({ fs: [brief] })}), or do without; do not retry`,
  });
}

/** The whole entry of a grant that would give what `entries` give and `needed`. */
function entryWith(
  mount: readonly string[],
  entries: readonly FsEntryPolicy[],
  needed: readonly FsAccess[],
): FsEntry {
  const has = (name: FsAccess): boolean =>
    needed.includes(name) || entries.some(({ access }) => access.has(name));
  const endings = entries.map(({ extensions }) => extensions);
  const common = endings.flatMap((list) => list ?? []);
  return {
    host: entries[0]?.spelledHost ?? HOST_FOLDER,
    guest: pathText(mount),
    access: FS_ACCESS.filter(has),
    // `write` alone would bring `delete` along, where what is granted now leaves it out.
    ...(entries.some(({ access }) => access.has('write')) && !has('delete') ? { delete: false } : {}),
    ...(common.length > 0 && !endings.includes(undefined) ? { extensions: [...new Set(common)] } : {}),
  };
}

/** An entry as a denial names it. */
type FsEntry = Pick<FsGrant, 'host' | 'guest' | 'access' | 'delete' | 'extensions'> & {
  readonly guest: string;
};

/** The folder that a grant would have to mount so that it covers `path`. */
export const mountFor = (path: readonly string[]): readonly string[] =>
  path.slice(0, Math.max(1, path.length - 1));

export function denyName(
  ask: FsAsk,
  mount: readonly string[],
  entries: readonly FsEntryPolicy[],
  ending: string,
  allowed: readonly string[],
): SandglassError {
  const found = ending === '' ? 'a name without one' : ending;
  return denial(ask, `the grant covers only names that end in ${allowed.join(', ')}, not ${found}`, {
    entry: withEnding(entryWith(mount, entries, [ask.access]), ending),
    hint: `Use a name that ends in ${allowed.join(' or ')}; do not retry`,
  });
}

/** No list of endings covers a name without one: then the entry has none. */
function withEnding({ extensions = [], ...rest }: FsEntry, ending: string): FsEntry {
  return ending === '' ? rest : { ...rest, extensions: [...extensions, ending] };
}

export const denyByLevel = (ask: FsAsk, reason: string): SandglassError =>
  denial(ask, reason, { hint: 'Use the scratch folder /tmp instead; do not retry' });

export const denyHidden = (ask: FsAsk): SandglassError =>
  denial(ask, "the grant's deny list covers it", { hint: 'Use another name; do not retry' });

export const denyEscape = (ask: FsAsk): SandglassError =>
  denial(ask, 'the path leaves the granted folder', { hint: 'Use a path inside it; do not retry' });

/** @param cap The field of the grant that is spent. */
export const denyBytes = (
  ask: FsAsk,
  cap: 'maxBytes' | 'maxReadBytes' | 'maxWriteBytes',
  bytes: number,
): SandglassError =>
  denial(ask, `the grant's ${bytes} bytes${OF_CAP[cap]} are spent`, {
    hint: `Read and write less, or raise ${cap} of the grant; do not retry`,
    limit: { [cap]: bytes },
  });

const OF_CAP = { maxBytes: '', maxReadBytes: ' to read', maxWriteBytes: ' to write' } as const;

export const callsSpent = (ask: FsAsk, maxCalls: number): SandglassError =>
  new SandglassError(
    'HOST_CALLS_EXCEEDED',
    `Cannot ${ask.action} ${quote(ask.requested)}: the grant's ${maxCalls} calls are spent`,
    {
      details: { capability: `fs.${ask.access}`, requested: ask.requested, limit: { maxCalls } },
      hint: 'Make fewer calls, or raise maxCalls of the grant',
    },
  );

const opensBoth = ({ action, access }: FsAsk): boolean => action === 'write' && access === 'read';

const actionText = (ask: FsAsk): string =>
  opensBoth(ask)
    ? `open ${quote(ask.requested)} for reading and writing`
    : `${ask.action} ${quote(ask.requested)}`;

interface DenialExtras {
  readonly hint: string;
  /** The entry that would allow it. */
  readonly entry?: FsEntry;
  readonly limit?: ErrorDetails;
}

/**
 * `details.reason` is there so that engines can map denials and failures to one error number by one table. The guest is told of no host folder;
 * whoever asked for the run gets the entry as it would have to be.
 */
const denial = (ask: FsAsk, why: string, { hint, entry, limit }: DenialExtras): SandglassError =>
  new SandglassError('CAPABILITY_DENIED', `Cannot ${actionText(ask)}: ${why}`, {
    details: {
      capability: `fs.${ask.access}`,
      requested: ask.requested.slice(0, MAX_SHOWN),
      reason: 'not-permitted',
      missing: [`fs.${ask.access}`],
      ...(entry === undefined ? {} : { grant: { fs: [{ ...entry, host: HOST_FOLDER }] } }),
      ...defined({ limit }),
    },
    ...(entry === undefined || entry.host === HOST_FOLDER ? {} : { hostDetails: { grant: { fs: [entry] } } }),
    hint,
  });
