import { inner, wrongArgument } from '../inner.ts';

interface Out {
  write(text: string): unknown;
}

const isOut = (value: unknown): value is Out =>
  typeof (value as Out | null | undefined)?.write === 'function';

/** A console that writes to streams of the program's own. */
export class Console {
  #out: Out;
  #err: Out;
  #margin = '';
  #counts = new Map<string, number>();
  constructor(given: unknown, err?: unknown) {
    const options = isOut(given)
      ? { stdout: given, stderr: err }
      : ((given ?? {}) as { stdout?: unknown; stderr?: unknown });
    if (!isOut(options.stdout))
      throw wrongArgument('stdout', 'an instance of a writable stream', options.stdout);
    this.#out = options.stdout;
    this.#err = isOut(options.stderr) ? options.stderr : options.stdout;
    // Its methods are used apart from it, as those of the global one are.
    for (const name of [
      'log',
      'info',
      'debug',
      'warn',
      'error',
      'dir',
      'count',
      'group',
      'groupEnd',
    ] as const)
      this[name] = this[name].bind(this) as never;
  }
  log(...args: unknown[]): void {
    this.#print(this.#out, args);
  }
  info(...args: unknown[]): void {
    this.log(...args);
  }
  debug(...args: unknown[]): void {
    this.log(...args);
  }
  error(...args: unknown[]): void {
    this.#print(this.#err, args);
  }
  warn(...args: unknown[]): void {
    this.error(...args);
  }
  trace(...args: unknown[]): void {
    this.error('Trace:', ...args);
  }
  dir(value: unknown, options: object = {}): void {
    this.log(inner.inspect(value, options));
  }
  assert(condition: unknown, ...args: unknown[]): void {
    if (!condition)
      this.error(...(args.length === 0 ? ['Assertion failed'] : ['Assertion failed:', ...args]));
  }
  count(label: unknown = 'default'): void {
    const times = (this.#counts.get(String(label)) ?? 0) + 1;
    this.#counts.set(String(label), times);
    this.log(`${String(label)}: ${times}`);
  }
  countReset(label: unknown = 'default'): void {
    this.#counts.delete(String(label));
  }
  group(...args: unknown[]): void {
    if (args.length > 0) this.log(...args);
    this.#margin += '  ';
  }
  groupEnd(): void {
    this.#margin = this.#margin.slice(2);
  }
  #print(to: Out, args: readonly unknown[]): void {
    const text = inner.format(args);
    to.write(`${this.#margin}${text.replaceAll('\n', `\n${this.#margin}`)}\n`);
  }
}
