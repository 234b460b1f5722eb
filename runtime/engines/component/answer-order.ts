import type { HostAnswer } from '../../contracts/engine.ts';

/** How answers that a guest does not wait for at once reach it. */
export interface AnswerOrder {
  /** `take` is handed the answer; never, when the run ended first. */
  arrive(answer: Promise<HostAnswer>, take: (answer: HostAnswer) => void): void;
  /** Hands over the oldest answer that is still due; undefined when none waits for its turn. */
  next(): Promise<void> | undefined;
}

/** Answers reach the guest as they come. */
export const asTheyCome: AnswerOrder = {
  // It rejects only when the run has ended, and then nobody asks any more.
  arrive: (answer, take) => void answer.then(take, () => undefined),
  next: () => undefined,
};

/**
 * For a run that must repeat: answers come in the order of the calls, one whenever the guest waits and nothing else is ready. Before clocks
 * move, for a host call takes no time.
 */
export function inOrderOfCalls(): AnswerOrder {
  const due: (() => Promise<void>)[] = [];
  return {
    arrive: (answer, take) => {
      const taken = answer.then(
        (value) => () => take(value),
        () => () => undefined,
      );
      due.push(async () => (await taken)());
    },
    next: () => due.shift()?.(),
  };
}
