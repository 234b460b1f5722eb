import type { StopReason } from '../contracts/engine.ts';
import type { Counters } from './counters.ts';
import { REFILL } from './reserved.ts';

/** Whether a guest goes on, and why it does not. */
export interface Progress {
  readonly state: 'running' | 'exhausted' | 'stopped';
  /** The first reason of `stop`. */
  readonly stopReason: StopReason | undefined;
  /** It was stopped for keeping its thread where it cannot be suspended. */
  readonly held: boolean;
  /** Units billed so far. */
  readonly burnt: number;
  /** What was thrown first by what a refill asks. */
  readonly failure: unknown;
  /** Bills what was counted: after this the state is true. */
  settle(): void;
  /** More was charged than there is. */
  exhaust(): void;
  stop(reason: StopReason): void;
  /** Stops the guest for keeping its thread. */
  hold(): void;
  /** Stops the guest for what was thrown. Nothing may be thrown into the guest: it could catch it. */
  fail(error: unknown): void;
  /** Bills, and asks whether the guest should go on. */
  consult(): void;
  /** The guest's next slice, or none. @returns one of `REFILL` */
  answer(): number;
}

/** @param onSlice Asked at each refill; an answer stops the guest. */
export function createProgress(
  counters: Counters,
  onSlice: (() => StopReason | undefined) | undefined,
): Progress {
  let state: Progress['state'] = 'running';
  let stopReason: StopReason | undefined;
  let failure: unknown;
  let held = false;

  const leave = (next: 'exhausted' | 'stopped'): void => {
    state = next;
    counters.end();
  };
  const settle = (): void => {
    if (counters.settle()) leave('exhausted');
  };
  const stop = (reason: StopReason): void => {
    settle();
    if (state !== 'running') return;
    stopReason = reason;
    leave('stopped');
  };
  const fail = (error: unknown): void => {
    failure ??= error;
    stop('cancelled');
  };
  return {
    get state() {
      return state;
    },
    get stopReason() {
      return stopReason;
    },
    get held() {
      return held;
    },
    get burnt() {
      return counters.burnt;
    },
    get failure() {
      return failure;
    },
    settle,
    exhaust: () => leave('exhausted'),
    stop,
    hold: () => {
      held = state === 'running';
      stop('cancelled');
    },
    fail,
    consult: () => {
      settle();
      counters.asked();
      if (state !== 'running') return;
      try {
        const reason = onSlice?.();
        if (reason !== undefined) stop(reason);
      } catch (error) {
        fail(error);
      }
    },
    answer: () => {
      if (state !== 'running') return REFILL.stop;
      counters.refill();
      return REFILL.go;
    },
  };
}
