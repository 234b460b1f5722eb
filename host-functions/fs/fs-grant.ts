import { FS_ACCESS, type FsAccess, type FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { unknownName } from '../../runtime/vocabulary/nearest.ts';
import { refuseUnknownField, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import { compileDenyGlobs, type DenyGlobs } from './deny-globs.ts';
import { FsFault } from './fs-fault.ts';
import { foldName, parseGuestPath } from './guest-path.ts';

/** One entry of the `fs` part of a grant, checked, with its defaults filled. */
export interface FsEntryPolicy {
  /** Where it stands, for messages to whoever gave it: `grant.fs[0]`. */
  readonly where: string;
  readonly host: string;
  /** `host` as whoever gave the grant spelled it, also under a policy: for what that caller is told, never for a guest. */
  readonly spelledHost: string;
  /** Absolute guest path as components; absent: the last segment of `host`. */
  readonly guest: readonly string[] | undefined;
  /** What it allows, after `delete` and what `write` includes. */
  readonly access: ReadonlySet<FsAccess>;
  /** It asks for `delete` by name, not only with `write`. */
  readonly namesDelete: boolean;
  /** Folded name endings; `undefined`: any name. */
  readonly extensions: readonly string[] | undefined;
  readonly deny: DenyGlobs;
  /** Bytes of a file after a write. */
  readonly largestWritten: number;
  /** Bytes of a file that is read. */
  readonly largestRead: number;
  readonly maxOpenFiles: number;
  readonly maxCalls: number;
  readonly maxBytes: number;
  readonly maxReadBytes: number;
  readonly maxWriteBytes: number;
}

export const DEFAULT_WRITTEN_BYTES = 10 * MIB;
const DEFAULT_OPEN_FILES = 64;

const FIELDS: Readonly<Record<keyof FsGrant, true>> = {
  host: true,
  guest: true,
  access: true,
  delete: true,
  extensions: true,
  deny: true,
  maxFileBytes: true,
  maxOpenFiles: true,
  maxCalls: true,
  maxBytes: true,
  maxReadBytes: true,
  maxWriteBytes: true,
};

/** The `fs` part of a grant, parsed. */
export type FsPart = readonly FsEntryPolicy[];

/** Each holds an open folder of the process, for as long as the run goes on. */
const MOST_MOUNTS = 1_000;

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseFsGrants(part: JsonValue, where: string): FsPart {
  if (!Array.isArray(part)) throw new TypeError(`Cannot read ${where}: expected a list of mounts`);
  if (part.length > MOST_MOUNTS) {
    throw new TypeError(
      `Cannot read ${where}: ${part.length} mounts are over ${MOST_MOUNTS}; grant a folder above them, and hide what is not meant with deny`,
    );
  }
  return part.map((entry: JsonValue, index) => {
    const place = `${where}[${index}]`;
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
      throw new TypeError(`Cannot read ${place}: expected an object with "host"`);
    }
    refuseUnknownField(entry, FIELDS, place);
    return toPolicy(Object.fromEntries(Object.entries(entry)), place);
  });
}

function toPolicy(grant: Readonly<Record<string, JsonValue>>, where: string): FsEntryPolicy {
  const { host, guest } = grant;
  if (typeof host !== 'string' || host === '' || host.includes('\0')) {
    throw new TypeError(`Cannot read ${where}.host: expected the path of a folder or file`);
  }
  const maxFileBytes = cap(grant, 'maxFileBytes', where);
  return {
    where,
    host,
    spelledHost: host,
    guest: guest === undefined ? undefined : readGuestPoint(guest, `${where}.guest`),
    access: readAccess(grant, where),
    namesDelete: Array.isArray(grant.access) && grant.access.includes('delete'),
    extensions: readExtensions(grant.extensions, `${where}.extensions`),
    deny: compileDenyGlobs(readStrings(grant.deny ?? [], `${where}.deny`), `${where}.deny`),
    largestWritten: maxFileBytes ?? DEFAULT_WRITTEN_BYTES,
    largestRead: maxFileBytes ?? Number.POSITIVE_INFINITY,
    maxOpenFiles: cap(grant, 'maxOpenFiles', where) ?? DEFAULT_OPEN_FILES,
    maxCalls: cap(grant, 'maxCalls', where) ?? Number.POSITIVE_INFINITY,
    maxBytes: cap(grant, 'maxBytes', where) ?? Number.POSITIVE_INFINITY,
    maxReadBytes: cap(grant, 'maxReadBytes', where) ?? Number.POSITIVE_INFINITY,
    maxWriteBytes: cap(grant, 'maxWriteBytes', where) ?? Number.POSITIVE_INFINITY,
  };
}

function readAccess(grant: Readonly<Record<string, JsonValue>>, where: string): ReadonlySet<FsAccess> {
  const named = readStrings(grant.access ?? ['read'], `${where}.access`);
  const access = new Set<FsAccess>();
  for (const name of named) {
    const known = FS_ACCESS.find((candidate) => candidate === name);
    if (known === undefined) {
      throw unknownName(`read ${where}.access: unknown access`, name, FS_ACCESS);
    }
    access.add(known);
  }
  const canDelete = grant.delete ?? true;
  if (typeof canDelete !== 'boolean')
    throw new TypeError(`Cannot read ${where}.delete: expected true or false`);
  if (access.has('write')) access.add('delete');
  if (!canDelete) access.delete('delete');
  return access;
}

function readExtensions(value: JsonValue | undefined, where: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return readStrings(value, where).map((extension) => {
    if (!/^\.[^/\\\0]+$/.test(extension)) {
      throw new TypeError(`Cannot read ${where}: "${extension}" is not a name ending such as ".csv"`);
    }
    return foldName(extension);
  });
}

/** @throws {TypeError} unless it is an absolute, plain guest path. */
function readGuestPoint(value: JsonValue, where: string): readonly string[] {
  if (typeof value !== 'string') throw new TypeError(`Cannot read ${where}: expected a guest path`);
  try {
    const { absolute, segments } = parseGuestPath(value);
    if (absolute && !segments.includes('..')) return segments;
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
  }
  throw new TypeError(`Cannot read ${where}: ${JSON.stringify(value)} is not an absolute guest path`);
}

function readStrings(value: JsonValue, where: string): readonly string[] {
  if (!Array.isArray(value)) throw new TypeError(`Cannot read ${where}: expected a list of strings`);
  return value.map((item: JsonValue) => {
    if (typeof item !== 'string' || item === '') {
      throw new TypeError(`Cannot read ${where}: expected a list of strings`);
    }
    return item;
  });
}

const cap = (grant: Readonly<Record<string, JsonValue>>, name: string, where: string): number | undefined =>
  wholeNumber(grant[name], `read ${where}.${name}:`);

/** Whether an entry's `extensions` let this file name be touched. */
export function coversName(entry: FsEntryPolicy, name: string): boolean {
  const folded = foldName(name);
  return entry.extensions === undefined || entry.extensions.some((ending) => folded.endsWith(ending));
}

/** The ending of a name as a message shows it: `.exe`, or nothing. */
export const endingOf = (name: string): string => /\.[^.]*$/.exec(name)?.[0] ?? '';
