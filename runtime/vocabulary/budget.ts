import { SandglassError } from './errors.ts';
import type { Limits } from './limits.ts';

/** How deep runs may be nested in each other. */
export const MOST_NESTED = 8;

/** What was spent of a budget, by nested ones too. */
export interface Spent {
  readonly fuel: number;
  /** Calls by capability. */
  readonly hostCalls: Readonly<Record<string, number>>;
  readonly egressBytes: number;
  readonly ingressBytes: number;
}

/** What is left, of the outer budgets too; negative where more was spent than there was. */
export interface Left {
  readonly fuel: number;
  readonly timeoutMs: number;
  readonly hostCalls: number;
}

/** What one run may spend. Whatever is spent of a nested one is spent of the outer ones at the same time. */
export interface Budget {
  readonly limits: Limits;
  /** 0 for a budget that is nested in none. */
  readonly depth: number;
  /** Starts the clock; without it no time is spent. */
  begin(): void;
  /** Spends one host call. Answers the limit that it is over, its own or an outer one; `undefined` when it is over none. */
  spendCall(capability: string): number | undefined;
  spendBytes(egressBytes: number, ingressBytes: number): void;
  spendFuel(units: number): void;
  /** What the guest of this budget has burnt so far, units: spent until it is told anew. Nested ones are told for themselves. */
  burning(units: number): void;
  /**
   * Does work whose fuel is known only once it is done, and may be all that is left: one piece after the other among all budgets that are nested in
   * each other, so that no two begin with the same fuel.
   */
  alone<T>(work: () => Promise<T>): Promise<T>;
  spent(): Spent;
  left(): Left;
  /**
   * A budget within this one: its limits are what was asked, and at most what is left here.
   * @throws {SandglassError} UNSUPPORTED when it would be nested too deeply; FUEL_EXHAUSTED or DEADLINE_EXCEEDED when nothing is left.
   */
  child(asked: Limits): Budget;
}

/** @param monotonic Milliseconds from an arbitrary origin. */
export const createBudget = (limits: Limits, monotonic: () => number): Budget =>
  open(limits, monotonic, undefined, () => undefined, oneByOne());

/** One piece of work after the other, in the order of asking. */
function oneByOne(): Budget['alone'] {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined); // whoever asked for it is told
    return done;
  };
}

function open(
  limits: Limits,
  monotonic: () => number,
  outer: Budget | undefined,
  burnMore: (units: number) => void,
  alone: Budget['alone'],
): Budget {
  const depth = outer === undefined ? 0 : outer.depth + 1;
  const hostCalls = new Map<string, number>();
  let calls = 0;
  let egressBytes = 0;
  let ingressBytes = 0;
  let fuel = 0;
  let own = 0;
  let inFlight = 0;
  let begun: number | undefined;

  const left = (): Left => {
    const within = outer?.left() ?? NO_END;
    const passed = begun === undefined ? 0 : monotonic() - begun;
    return {
      fuel: Math.min(within.fuel, limits.fuel - fuel - inFlight),
      timeoutMs: Math.min(within.timeoutMs, limits.timeoutMs - passed),
      hostCalls: Math.min(within.hostCalls, limits.hostCalls - calls),
    };
  };

  const burn = (units: number): void => {
    inFlight += units;
    burnMore(units);
  };

  const budget: Budget = {
    limits,
    depth,
    begin() {
      begun ??= monotonic();
    },
    spendCall(capability) {
      hostCalls.set(capability, (hostCalls.get(capability) ?? 0) + 1);
      calls += 1;
      const over = outer?.spendCall(capability);
      return calls > limits.hostCalls ? limits.hostCalls : over;
    },
    spendBytes(out, into) {
      egressBytes += out;
      ingressBytes += into;
      outer?.spendBytes(out, into);
    },
    spendFuel(units) {
      fuel += units;
      outer?.spendFuel(units);
    },
    burning(units) {
      burn(units - own);
      own = units;
    },
    alone,
    spent: () => ({ fuel, hostCalls: Object.fromEntries(hostCalls), egressBytes, ingressBytes }),
    left,
    child(asked) {
      if (depth + 1 > MOST_NESTED) {
        throw new SandglassError('UNSUPPORTED', `Cannot run: runs are nested ${MOST_NESTED} deep at most`, {
          details: { limit: MOST_NESTED },
          hint: 'Do the work in a run that is nested less deeply',
        });
      }
      const rest = left();
      if (rest.fuel < 1) throw nothingLeft('FUEL_EXHAUSTED', 'fuel');
      if (rest.timeoutMs < 1) throw nothingLeft('DEADLINE_EXCEEDED', 'time');
      return open(
        {
          ...asked,
          fuel: Math.min(asked.fuel, rest.fuel),
          timeoutMs: Math.min(asked.timeoutMs, Math.ceil(rest.timeoutMs)),
          hostCalls: Math.min(asked.hostCalls, Math.max(0, rest.hostCalls)),
        },
        monotonic,
        budget,
        burn,
        alone,
      );
    },
  };
  return budget;
}

const NO_END: Left = {
  fuel: Number.POSITIVE_INFINITY,
  timeoutMs: Number.POSITIVE_INFINITY,
  hostCalls: Number.POSITIVE_INFINITY,
};

const nothingLeft = (code: 'FUEL_EXHAUSTED' | 'DEADLINE_EXCEEDED', what: string): SandglassError =>
  new SandglassError(code, `Cannot run: the run that it is nested in has no ${what} left`, {
    hint: `Raise the limits of the outer run, or do less in it`,
  });
