import { HttpFault } from './http-fault.ts';

interface Waiting {
  readonly chunk: Uint8Array;
  readonly taken: () => void;
  readonly failed: (error: unknown) => void;
}

/** Carries a body from guest to connection one piece at a time: a write ends when the connection has taken the piece. */
export class BodyChannel {
  #waiting: Waiting | undefined;
  #wake: (() => void) | undefined;
  #isEnded = false;
  #failure: unknown;

  /** @throws {HttpFault} `invalid` while an earlier write waits, or what the request failed with. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isEnded || this.#waiting !== undefined) {
      return Promise.reject(new HttpFault('invalid', 'another piece of this body is still being sent'));
    }
    return new Promise((taken, failed) => {
      this.#waiting = { chunk, taken, failed };
      this.#wake?.();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /** The request ended before the body did. */
  fail(error: unknown): void {
    this.#failure ??= error;
    this.#isEnded = true;
    this.#waiting?.failed(error);
    this.#waiting = undefined;
    this.#wake?.();
  }

  async *stream(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        const waiting = this.#waiting;
        if (waiting !== undefined) {
          yield waiting.chunk;
          // Asked for the next one, so this one is on its way.
          if (this.#waiting === waiting) this.#waiting = undefined;
          waiting.taken();
        } else if (this.#isEnded) {
          if (this.#failure !== undefined) throw this.#failure;
          return;
        } else {
          await new Promise<void>((wake) => {
            this.#wake = wake;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      // The connection stopped taking: nobody may wait for it any more.
      if (!this.#isEnded) this.fail(new HttpFault('connect'));
    }
  }
}
