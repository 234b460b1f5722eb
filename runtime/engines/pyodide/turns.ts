import type { GuestHost } from '../../contracts/engine.ts';
import type { Order } from './order.ts';

interface Timer {
  /** On the monotonic clock of the host, ms. */
  readonly at: number;
  readonly fire: () => void;
}

/**
 * Timers and answers of the host as they come: timers in the order in which they are due, however late the host's own ones are. When nothing is
 * planned and the guest only waits for one of them, it rests, and what comes then is delivered once the host lets it go on.
 * @param soon Runs a callback in a turn of its own.
 */
export function keepTurns(
  soon: (turn: () => void) => void,
  host: Pick<GuestHost, 'sleep' | 'rest' | 'monotonic'>,
): Order {
  const timers: Timer[] = [];
  /** What has come and was not delivered yet. */
  const come: (() => void)[] = [];
  let calls = 0;
  let planned = 0;
  let ended = false;
  let resting: PromiseWithResolvers<void> | undefined;

  const turn = (work: () => void): void => {
    planned += 1;
    soon(() => {
      planned -= 1;
      work();
      look();
    });
  };
  const look = (): void => {
    if (ended || resting !== undefined) return;
    for (const work of come.splice(0)) turn(work);
    if (planned > 0 || timers.length + calls === 0) return;
    resting = Promise.withResolvers();
    void host.rest(resting.promise).then(() => {
      resting = undefined;
      look();
    });
  };
  const arrive = (): void => {
    if (resting === undefined) look();
    else resting.resolve();
  };

  return {
    timer: (ms, fire) => {
      if (!(ms > 0)) {
        turn(fire);
        return;
      }
      const timer = { at: host.monotonic() + ms, fire };
      const later = timers.findIndex(({ at }) => at > timer.at);
      timers.splice(later < 0 ? timers.length : later, 0, timer);
      if (planned === 0) turn(() => undefined); // once the guest has come back from what it does, it may rest
      void host.sleep(ms).then(() => {
        const due = timers.findIndex(({ at }) => at > timer.at);
        come.push(...timers.splice(0, due < 0 ? timers.length : due).map((one) => one.fire));
        arrive();
      });
    },
    call: () => {
      calls += 1;
      if (planned === 0) turn(() => undefined);
      return (deliver) => {
        calls -= 1;
        come.push(deliver);
        arrive();
      };
    },
    end: () => {
      ended = true;
      resting?.resolve();
    },
  };
}
