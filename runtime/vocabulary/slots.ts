interface Waiting {
  readonly of: string | undefined;
  readonly enter: () => void;
}

/**
 * Lets a number of holders in at a time: first whoever holds least, among those in the order they came. One who is named holds half of the
 * places at most.
 */
export class Slots {
  #free: number;
  readonly #mostEach: number;
  readonly #waiting: Waiting[] = [];
  readonly #held = new Map<string | undefined, number>();

  constructor(count: number) {
    this.#free = count;
    this.#mostEach = Math.ceil(count / 2);
  }

  /**
   * @param of Who takes it; those without a name count as one.
   * @throws the signal's reason when it aborts before there is room.
   */
  async take(signal: AbortSignal, of?: string): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#mayEnter(of)) this.#hold(of, 1);
    else await this.#wait(signal, of);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#hold(of, -1);
        this.#letIn();
      },
    };
  }

  #heldOf(of: string | undefined): number {
    return this.#held.get(of) ?? 0;
  }

  #mayEnter(of: string | undefined): boolean {
    return this.#free > 0 && (of === undefined || this.#heldOf(of) < this.#mostEach);
  }

  #hold(of: string | undefined, more: number): void {
    this.#free -= more;
    const held = this.#heldOf(of) + more;
    if (held === 0) this.#held.delete(of);
    else this.#held.set(of, held);
  }

  #letIn(): void {
    const [next] = this.#waiting
      .filter(({ of }) => this.#mayEnter(of))
      .sort((one, other) => this.#heldOf(one.of) - this.#heldOf(other.of));
    if (next === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#hold(next.of, 1);
    next.enter();
  }

  #wait(signal: AbortSignal, of: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal.reason);
      };
      const waiting: Waiting = {
        of,
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
    });
  }
}
