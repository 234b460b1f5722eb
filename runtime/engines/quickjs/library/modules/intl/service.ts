import { ask, type Options } from './ask.ts';
import { localesOf } from './locale.ts';

export interface Part {
  readonly type: string;
  readonly value: string;
}

/** What every kind of formatter has: its locales and options, checked by the platform when it is made. */
export abstract class Service {
  readonly #kind: string;
  readonly #locales: string[];
  readonly #options: Options;
  constructor(kind: string, locales: unknown, options: Options) {
    this.#kind = kind;
    this.#locales = localesOf(locales);
    this.#options = options;
    this.resolvedOptions();
  }
  protected ask(method: string, ...args: unknown[]): unknown {
    return ask({ kind: this.#kind, method, locales: this.#locales, options: this.#options, args });
  }
  resolvedOptions(): Options {
    return this.ask('resolvedOptions') as Options;
  }
}
