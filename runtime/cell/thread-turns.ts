import type { Turns } from '../contracts/engine.ts';

/** How long a guest may hold its thread, ms. */
const TURN_MS = 4;
/** The same in slices, for platforms whose clock stands still while code runs. */
const TURN_SLICES = 16;

/** The turns of all guests in one thread. */
export interface ThreadTurns {
  forGuest(): GuestTurns;
}

export interface GuestTurns extends Turns {
  /** To be awaited before the guest starts: a turn, where those that started before it have used up the present one; else nothing. */
  start(): Promise<void> | undefined;
  /** Lets a paused guest go on at once: so that one that was stopped can end, however many wait before it. */
  wake(): void;
  /** The host has worked for the guest, in its turn, ms. */
  worked(ms: number): void;
}

/**
 * Whether starts have used up the present turn of the event loop. Small guests end before a turn of their own is due: many that start together
 * would all go before timers and I/O.
 */
function watchStarts(monotonic: () => number, schedule: (callback: () => void) => void): () => boolean {
  let since: number | undefined;
  let starts = 0;
  return () => {
    if (since === undefined) {
      since = monotonic();
      starts = 0;
      schedule(() => {
        since = undefined;
      });
    }
    starts += 1;
    return starts > TURN_SLICES || monotonic() - since >= TURN_MS;
  };
}

/**
 * Shares a thread between its guests and the host: one guest goes on in each turn of the event loop, in the order in which they paused, so
 * that the host waits for one guest at most, however many there are.
 * @param schedule Calls back after the timers and I/O that are due.
 */
export function createThreadTurns(
  monotonic: () => number,
  schedule: (callback: () => void) => void,
): ThreadTurns {
  const paused: (() => void)[] = [];
  let scheduled = false;
  const usedUp = watchStarts(monotonic, schedule);
  const scheduleNext = (): void => {
    if (scheduled || paused.length === 0) return;
    scheduled = true;
    schedule(() => {
      scheduled = false;
      paused.shift()?.();
      scheduleNext();
    });
  };
  return {
    forGuest: () => {
      let since = monotonic();
      let slices = 0;
      /** Work of the host since the guest was last looked at, ms. */
      let workedMs = 0;
      let lookUp: (() => void) | undefined;
      let goOn: (() => void) | undefined;
      const begin = (): void => {
        since = monotonic();
        slices = 0;
      };
      const take = (): Promise<void> =>
        new Promise((resolve) => {
          goOn = () => {
            goOn = undefined;
            begin();
            resolve();
          };
          paused.push(goOn);
          scheduleNext();
        });
      return {
        start: () => (usedUp() ? take() : undefined),
        due: () => {
          slices += 1;
          workedMs = 0;
          if (slices < TURN_SLICES && monotonic() - since < TURN_MS) return false;
          begin();
          return true;
        },
        take,
        missed: schedule,
        onWork: (look) => {
          lookUp = look;
        },
        worked: (ms) => {
          workedMs += ms;
          if (workedMs >= TURN_MS) lookUp?.();
        },
        wake: () => {
          const at = goOn === undefined ? -1 : paused.indexOf(goOn);
          if (at >= 0) paused.splice(at, 1)[0]?.();
        },
      };
    },
  };
}

/** The soonest turn of the event loop: a timer alone waits 1 ms at least, in browsers 4. */
export function nextTurn(callback: () => void): void {
  if (typeof setImmediate === 'function') {
    setImmediate(callback);
  } else if (typeof document !== 'undefined' && typeof MessageChannel === 'function') {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(undefined);
  } else {
    setTimeout(callback, 0);
  }
}
