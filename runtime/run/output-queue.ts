import type { OutputChunk } from '../contracts/api/run.ts';

/** Guest output between the run that makes it and the one reader that takes it. Bounded by the run's own `outputBytes`. */
export interface OutputQueue extends AsyncIterable<OutputChunk> {
  push(chunk: OutputChunk): void;
  end(): void;
}

export function createOutputQueue(): OutputQueue {
  const chunks: OutputChunk[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  async function* read(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (ended) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  }
  return {
    push: (chunk) => {
      chunks.push(chunk);
      notify();
    },
    end: () => {
      ended = true;
      notify();
    },
    [Symbol.asyncIterator]: read,
  };
}
