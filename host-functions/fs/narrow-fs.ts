import type { JsonObject, JsonValue } from '../../runtime/vocabulary/codec.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { FsAccess } from '../../runtime/vocabulary/grants/fs.ts';
import type { FsBackend } from './backend.ts';
import { compileDenyGlobs } from './deny-globs.ts';
import { FsFault } from './fs-fault.ts';
import { type FsEntryPolicy, parseFsGrants, readFsGrants } from './fs-grant.ts';
import { foldName } from './guest-path.ts';

/**
 * What `asked` wants, under what `ceiling` allows: each asked mount must lie in the folder of one ceiling entry and ask for no access that it
 * lacks; deny lists add up, caps take the smaller figure, endings the common ones.
 * @throws {SandglassError} CAPABILITY_DENIED naming the first entry that no ceiling entry covers. @throws {TypeError} on a malformed part.
 */
export function narrowFsGrants(
  asked: JsonValue,
  ceiling: JsonValue | undefined,
  backend: FsBackend | undefined,
): JsonValue {
  const wanted = parseFsGrants(asked, 'grant.fs');
  const raw = readFsGrants(asked, 'grant.fs');
  const allowed = parseFsGrants(ceiling, 'policy.fs');
  return wanted.map((entry, index) => {
    for (const limit of allowed) {
      const narrowed = backend && narrowEntry(entry, raw[index] ?? {}, limit, backend);
      if (narrowed !== undefined) return narrowed;
    }
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot grant fs[${index}]: the policy does not cover this folder with this access`,
      {
        details: { capability: 'fs', requested: `fs[${index}]` },
        hint: 'Ask for a folder and an access that the policy allows; do not retry',
      },
    );
  });
}

function narrowEntry(
  asked: FsEntryPolicy,
  raw: JsonObject,
  limit: FsEntryPolicy,
  backend: FsBackend,
): JsonObject | undefined {
  const place = inside(backend, limit.host, asked.host);
  const deny = place && limit.deny.below(place.path);
  const extensions = commonEndings(asked.extensions, limit.extensions);
  const isCovered = [...asked.access].every(
    (access) => limit.access.has(access) || isImpliedDelete(asked, raw, access),
  );
  if (place === undefined || deny === undefined || !isCovered || extensions?.length === 0) return undefined;
  const access = [...asked.access].filter((name) => limit.access.has(name));
  const caps = {
    maxFileBytes: smaller(fileCap(asked), fileCap(limit)),
    maxOpenFiles: smaller(asked.maxOpenFiles, limit.maxOpenFiles),
    maxCalls: smaller(asked.maxCalls, limit.maxCalls),
    maxBytes: smaller(asked.maxBytes, limit.maxBytes),
    maxReadBytes: smaller(asked.maxReadBytes, limit.maxReadBytes),
    maxWriteBytes: smaller(asked.maxWriteBytes, limit.maxWriteBytes),
  };
  return {
    host: place.host,
    guest: raw.guest ?? `/${backend.nameOf(asked.host)}`,
    access,
    ...(access.includes('write') && !access.includes('delete') ? { delete: false } : {}),
    ...(extensions === undefined ? {} : { extensions }),
    deny: compileDenyGlobs([...asked.deny.patterns, ...deny], 'policy.fs').patterns,
    ...Object.fromEntries(Object.entries(caps).filter(([, cap]) => cap !== undefined)),
  };
}

/** `write` brings `delete` along; where nobody asked for it by name, a ceiling without it takes it away instead of refusing. */
const isImpliedDelete = (asked: FsEntryPolicy, raw: JsonObject, access: FsAccess): boolean =>
  access === 'delete' &&
  asked.access.has('write') &&
  !(Array.isArray(raw.access) && raw.access.includes('delete'));

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

/** The cap as it was written; the default for writes is no cap on reads. */
const fileCap = (entry: FsEntryPolicy): number => entry.largestRead;

function smaller(one: number, other: number): number | undefined {
  const least = Math.min(one, other);
  return Number.isFinite(least) ? least : undefined;
}
