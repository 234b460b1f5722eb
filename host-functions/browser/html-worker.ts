import { Worker } from 'node:worker_threads';
import { ownUrl } from '../../runtime/vocabulary/own-url.ts';
import { BrowserRefusal } from './browser-refusal.ts';

export interface At {
  readonly selector?: string;
  readonly ref?: string;
}

export type HtmlQuestion =
  | { readonly ask: 'load'; readonly html: string; readonly url: string }
  | { readonly ask: 'extract'; readonly selectors: Readonly<Record<string, string>> }
  | { readonly ask: 'snapshot' }
  | { readonly ask: 'click'; readonly at: At }
  | { readonly ask: 'fill'; readonly at: At; readonly value: string }
  | {
      readonly ask: 'fillForm';
      readonly data: Readonly<Record<string, string | number | boolean>>;
      readonly submit: boolean;
    }
  | { readonly ask: 'select'; readonly at: At; readonly values: readonly string[] }
  | { readonly ask: 'has'; readonly selector: string | undefined; readonly text: string | undefined };

export type HtmlAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const HEAP_MB = 256;

/** Parses pages and looks into them, in a thread of its own that ends when it takes too long: pages and selectors are of strangers. */
export class HtmlWorker {
  #worker: Worker | undefined;
  #answer: (answer: HtmlAnswer | undefined) => void = () => undefined;

  /** Of questions that are asked one after the other. @throws {BrowserRefusal} */
  async ask(question: HtmlQuestion, timeoutMs: number): Promise<unknown> {
    const worker = this.#started();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const answer = await new Promise<HtmlAnswer | undefined>((resolve) => {
      this.#answer = resolve;
      timer = setTimeout(() => resolve(undefined), timeoutMs);
      worker.postMessage(question);
    });
    clearTimeout(timer);
    if (answer === undefined) {
      await this.end();
      throw new BrowserRefusal('too-large', 'the page took too long to be read, or too much memory');
    }
    if (!answer.ok) throw new BrowserRefusal('invalid', 'the selector cannot be read', 'Give a CSS selector');
    return answer.value;
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(ownUrl(import.meta.url, './html-worker-entry'), {
      name: 'sandglass page',
      env: {},
      argv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, stackSizeMb: 4 },
    });
    const gone = (): void => this.#answer(undefined);
    worker
      .on('message', (answer: HtmlAnswer) => this.#answer(answer))
      .on('error', gone)
      .on('exit', gone);
    this.#worker = worker;
    return worker;
  }

  async end(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}
