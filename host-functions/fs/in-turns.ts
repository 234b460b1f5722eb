import type { HostContext } from '../../runtime/contracts/host-function.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';

/** At once, or later where it would take this thread too long. */
export type Later<T> = T | Promise<T>;

/**
 * Work in steps. What it yields is how much it has just done, in entries looked at, or what it waits for; what it holds open it closes when it is
 * ended, which may be between any two steps.
 */
export type Steps<T> = Generator<number | Promise<unknown>, T, void>;

/** Entries in one turn: a few milliseconds. */
export const TURN_ENTRIES = 200;
/** The same for whoever cannot wait. */
export const AT_ONCE_ENTRIES = 1_000;

/** How work gets its turns. */
export interface Turns {
  /** Whoever asks can be answered later. Otherwise what does not fit the first turn is refused. */
  readonly canWait: boolean;
  readonly inTurn: NonNullable<HostContext['inTurn']>;
  /** Asked before each turn; then the rest is not done. */
  readonly stopped: () => boolean;
}

/**
 * Does work in turns of this thread: the first at once, so that small work needs no other.
 * @throws {SandglassError} UNSUPPORTED, CANCELLED
 */
export function inTurns<T>(steps: Steps<T>, turns: Turns): Later<T> {
  const { canWait, inTurn } = turns;
  const first = oneTurn(steps.next(), steps, canWait ? TURN_ENTRIES : AT_ONCE_ENTRIES);
  if (first.done === true) return first.value;
  if (!canWait) {
    steps.return(undefined as never); // it has nothing to answer any more: only its ending counts
    throw cannotWait();
  }
  return (async () => {
    let at: Step<T> = first;
    while (at.done !== true) {
      const held: number | Promise<unknown> = at.value;
      const failure = typeof held === 'number' ? undefined : await settled(held);
      at = await inTurn((): Step<T> => oneTurn(resume(failure, steps, turns), steps, TURN_ENTRIES));
    }
    return at.value;
  })();
}

type Step<T> = IteratorResult<number | Promise<unknown>, T>;

/** Goes on until it is done, waits for something, or has had its share. */
function oneTurn<T>(from: Step<T>, steps: Steps<T>, most: number): Step<T> {
  let at = from;
  let entries = 0;
  while (at.done !== true && typeof at.value === 'number') {
    entries += at.value;
    if (entries >= most) return at;
    at = steps.next();
  }
  return at;
}

/** The first step of the next turn. */
function resume<T>(failure: Failure | undefined, steps: Steps<T>, { stopped }: Turns): Step<T> {
  if (failure !== undefined) return steps.throw(failure.error);
  if (!stopped()) return steps.next();
  steps.return(undefined as never); // as above
  throw runHasEnded();
}

interface Failure {
  readonly error: unknown;
}

const settled = (work: Promise<unknown>): Promise<Failure | undefined> =>
  work.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );

/** Where nobody shares out turns: timers and other calls come first. */
export const afterTimers: Turns['inTurn'] = async (work) => {
  await new Promise((resolve) => setTimeout(resolve, 0));
  return work();
};

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
