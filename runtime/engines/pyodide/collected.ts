import { GUEST_FILES, type GuestFile, NODE_BYTES } from '../../vocabulary/guest-file.ts';
import { matchesScratch } from '../../vocabulary/scratch-glob.ts';

/** What the executor answers to the realm's offers of files: −1 no more at all, 0 not this one, 1 give it. */
export interface Collected {
  readonly files: readonly GuestFile[];
  wants(path: unknown, size: unknown): -1 | 0 | 1;
  /** The bytes of the file that was wanted last. */
  give(bytes: Uint8Array): void;
}

/** A path longer than this is nobody's to name. */
const MOST_PATH = 4_096;
/** A guest's folder may hold more names than anybody looks through. */
const MOST_OFFERS = 100_000;

/** Takes the files of a scratch folder that fit one of the patterns, one more than an outcome may hold: then it is known to be too many. */
export function createCollected(patterns: readonly string[]): Collected {
  const files: GuestFile[] = [];
  let offers = 0;
  let total = 0;
  let wanted: string | undefined;
  return {
    files,
    wants: (path, size) => {
      offers += 1;
      wanted = undefined;
      if (typeof path !== 'string' || typeof size !== 'number' || offers > MOST_OFFERS) return -1;
      if (path.length > MOST_PATH || !patterns.some((pattern) => matchesScratch(pattern, path))) return 0;
      if (files.length > GUEST_FILES.maxFiles || total > GUEST_FILES.maxBytes) return -1;
      total += size + NODE_BYTES;
      wanted = path;
      if (total <= GUEST_FILES.maxBytes) return 1;
      // Too large to be told of: an outcome that lacks it would look whole.
      files.push({ path, bytes: new Uint8Array(GUEST_FILES.maxBytes + 1) });
      return -1;
    },
    give: (bytes) => {
      if (wanted === undefined) return;
      files.push({ path: wanted, bytes });
      wanted = undefined;
    },
  };
}
