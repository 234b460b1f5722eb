import { type Callable, type Named, nodeError } from '../inner.ts';
import { EventEmitter } from './events.ts';

interface Options {
  readonly input?: AsyncIterable<unknown>;
  readonly output?: { write(text: string): unknown };
  readonly prompt?: string;
  readonly signal?: AbortSignal;
}

const END = Symbol('end');

/** Lines of a stream: events, `question`, and async iteration. Its input is read as soon as something wants a line. */
class Interface extends (EventEmitter as unknown as new () => Named & {
  emit(name: string, ...args: unknown[]): boolean;
  once(name: string, fn: Callable): void;
  on(name: string, fn: Callable): unknown;
  listenerCount(name: string): number;
}) {
  readonly input: AsyncIterable<unknown> | undefined;
  readonly output: Options['output'] | undefined;
  readonly terminal = false;
  line = '';
  cursor = 0;
  closed = false;
  #prompt: string;
  #ready: string[] = [];
  #asking: ((line: string | typeof END) => void)[] = [];
  #started = false;
  #paused = false;
  #ended = false;
  #pulling = false;
  constructor(options: Options, output?: Options['output']) {
    super();
    const given =
      options !== null && typeof options === 'object' && 'input' in options
        ? options
        : { input: options as never, output };
    this.input = given.input;
    this.output = given.output;
    this.#prompt = (given as Options).prompt ?? '> ';
    (given as Options).signal?.addEventListener('abort', () => this.close());
    // Whoever listens for lines adds the listener in this turn.
    setTimeout(() => this.#start(), 0);
  }
  async #start(): Promise<void> {
    if (this.#started || this.input === undefined) return;
    this.#started = true;
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of this.input) {
        if (this.closed) break;
        rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true });
        const lines = rest.split(/\r\n|\n|\r(?!$)/);
        rest = lines.pop() ?? '';
        this.#ready.push(...lines);
        this.#deliver();
      }
    } catch (error) {
      this.emit('error', error);
    }
    if (rest !== '') this.#ready.push(rest.replace(/\r$/, ''));
    this.#ended = true;
    this.#deliver();
  }
  #deliver(): void {
    while (this.#ready.length > 0 && !this.#paused) {
      const asking = this.#asking.shift();
      if (asking === undefined && this.#pulling) return;
      if (asking === undefined && this.listenerCount('line') === 0) return;
      const line = this.#ready.shift() as string; // there is one
      if (asking !== undefined) asking(line);
      else this.emit('line', line);
    }
    if (this.#ended && this.#ready.length === 0 && !this.#paused) this.close();
  }
  override on(name: string, fn: Callable): this {
    super.on(name, fn);
    if (name === 'line' && this.#ready !== undefined) setTimeout(() => this.#deliver(), 0);
    return this;
  }
  /** Gives the next line to `take`, now or later. */
  #next(take: (line: string | typeof END) => void): typeof take {
    const ready = this.#ready.shift();
    if (ready !== undefined) {
      if (this.#ended && this.#ready.length === 0) setTimeout(() => this.#deliver(), 0);
      take(ready);
    } else if (this.closed) take(END);
    else {
      this.#asking.push(take);
      void this.#start();
    }
    return take;
  }
  setPrompt(prompt: string): void {
    this.#prompt = prompt;
  }
  getPrompt(): string {
    return this.#prompt;
  }
  prompt(): void {
    this.output?.write(this.#prompt);
  }
  question(query: string, options: unknown, done?: Callable): void {
    const answer = (done ?? options) as Callable;
    if (this.closed) throw nodeError(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    void this.ask(query, done === undefined ? undefined : (options as Options)).then(
      (line) => answer(line),
      () => undefined, // given up by its signal, of which the callback is not told
    );
  }
  async ask(query: string, { signal }: Options = {}): Promise<string> {
    if (this.closed) throw nodeError(Error, 'ERR_USE_AFTER_CLOSE', 'readline was closed');
    const stopped = (): Error =>
      Object.assign(nodeError(Error, 'ABORT_ERR', 'The operation was aborted'), { name: 'AbortError' });
    if (signal?.aborted === true) throw stopped();
    this.output?.write(query);
    return new Promise((resolve, reject) => {
      const waiting = this.#next((line) => {
        signal?.removeEventListener('abort', stop);
        if (line !== END) resolve(line);
      });
      const stop = (): void => {
        this.#asking = this.#asking.filter((one) => one !== waiting);
        reject(stopped());
      };
      signal?.addEventListener('abort', stop, { once: true });
    });
  }
  pause(): this {
    this.#paused = true;
    this.emit('pause');
    return this;
  }
  resume(): this {
    this.#paused = false;
    this.emit('resume');
    setTimeout(() => this.#deliver(), 0);
    return this;
  }
  write(): void {}
  getCursorPos(): { rows: number; cols: number } {
    return { rows: 0, cols: 0 };
  }
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const asking of this.#asking.splice(0)) asking(END);
    this.emit('close');
  }
  [Symbol.dispose](): void {
    this.close();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    this.#pulling = true;
    for (;;) {
      const line = await new Promise<string | typeof END>((resolve) => this.#next(resolve));
      if (line === END) return;
      yield line;
    }
  }
}

class PromiseInterface extends Interface {
  override question(query: string, options?: Options): never {
    return this.ask(query, options) as never; // the promise form answers one
  }
}

interface Target {
  write(text: string): unknown;
}

/** Writes what moves the cursor, to whatever stream it is. */
const control = (stream: Target | null | undefined, text: string, rest: readonly unknown[]): true => {
  if (stream !== null && stream !== undefined && text !== '') stream.write(text);
  return written(...rest);
};

const clearLine = (stream: Target, side: number, ...rest: unknown[]): true =>
  control(stream, `\u001b[${side < 0 ? 1 : side > 0 ? 0 : 2}K`, rest);

const cursorTo = (stream: Target, x: number, y?: unknown, ...rest: unknown[]): true =>
  typeof y === 'number'
    ? control(stream, `\u001b[${y + 1};${x + 1}H`, rest)
    : control(stream, `\u001b[${x + 1}G`, [y, ...rest]);

const moveCursor = (stream: Target, x: number, y: number, ...rest: unknown[]): true => {
  const across = x === 0 ? '' : `\u001b[${Math.abs(x)}${x < 0 ? 'D' : 'C'}`;
  const down = y === 0 ? '' : `\u001b[${Math.abs(y)}${y < 0 ? 'A' : 'B'}`;
  return control(stream, across + down, rest);
};

const written = (...args: unknown[]): true => {
  const done = args.findLast((arg) => typeof arg === 'function') as Callable | undefined;
  if (done !== undefined) queueMicrotask(() => done());
  return true;
};

export const promises = {
  Interface: PromiseInterface,
  createInterface: (options: Options, output?: Options['output']) => new PromiseInterface(options, output),
};
export const readline = {
  Interface,
  createInterface: (options: Options, output?: Options['output']) => new Interface(options, output),
  clearLine,
  clearScreenDown: (stream: Target, ...rest: unknown[]): true => control(stream, '\u001b[0J', rest),
  cursorTo,
  moveCursor,
  emitKeypressEvents: (): void => undefined,
  promises,
};
