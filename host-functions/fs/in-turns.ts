import { SandglassError } from '../../runtime/vocabulary/errors.ts';

/** At once, or later where it would take this thread too long. */
export type Later<T> = T | Promise<T>;

/**
 * Work in steps. What it yields is how much it has just done, in entries looked at, or what it waits for; what it holds open it closes when it is
 * ended, which may be between any two steps.
 */
export type Steps<T> = Generator<number | Promise<unknown>, T, void>;

/** Entries in one turn: some milliseconds. */
const TURN_ENTRIES = 1_000;

/**
 * Does work in turns of this thread: the first at once, so that small work needs no other.
 * @param canWait Whoever asks can be answered later. Otherwise what does not fit the first turn is refused.
 * @param stopped Asked before each turn; then the rest is not done.
 * @throws {SandglassError} UNSUPPORTED, CANCELLED
 */
export function inTurns<T>(steps: Steps<T>, canWait: boolean, stopped: () => boolean): Later<T> {
  const first = oneTurn(steps.next(), steps);
  if (first.done === true) return first.value;
  if (!canWait) {
    steps.return(undefined as never); // it has nothing to answer any more: only its ending counts
    throw cannotWait();
  }
  return (async () => {
    let at: Step<T> = first;
    while (at.done !== true) {
      at = oneTurn(await resume(at.value, steps, stopped), steps);
    }
    return at.value;
  })();
}

type Step<T> = IteratorResult<number | Promise<unknown>, T>;

/** Goes on until it is done, waits for something, or has had its share. */
function oneTurn<T>(from: Step<T>, steps: Steps<T>): Step<T> {
  let at = from;
  let entries = 0;
  while (at.done !== true && typeof at.value === 'number') {
    entries += at.value;
    if (entries >= TURN_ENTRIES) return at;
    at = steps.next();
  }
  return at;
}

/** The first step of the next turn. */
async function resume<T>(
  held: number | Promise<unknown>,
  steps: Steps<T>,
  stopped: () => boolean,
): Promise<Step<T>> {
  let failure: { readonly error: unknown } | undefined;
  try {
    await (typeof held === 'number' ? nextTurn() : held);
  } catch (error) {
    failure = { error };
  }
  if (failure !== undefined) return steps.throw(failure.error);
  if (!stopped()) return steps.next();
  steps.return(undefined as never); // as above
  throw runHasEnded();
}

/** Timers and other calls come first. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export const runHasEnded = (): SandglassError =>
  new SandglassError('CANCELLED', 'Cannot go on with a call: the run has ended');

/** For a guest in the host's own thread that must be answered at once. */
export const cannotWait = (): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    "Cannot do so much at once: this guest cannot wait in the host's own thread",
    {
      hint: 'Call it without Sync, with fewer entries, or run it at isolation level standard',
    },
  );
