import type { ArtifactPage, ArtifactPart, Artifacts } from '../../contracts/api/artifacts.ts';
import { defined } from '../../vocabulary/defined.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';

export interface ArtifactStore extends Artifacts {
  /** Answers its id. */
  keep(text: string, mime: string, owner: string, encoding?: 'base64'): string;
  /** The same as `read`, of what was kept for this owner only. */
  readOf(owner: string, id: string, page?: ArtifactPage): ArtifactPart | undefined;
}

interface Kept {
  readonly text: string;
  readonly mime: string;
  readonly owner: string;
  readonly encoding?: 'base64';
}

const MOST = { entries: 200, bytes: 64 * MIB } as const;

/** The last 200 texts, 64 MiB together; the one not read for longest goes first. */
export function createArtifacts(): ArtifactStore {
  const kept = new Recent<Kept>(MOST.entries, MOST.bytes);
  const store: ArtifactStore = {
    keep(text, mime, owner, encoding) {
      const id = `artifact-${crypto.randomUUID()}`;
      kept.set(id, { text, mime, owner, ...defined({ encoding }) }, text.length * 2);
      return id;
    },
    readOf: (owner, id, page) => (kept.get(id)?.owner === owner ? store.read(id, page) : undefined),
    read(id, { offset, length } = {}) {
      const from = wholeNumber(offset, 'read an artifact: offset', { unit: 'characters' }) ?? 0;
      const count =
        wholeNumber(length, 'read an artifact: length', {
          minimum: 1,
          maximum: 1_000_000,
          unit: 'characters',
        }) ?? 20_000;
      const found = kept.get(id);
      if (found === undefined) return undefined;
      return {
        text: found.text.slice(from, from + count),
        offset: from,
        total: found.text.length,
        mime: found.mime,
        ...defined({ encoding: found.encoding }),
      };
    },
  };
  return store;
}

/** What of a call says so. */
interface Owned {
  readonly caller: { readonly id: string } | undefined;
  readonly options: { readonly sessionId?: string };
}

/** Whose a result is: the caller's, in its conversation. */
export const ownerOf = ({ caller, options }: Owned): string =>
  JSON.stringify([caller?.id ?? null, options.sessionId ?? null]);
