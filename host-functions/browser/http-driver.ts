import type {
  BrowserDriver,
  DriverAnswer,
  DriverSession,
  DriverSessionOptions,
} from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { CookieJar } from './cookie-jar.ts';
import { downloaded } from './downloaded.ts';
import type { NextRequest } from './html-page.ts';
import { type At, HtmlWorker } from './html-worker.ts';
import { type LoadedBytes, type Loading, loadBytes, loadPage } from './http-load.ts';
import { keepLine, MOST_LINE } from './lines-kept.ts';

/** Loads and reads pages without a browser: no script runs, nothing is drawn. */
export const createHttpDriver = (): BrowserDriver => ({
  open: async (options) => new HttpSession(options),
  close: async () => undefined,
});

interface Shown {
  readonly url: string;
  readonly title: string;
}

class HttpSession implements DriverSession {
  readonly #options: DriverSessionOptions;
  readonly #cookies = new CookieJar();
  readonly #worker = new HtmlWorker();
  readonly #requests: JsonValue[] = [];
  readonly #history: string[] = [];
  #shown: Shown | undefined;

  constructor(options: DriverSessionOptions) {
    this.#options = options;
  }

  url(): string | undefined {
    return this.#shown?.url;
  }

  async act(verb: string, args: JsonObject, timeoutMs: number): Promise<DriverAnswer> {
    if (!Object.hasOwn(VERBS, verb))
      throw new BrowserRefusal(
        'unsupported',
        'the driver http runs no script and draws nothing',
        'Use the driver playwright: createRuntime({ browser: { driver } })',
      );
    const until = AbortSignal.timeout(timeoutMs);
    return VERBS[verb as keyof typeof VERBS](this, args, until, timeoutMs); // it has just looked
  }

