import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { FsAccess } from '../../runtime/vocabulary/grants/fs.ts';
import type { FsBackend } from './backend.ts';
import { compileDenyGlobs } from './deny-globs.ts';
import { FsFault } from './fs-fault.ts';
import { DEFAULT_WRITTEN_BYTES, type FsEntryPolicy, type FsPart } from './fs-grant.ts';
import { foldName } from './guest-path.ts';

/**
 * What `asked` wants, under what `ceiling` allows: each asked mount must lie in the folder of one ceiling entry and ask for no access that it
 * lacks; deny lists add up, caps take the smaller figure, endings the common ones.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that no ceiling entry covers.
 */
export function narrowFsGrants(
  asked: FsPart,
  ceiling: FsPart | undefined,
  backend: FsBackend | undefined,
): FsPart {
  return asked.map((entry, index) => {
    for (const limit of ceiling ?? []) {
      const narrowed = backend && narrowEntry(entry, limit, backend);
      if (narrowed !== undefined) return narrowed;
    }
    if (backend !== undefined && ceiling?.some((limit) => isAbsentWithin(entry, limit, backend)) === true)
      throw absent(index);
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot grant fs[${index}]: the policy does not cover this folder with this access`,
      {
        details: {
          capability: 'fs',
          requested: `fs[${index}]`,
          missing: missing(entry, ceiling ?? [], backend),
        },
        hint: 'Ask for a folder and an access that the policy allows; do not retry',
      },
    );
  });
}

function narrowEntry(
  asked: FsEntryPolicy,
  limit: FsEntryPolicy,
  backend: FsBackend,
): FsEntryPolicy | undefined {
  const place = inside(backend, limit.host, asked.host);
  const deny = place && limit.deny.below(place.path);
  const extensions = commonEndings(asked.extensions, limit.extensions);
  if (place === undefined || deny === undefined || !coversAccess(asked, limit) || extensions?.length === 0)
    return undefined;
  const name = backend.nameOf(asked.host);
  // The cap as it was written: the default for writes is not a cap on reads, and no ceiling.
  const largest = Math.min(asked.largestRead, limit.largestRead);
  return {
    where: asked.where,
    host: place.host,
    spelledHost: asked.spelledHost,
    guest: asked.guest ?? (name === '' ? [] : [name]),
    access: new Set([...asked.access].filter((access) => limit.access.has(access))),
    namesDelete: asked.namesDelete,
    extensions,
    deny: compileDenyGlobs([...asked.deny.patterns, ...deny], limit.where),
    largestRead: largest,
    largestWritten: Number.isFinite(largest) ? largest : DEFAULT_WRITTEN_BYTES,
    maxOpenFiles: Math.min(asked.maxOpenFiles, limit.maxOpenFiles),
    maxCalls: Math.min(asked.maxCalls, limit.maxCalls),
    maxBytes: Math.min(asked.maxBytes, limit.maxBytes),
    maxReadBytes: Math.min(asked.maxReadBytes, limit.maxReadBytes),
    maxWriteBytes: Math.min(asked.maxWriteBytes, limit.maxWriteBytes),
  };
}

/** The deepest path, names, of which it is told that it is not there. */
const DEEPEST_ABSENT = 64;

/**
 * Whether what is asked is not there, at a place that the ceiling entry covers. Of any other place nothing is told, not even whether it is there:
 * not of one that is denied, and not of one that a link leads to.
 */
function isAbsentWithin(asked: FsEntryPolicy, limit: FsEntryPolicy, backend: FsBackend): boolean {
  const missing: string[] = [];
  for (let host = asked.host; missing.length < DEEPEST_ABSENT; host = `${host}/..`) {
    const place = inside(backend, limit.host, host);
    const [first] = missing;
    if (place !== undefined)
      return (
        first !== undefined &&
        limit.deny.below([...place.path, ...missing]) !== undefined &&
        coversAccess(asked, limit) &&
        !hasEntry(backend, host, first)
      );
    const name = backend.nameOf(host);
    if (name === '' || isThere(backend, host)) return false;
    missing.unshift(name);
  }
  return false;
}

/** Whether there is something at the path, or the system does not say. */
function isThere(backend: FsBackend, host: string): boolean {
  try {
    backend.canonical(host);
    return true;
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
    return error.reason !== 'not-found';
  }
}

/** Whether a folder has an entry of this name, links not followed, or cannot be asked. */
function hasEntry(backend: FsBackend, host: string, name: string): boolean {
  try {
    const { directory, file } = backend.open(host);
    try {
      return file !== undefined || directory.lookup(name) !== undefined;
    } finally {
      directory.close();
    }
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
    return true;
  }
}

const absent = (index: number): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot grant fs[${index}]: there is no such folder or file, at a place that the policy covers`,
    {
      details: { capability: 'fs', requested: `fs[${index}]` },
      hint: 'Create it, or name one that is there',
    },
  );

const coversAccess = (asked: FsEntryPolicy, limit: FsEntryPolicy): boolean =>
  [...asked.access].every((access) => limit.access.has(access) || isImpliedDelete(asked, access));

/** `write` brings `delete` along; where nobody asked for it by name, a ceiling without it takes it away instead of refusing. */
const isImpliedDelete = (asked: FsEntryPolicy, access: FsAccess): boolean =>
  access === 'delete' && asked.access.has('write') && !asked.namesDelete;

/** What is asked and no entry of the ceiling gives in this folder. */
function missing(asked: FsEntryPolicy, ceiling: FsPart, backend: FsBackend | undefined): readonly string[] {
  const around = ceiling.filter(
    (limit) => backend !== undefined && inside(backend, limit.host, asked.host) !== undefined,
  );
  const lacking = [...asked.access].filter((access) => !around.some((limit) => limit.access.has(access)));
  // All access may be there, and the folder be denied or its endings others.
  return (lacking.length > 0 ? lacking : [...asked.access]).map((access) => `fs.${access}`);
}

function inside(
  backend: FsBackend,
  outer: string,
  inner: string,
): { readonly host: string; readonly path: readonly string[] } | undefined {
  try {
    const host = backend.canonical(inner);
    const path = backend.below(backend.canonical(outer), host);
    return path === undefined ? undefined : { host, path };
  } catch (error) {
    if (error instanceof FsFault) return undefined; // what is not there is in no folder
    throw error;
  }
}

function commonEndings(
  asked: readonly string[] | undefined,
  limit: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked === undefined || limit === undefined) return asked ?? limit;
  return asked.filter((ending) => limit.some((allowed) => foldName(ending).endsWith(allowed)));
}
