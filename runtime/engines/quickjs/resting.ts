/** Guests of one thread that wait and keep their instances: what comes back soon must not have to be brought back. */
const MOST_RESTING = 32;
/**
 * How long one has waited at least before it is put away for the first time, ms; each further time twice as long. No guest pays for it, so that
 * fuel does not depend on its neighbours: of one that waits again and again, it must not become work that costs the thread more than the guest.
 */
const LEAST_REST_MS = 20;
/** Guests put away in one turn of the event loop, and as many brought back: each takes about half a millisecond, and many may wake at once. */
const MOST_IN_TURN = 4;

export interface RestingOptions {
  /** Takes the guest's instance. @returns How it comes back; `undefined` where it keeps it. */
  readonly putAway: () => (() => void) | undefined;
  /** Asked at the end. One that does not go on is not brought back. */
  readonly goesOn: () => boolean;
  /** Resolves after a turn of the event loop. */
  readonly turn: () => Promise<void>;
}

interface Rest {
  readonly since: number;
  readonly leastMs: number;
  readonly putAway: () => void;
}

/** Those of this thread that wait and are not put away, the longest first. */
const resting = new Set<Rest>();
const moved = { away: 0, back: 0 };
let turn: Promise<void> | undefined;
let sweep: ReturnType<typeof setTimeout> | undefined;

/**
 * The waits of one guest, which is not entered meanwhile. With many that wait, those that have waited longest have their instances taken, which
 * are the dearest that a guest has, for others to run in.
 */
export function createResting(options: RestingOptions): (until: Promise<unknown>) => Promise<void> {
  const { goesOn } = options;
  let leastMs = LEAST_REST_MS;
  return async (until) => {
    let bring: (() => void) | undefined;
    const rest: Rest = {
      since: performance.now(),
      leastMs,
      putAway: () => {
        bring = options.putAway();
        if (bring === undefined) return;
        leastMs *= 2;
        count('away', options.turn);
      },
    };
    makeRoom(rest.since);
    resting.add(rest);
    sweepLater();
    try {
      await until;
    } finally {
      resting.delete(rest);
      endSweep();
      while (bring !== undefined && moved.back >= MOST_IN_TURN && goesOn()) await turn;
      if (bring !== undefined && goesOn()) {
        count('back', options.turn);
        bring();
      }
    }
  };
}

/** Puts away who has waited long enough, down to `least` that stay. */
function makeRoom(now: number, least = MOST_RESTING - 1): void {
  for (const rest of resting) {
    const waited = now - rest.since;
    if (resting.size <= least || moved.away >= MOST_IN_TURN || waited < LEAST_REST_MS) return;
    if (waited < rest.leastMs) continue;
    resting.delete(rest);
    rest.putAway();
  }
}

/** Many may have begun to wait before any had waited long enough, and none begins afterwards: they are looked at again once one has. */
function sweepLater(): void {
  if (sweep !== undefined || resting.size <= MOST_RESTING) return;
  const now = performance.now();
  let soonest = Number.POSITIVE_INFINITY;
  for (const { since, leastMs } of resting) soonest = Math.min(soonest, since + leastMs);
  sweep = setTimeout(
    () => {
      sweep = undefined;
      makeRoom(performance.now(), MOST_RESTING);
      sweepLater();
    },
    Math.max(1, Math.ceil(soonest - now)),
  );
}

/** No process stays up for a look that nobody needs. */
function endSweep(): void {
  if (resting.size > MOST_RESTING) return;
  clearTimeout(sweep);
  sweep = undefined;
}

function count(way: keyof typeof moved, nextTurn: RestingOptions['turn']): void {
  moved[way] += 1;
  turn ??= nextTurn().finally(() => {
    moved.away = 0;
    moved.back = 0;
    turn = undefined;
  });
}