  async go(next: Loading, until: AbortSignal, timeoutMs: number, keeps = true): Promise<JsonObject> {
    const loaded = await loadPage(next, this.#options, this.#cookies, until, this.#tell);
    const isHtml = /html|^$/.test(loaded.mime);
    const html = isHtml
      ? loaded.text
      : `<pre>${loaded.text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;
    const read = (await this.#worker.ask({ ask: 'load', html, url: loaded.url }, timeoutMs)) as {
      readonly title: string;
      readonly content: string;
    }; // our own worker says so
    if (keeps && this.#shown !== undefined) this.#history.push(this.#shown.url);
    if (this.#history.length > 100) this.#history.shift();
    this.#shown = { url: loaded.url, title: read.title };
    return { ...this.shown(), status: loaded.status, content: read.content };
  }

  readonly #tell = (method: string, url: string, ok: boolean): void =>
    keepLine(this.#requests, { method, url: url.slice(0, MOST_LINE), ok });

  /** A file, which is no page: what is shown stays. */
  fetch(next: Loading, until: AbortSignal, maxBytes: number): Promise<LoadedBytes> {
    return loadBytes(next, this.#options, this.#cookies, until, this.#tell, maxBytes);
  }

  /** @throws {BrowserRefusal} when none is open. */
  shown(): { readonly url: string; readonly title: string } {
    if (this.#shown === undefined)
      throw new BrowserRefusal('no-page', 'no page is open', 'Open one with browser.navigate');
    return { ...this.#shown };
  }

  forget(): void {
    this.#shown = undefined;
  }

  previous(): string | undefined {
    return this.#history.pop();
  }

  requests(): readonly JsonValue[] {
    return [...this.#requests];
  }

  ask(question: Parameters<HtmlWorker['ask']>[0], timeoutMs: number): Promise<unknown> {
    return this.#worker.ask(question, timeoutMs);
  }

  close(): Promise<void> {
    return this.#worker.end();
  }
}

type Verb = (
  session: HttpSession,
  args: JsonObject,
  until: AbortSignal,
  timeoutMs: number,
) => Promise<DriverAnswer>;

const VERBS = {
  navigate: async (session, { url }, until, ms) => ({
    value: await session.go({ url: String(url), method: 'GET' }, until, ms),
  }),
  back: async (session, _, until, ms) => {
    session.shown();
    const url = session.previous();
    if (url !== undefined) await session.go({ url, method: 'GET' }, until, ms, false);
    return { value: session.shown() };
  },
  tabs: async (session, { action = 'list' }) => {
    if (action !== 'list')
      throw new BrowserRefusal('unsupported', 'the driver http has one page', 'Name another session');
    return { value: { tabs: [{ index: 0, ...session.shown(), current: true }] } };
  },
  blank: async (session) => {
    session.forget();
    return {};
  },
  snapshot: async (session, _, __, ms) => {
    const shown = session.shown();
    return { value: { ...shown, snapshot: String(await session.ask({ ask: 'snapshot' }, ms)) } };
  },
  extract: async (session, { url, selectors }, until, ms) => {
    await visit(session, url, until, ms);
    const found = await session.ask(
      { ask: 'extract', selectors: selectors as Readonly<Record<string, string>> }, // its reader has looked
      ms,
    );
    return { value: found as JsonObject }; // lists of texts
  },
  download: async (session, args, until, ms) => {
    const { url: asked, maxBytes } = args;
    const next =
      typeof asked === 'string'
        ? ({ url: asked, method: 'GET' } as const)
        : await followed(session, args, ms);
    const { url, mime, bytes, status, disposition } = await session.fetch(next, until, Number(maxBytes)); // its session has set it
    if (status >= 400) throw new BrowserRefusal('navigation', `the file cannot be loaded: status ${status}`);
    return downloaded({ url, mime, bytes, disposition });
  },
  console: async () => ({ value: { messages: [] } }),
  network: async (session) => ({ value: { requests: session.requests() } }),
  waitFor: async (session, { selector, text }, _, ms) => {
    const shown = session.shown();
    const asked = { ask: 'has', selector: textOf(selector), text: textOf(text) } as const;
    if ((await session.ask(asked, ms)) !== true)
      throw new BrowserRefusal('timeout', 'it is not on the page, which does not change by itself');
    return { value: shown };
  },
  click: async (session, args, until, ms) => {
    session.shown();
    const next = await session.ask({ ask: 'click', at: atOf(args) }, ms);
    if (next === null) throw noElement();
    if (next !== undefined) await session.go(next as NextRequest, until, ms); // our own worker says so
    return { value: session.shown() };
  },
  fill: async (session, args, _, ms) => {
    const shown = session.shown();
    if ((await session.ask({ ask: 'fill', at: atOf(args), value: String(args.value) }, ms)) !== true)
      throw noElement();
    return { value: shown };
  },
  fillForm: async (session, { url, data, submit }, until, ms) => {
    await visit(session, url, until, ms);
    const fields = data as Readonly<Record<string, string | number | boolean>>; // its reader has looked
    const done = (await session.ask({ ask: 'fillForm', data: fields, submit: submit === true }, ms)) as
      | { readonly missing: string }
      | { readonly next: NextRequest | undefined }; // our own worker says so
    if ('missing' in done)
      throw new BrowserRefusal(
        'no-element',
        `the page has no field ${JSON.stringify(done.missing.slice(0, 80))}`,
        'Name fields by their name or id',
      );
    if (done.next !== undefined) await session.go(done.next, until, ms);
    return { value: { ...session.shown(), filled: Object.keys(fields) } };
  },
  select: async (session, args, _, ms) => {
    const shown = session.shown();
    const { values } = args;
    const wanted = typeof values === 'string' ? [values] : (values as readonly string[]); // its reader has looked
    const selected = await session.ask({ ask: 'select', at: atOf(args), values: wanted }, ms);
    if (selected === null) throw noElement();
    return { value: { ...shown, selected: selected as readonly string[] } }; // our own worker says so
  },
} as const satisfies Readonly<Record<string, Verb>>;

/** Where a click on an element leads. @throws {BrowserRefusal} */
async function followed(session: HttpSession, args: JsonObject, timeoutMs: number): Promise<NextRequest> {
  session.shown();
  const next = await session.ask({ ask: 'click', at: atOf(args) }, timeoutMs);
  if (next === null) throw noElement();
  if (next === undefined) throw new BrowserRefusal('no-element', 'the element leads nowhere');
  return next as NextRequest; // our own worker says so
}

async function visit(
  session: HttpSession,
  url: JsonValue | undefined,
  until: AbortSignal,
  timeoutMs: number,
): Promise<void> {
  if (typeof url === 'string') await session.go({ url, method: 'GET' }, until, timeoutMs);
  else session.shown();
}

const textOf = (value: JsonValue | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const atOf = ({ selector, ref }: JsonObject): At => ({
  ...(typeof selector === 'string' ? { selector } : {}),
  ...(typeof ref === 'string' ? { ref } : {}),
});

const noElement = (): BrowserRefusal =>
  new BrowserRefusal(
    'no-element',
    'there is no such element on the page',
    'Look at the page with browser.snapshot',
  );
