import { define, publish } from './primordials.ts';

export interface Source {
  readonly start?: (controller: Controller) => unknown;
  readonly pull?: (controller: Controller) => unknown;
  readonly cancel?: (reason: unknown) => unknown;
}
interface Controller {
  readonly desiredSize: number;
  enqueue(chunk: unknown): void;
  close(): void;
  error(reason: unknown): void;
}
interface Result {
  readonly done: boolean;
  readonly value: unknown;
}
interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** A ReadableStream with a default reader, async iteration, `tee`, `cancel` and `pipeThrough`-less: what response bodies need. */
export class ReadableStream {
  readonly #queue: unknown[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #source: Source;
  readonly #controller: Controller;
  #state: 'readable' | 'closed' | 'errored' = 'readable';
  #reason: unknown;
  #locked = false;
  #pulling = false;
  #closing = false;

  constructor(source: Source = {}) {
    this.#source = source;
    const stream = this;
    this.#controller = {
      get desiredSize() {
        return 1 - stream.#queue.length;
      },
      enqueue: (chunk) => {
        if (this.#state !== 'readable' || this.#closing)
          throw new TypeError('Cannot enqueue: the stream is closed');
        const first = this.#waiting.shift();
        if (first !== undefined) first.resolve({ done: false, value: chunk });
        else this.#queue.push(chunk);
      },
      close: () => {
        this.#closing = true;
        if (this.#queue.length === 0) this.#finish();
      },
      error: (reason) => this.#fail(reason),
    };
    const started = source.start?.(this.#controller);
    if (started instanceof Promise) started.catch((reason: unknown) => this.#fail(reason));
  }
  get locked(): boolean {
    return this.#locked;
  }
  #finish(): void {
    if (this.#state !== 'readable') return;
    this.#state = 'closed';
    for (const one of this.#waiting.splice(0)) one.resolve({ done: true, value: undefined });
  }
  #fail(reason: unknown): void {
    if (this.#state !== 'readable') return;
    this.#state = 'errored';
    this.#reason = reason;
    for (const one of this.#waiting.splice(0)) one.reject(reason);
  }
  async #pull(): Promise<void> {
    if (this.#pulling || this.#closing || this.#source.pull === undefined) return;
    this.#pulling = true;
    try {
      await this.#source.pull(this.#controller);
    } catch (reason) {
      this.#fail(reason);
    }
    this.#pulling = false;
    if (this.#waiting.length > 0 && this.#state === 'readable') void this.#pull();
  }
  #read(): Promise<Result> {
    if (this.#queue.length > 0) {
      const value = this.#queue.shift();
      if (this.#closing && this.#queue.length === 0) this.#finish();
      return Promise.resolve({ done: false, value });
    }
    if (this.#state === 'closed') return Promise.resolve({ done: true, value: undefined });
    if (this.#state === 'errored') return Promise.reject(this.#reason);
    const next = new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    void this.#pull();
    return next;
  }
  getReader(): {
    read(): Promise<Result>;
    releaseLock(): void;
    cancel(reason?: unknown): Promise<void>;
    readonly closed: Promise<void>;
  } {
    if (this.#locked) throw new TypeError('Cannot read: the stream is locked to another reader');
    this.#locked = true;
    let mine = true;
    const closed = Promise.resolve();
    return {
      closed,
      read: () =>
        mine ? this.#read() : Promise.reject(new TypeError('Cannot read: the reader was released')),
      releaseLock: () => {
        if (mine) this.#locked = false;
        mine = false;
      },
      cancel: (reason) => this.#cancel(reason),
    };
  }
  async #cancel(reason: unknown): Promise<void> {
    this.#queue.length = 0;
    this.#closing = true;
    this.#finish();
    await this.#source.cancel?.(reason);
  }
  cancel(reason?: unknown): Promise<void> {
    if (this.#locked) return Promise.reject(new TypeError('Cannot cancel: the stream is locked to a reader'));
    return this.#cancel(reason);
  }
  tee(): [ReadableStream, ReadableStream] {
    const reader = this.getReader();
    const controllers: Controller[] = [];
    const branch = (): ReadableStream =>
      new ReadableStream({
        start: (controller) => void controllers.push(controller),
        pull: async () => {
          const { done, value } = await reader.read();
          for (const controller of controllers) {
            if (done) controller.close();
            else controller.enqueue(value);
          }
        },
      });
    return [branch(), branch()];
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    const reader = this.getReader();
    let ended = false;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) {
          ended = true;
          return;
        }
        yield value;
      }
    } finally {
      if (!ended) await reader.cancel();
      reader.releaseLock();
    }
  }
  values(): AsyncGenerator<unknown> {
    return this[Symbol.asyncIterator]();
  }
  static from(items: Iterable<unknown> | AsyncIterable<unknown>): ReadableStream {
    const iterator = (async function* () {
      yield* items;
    })();
    return new ReadableStream({
      pull: async (controller) => {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    });
  }
}

/** Makes the streams that bodies give out. The library puts the whole standard here. */
let make = (source: Source): ReadableStream => new ReadableStream(source);
export const makeStream = (source: Source): ReadableStream => make(source);
export const setMakeStream = (given: (source: Source) => ReadableStream): void => {
  make = given;
};

/** Of either kind: that of the prelude, or of the library. */
export const isStream = (value: unknown): value is ReadableStream =>
  typeof value === 'object' &&
  value !== null &&
  (value instanceof ReadableStream || typeof (value as ReadableStream).getReader === 'function');

export const installStreams = (): void => {
  define(ReadableStream.prototype, Symbol.toStringTag, 'ReadableStream');
  publish('ReadableStream', ReadableStream);
};
