import { FS_ACCESS } from '../../runtime/vocabulary/grants/fs.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import type { FsPart } from './fs-grant.ts';
import { pathText } from './guest-path.ts';

/** Entries as a guest may read them in its grant: its own paths, and what it may do there. No path of the host. */
export const shownMounts = (
  part: FsPart,
  readOnly: boolean,
  nameOf: (host: string) => string,
): readonly JsonObject[] =>
  part
    .map(({ guest, host, access, extensions, maxCalls, maxBytes }) => ({
      guest: pathText(guest ?? [nameOf(host)].filter((name) => name !== '')),
      access: FS_ACCESS.filter((name) => access.has(name) && (name === 'read' || !readOnly)),
      ...(extensions === undefined ? {} : { extensions: [...extensions] }),
      ...(Number.isFinite(maxCalls) ? { maxCalls } : {}),
      ...(Number.isFinite(maxBytes) ? { maxBytes } : {}),
    }))
    .filter(({ access }) => access.length > 0);
