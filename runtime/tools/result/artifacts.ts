import type { Artifacts } from '../../contracts/api/artifacts.ts';
import { wholeNumber } from '../../vocabulary/read-options.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';

export interface ArtifactStore extends Artifacts {
  /** Answers its id. */
  keep(text: string, mime: string): string;
}

const MOST = { entries: 200, bytes: 64 * MIB } as const;

/** The last 200 texts, 64 MiB together; the one not read for longest goes first. */
export function createArtifacts(): ArtifactStore {
  const kept = new Recent<{ readonly text: string; readonly mime: string }>(MOST.entries, MOST.bytes);
  return {
    keep(text, mime) {
      const id = `artifact-${crypto.randomUUID()}`;
      kept.set(id, { text, mime }, text.length * 2);
      return id;
    },
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
      };
    },
  };
}
