/** How timers and answers of the host reach a guest. */
export interface Order {
  /** `fire` runs in a turn of its own; those that are due at once in the order in which they were asked for. */
  timer(ms: number, fire: () => void): void;
  /** A call of the guest's has begun: what this answers takes its answer, to be delivered when it is its turn. */
  call(): (deliver: () => void) => void;
  /** The program has ended: nothing comes any more. */
  end(): void;
}

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/**
 * For a run that must repeat: all comes in the order of its own asking, whatever the host takes. A host call takes no time: its answer
 * comes after the timers that are due, in the order of the calls. Only when no call is under way does the earliest of the other timers
 * come; its time is waited for, and counted by what was asked, not by a clock.
 * @param soon Runs a callback in a turn of its own.
 */
export function keepOrder(soon: (turn: () => void) => void, sleep: (ms: number) => Promise<void>): Order {
  const calls: { deliver?: () => void }[] = [];
  const timers: Timer[] = [];
  let now = 0;
  /** Turns that are planned: nothing else may come before them. */
  let planned = 0;
  let sleeping = false;

  const turn = (work: () => void): void => {
    planned += 1;
    soon(() => {
      planned -= 1;
      work();
      if (planned === 0) next();
    });
  };
  const next = (): void => {
    const call = calls[0];
    if (call !== undefined) {
      if (call.deliver === undefined) return;
      calls.shift();
      turn(call.deliver);
      return;
    }
    const timer = timers[0];
    if (timer === undefined || sleeping) return;
    sleeping = true;
    void sleep(timer.at - now).then(() => {
      sleeping = false;
      now = timer.at;
      timers.splice(timers.indexOf(timer), 1);
      turn(timer.fire);
    });
  };
  const look = (): void => {
    if (planned === 0) turn(() => undefined);
  };

  return {
    timer: (ms, fire) => {
      if (!(ms > 0)) {
        turn(fire);
        return;
      }
      const at = now + ms;
      const later = timers.findIndex((timer) => timer.at > at);
      timers.splice(later < 0 ? timers.length : later, 0, { at, fire });
      look();
    },
    call: () => {
      const call: { deliver?: () => void } = {};
      calls.push(call);
      return (deliver) => {
        call.deliver = deliver;
        if (calls[0] === call) look();
      };
    },
    end: () => undefined,
  };
}
