import type { Arrived } from '../../vocabulary/bytes.ts';

/** An answer on its way to the guest. */
export interface Arrival extends Arrived {
  readonly id: number;
  readonly text: string;
}

/** Calls and digests at once, as the prelude has it; what asks for more is not the prelude any more. */
const MOST_AT_ONCE = 16;

/** What the guest has asked for and not taken yet. */
export interface Arrivals {
  /** Takes a place for an answer; false: there is none, and nothing may begin. */
  expect(id: number): boolean;
  /** Does work for an answer, once the guest has taken enough of the others. */
  begin(work: () => void): void;
  arrive(arrival: Arrival): void;
  /** The next answer to hand in; in a deterministic run in the order of the calls. */
  take(): Arrival | undefined;
  readonly pending: () => number;
  /** Resolves with the next arrival, at once if there is one to take. */
  next(): Promise<void>;
}

/**
 * @param mostBytes Of answers that the guest has not taken: with so many, nothing more begins.
 * @param inOrder Answers are handed in in the order of the calls.
 */
export function createArrivals(mostBytes: number, inOrder: boolean): Arrivals {
  const arrived = new Map<number, Arrival>();
  const order: number[] = [];
  const held: (() => void)[] = [];
  let arrivedBytes = 0;
  let wake: (() => void) | undefined;
  const goOn = (): void => {
    while (arrivedBytes < mostBytes) {
      const work = held.shift();
      if (work === undefined) break;
      work();
    }
  };
  const nextId = (): number | undefined =>
    inOrder ? order.slice(0, 1).find((one) => arrived.has(one)) : order.find((one) => arrived.has(one));
  return {
    expect: (id) => {
      if (order.length >= MOST_AT_ONCE) return false;
      order.push(id);
      return true;
    },
    begin: (work) => {
      held.push(work);
      goOn();
    },
    arrive: (arrival) => {
      arrived.set(arrival.id, arrival);
      arrivedBytes += arrival.bytes?.byteLength ?? 0;
      wake?.();
      wake = undefined;
    },
    take: () => {
      const id = nextId();
      const arrival = id === undefined ? undefined : arrived.get(id);
      if (arrival === undefined) return undefined;
      arrived.delete(arrival.id);
      arrivedBytes -= arrival.bytes?.byteLength ?? 0;
      goOn();
      order.splice(order.indexOf(arrival.id), 1);
      return arrival;
    },
    pending: () => order.length,
    next: () =>
      new Promise((resolve) => {
        if (nextId() === undefined) wake = resolve;
        else resolve();
      }),
  };
}
