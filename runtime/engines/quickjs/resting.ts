/** Guests of one thread that wait and keep their instances: what comes back soon must not have to be brought back. */
const MOST_RESTING = 32;
/** How long one has waited at least before it is put away, ms: a short wait would cost more than it saves. */
const LEAST_REST_MS = 20;

interface Rest {
  readonly since: number;
  readonly putAway: () => (() => void) | undefined;
  /** Once it is put away: how it comes back. */
  bring?: (() => void) | undefined;
}

/** Those of this thread that wait and are not put away, the longest first. */
const resting = new Set<Rest>();

/**
 * Waits with a guest that is not entered meanwhile. With many that wait, those that have waited longest have their instances taken, which are the
 * dearest that a guest has, for others to run in.
 * @param goesOn Asked at the end. One that does not go on is not brought back.
 */
export async function restWith<T>(
  putAway: Rest['putAway'],
  until: Promise<T>,
  goesOn: () => boolean,
): Promise<T> {
  const rest: Rest = { since: performance.now(), putAway };
  makeRoom(rest.since);
  resting.add(rest);
  try {
    return await until;
  } finally {
    resting.delete(rest);
    if (rest.bring !== undefined && goesOn()) rest.bring();
  }
}

function makeRoom(now: number): void {
  for (const rest of resting) {
    if (resting.size < MOST_RESTING || now - rest.since < LEAST_REST_MS) return;
    resting.delete(rest);
    rest.bring = rest.putAway();
  }
}
