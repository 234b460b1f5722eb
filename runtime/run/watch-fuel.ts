import type { Budget } from '../vocabulary/budget.ts';

/** How often runs of one tree are looked at while some of them are nested, ms. What they burn in between can be over. */
const LOOK_MS = 20;

/** A run whose guest is in a cell. */
export interface Burning {
  readonly budget: Budget;
  /** What its guest has burnt, as far as it was seen, units; `null` where nobody tells. */
  readonly burnt: () => number | null;
  /** Called once, when its budget, or one that it is nested in, is spent by others. */
  readonly over: () => void;
}

/**
 * Keeps the sum of what runs burn side by side within the budget that they share: each guest counts only its own. One for a run and all that
 * are nested in it.
 */
export interface FuelWatch {
  /** The guest begins. Answers what to call when it has ended, before what it burnt is booked. */
  begin(run: Burning): () => void;
  /** A run is about to be nested in one of these: from now on they are looked at. */
  share(): void;
}

export function watchFuel(): FuelWatch {
  const running = new Set<Burning>();
  let shared = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  const look = (): void => {
    for (const { budget, burnt } of running) budget.burning(burnt() ?? 0);
    for (const run of running) {
      if (run.budget.left().fuel >= 0) continue;
      running.delete(run);
      run.over();
    }
    wind();
  };
  const wind = (): void => {
    if (shared && running.size > 0) {
      timer ??= setInterval(look, LOOK_MS);
      return;
    }
    clearInterval(timer);
    timer = undefined;
  };

  return {
    begin(run) {
      running.add(run);
      wind();
      return () => {
        running.delete(run);
        run.budget.burning(0);
        wind();
      };
    },
    share() {
      shared = true;
      look();
    },
  };
}
