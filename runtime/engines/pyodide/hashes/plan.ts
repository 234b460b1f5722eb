/** Lists of addresses in a snapshot's memory: all that depends on the secret with which Python hashes text and bytes. */
export interface HashPlan {
  /** The `str` objects that have been hashed. */
  readonly texts: Uint32Array;
  /** Words that hold the hash of some other object once it has been asked for; it is found anew when it is asked for again. */
  readonly caches: Uint32Array;
  /** Keys of dicts that are all `str`. */
  readonly textDicts: Uint32Array;
  /** Keys of dicts of other objects. */
  readonly dicts: Uint32Array;
  readonly sets: Uint32Array;
  /** Those of them with a key of `dependents`: their order is known last. */
  readonly mixedSets: Uint32Array;
  readonly orderedDicts: Uint32Array;
  /** Tables of C code that find a `str`, or a name of C. */
  readonly textTables: Uint32Array;
  readonly nameTables: Uint32Array;
  /** Keys of `dicts` and `sets`, other than `str`, whose hash depends on the secret. */
  readonly dependents: Uint32Array;
}

/** Part of the key of cached snapshots: to be raised when `find.ts` finds more, or finds it elsewhere. */
export const PLAN_VERSION = 2;

const PARTS = [
  'texts',
  'caches',
  'textDicts',
  'dicts',
  'sets',
  'mixedSets',
  'orderedDicts',
  'textTables',
  'nameTables',
  'dependents',
] as const satisfies readonly (keyof HashPlan)[];

/** One list of words: how long each part is, then the parts. */
export function encodePlan(plan: HashPlan): Uint32Array<ArrayBuffer> {
  const parts = PARTS.map((name) => plan[name]);
  const lengths = parts.map((part) => part.length);
  const words = new Uint32Array(PARTS.length + lengths.reduce((sum, length) => sum + length, 0));
  words.set(lengths);
  let at = PARTS.length;
  for (const part of parts) {
    words.set(part, at);
    at += part.length;
  }
  return words;
}

const decoded = new WeakMap<Uint32Array, HashPlan>();

/** Views of what `encodePlan` wrote, without a copy; the same ones each time. */
export function decodePlan(words: Uint32Array): HashPlan {
  const plan = decoded.get(words) ?? viewsOf(words);
  decoded.set(words, plan);
  return plan;
}

function viewsOf(words: Uint32Array): HashPlan {
  let at = PARTS.length;
  const part = (index: number): Uint32Array => {
    const start = at;
    at += words[index] ?? 0;
    return words.subarray(start, at);
  };
  const parts = Object.fromEntries(PARTS.map((name, index) => [name, part(index)]));
  if (at !== words.length) throw new Error('Cannot read a plan of hashes: its length does not fit');
  return parts as typeof parts & HashPlan; // each of its fields is a name of PARTS
}
