import type { Browser, BrowserContext, Download, Page } from 'playwright-core';
import type {
  DriverAnswer,
  DriverSession,
  DriverSessionOptions,
} from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { UDP_CLASSES } from './chromium-program.ts';
import { keepLine, MOST_LINE } from './lines-kept.ts';
import { isMainNavigation } from './main-navigation.ts';
import { VERBS, type VerbSession } from './playwright-verbs.ts';

/** One context: cookies, storage and pages of its own. */
export class PlaywrightSession implements DriverSession, VerbSession {
  readonly context: BrowserContext;
  readonly console: JsonValue[] = [];
  readonly requests: JsonValue[] = [];
  readonly #downloads: boolean;
  #page: Page | undefined;
  #awaited: ((download: Download) => void) | undefined;
  #forget: () => void = () => undefined;

  private constructor(context: BrowserContext, { maxPages, downloads }: DriverSessionOptions) {
    this.context = context;
    this.#downloads = downloads;
    context.on('page', (page) => {
      page.on('download', (download) => {
        const take = this.#awaited;
        this.#awaited = undefined;
        // What a page begins by itself is nobody's.
        if (take === undefined) download.cancel().catch(() => undefined);
        else take(download);
      });
      // Not waited for: a page that nobody asked for and that does not close ends with its session.
      if (context.pages().length > maxPages) page.close().catch(() => undefined);
    });
    context.on('console', (message) => {
      keepLine(this.console, { type: message.type(), text: message.text().slice(0, MOST_LINE) });
    });
    context.on('requestfinished', (request) => {
      keepLine(this.requests, { method: request.method(), url: request.url().slice(0, MOST_LINE), ok: true });
    });
    context.on('requestfailed', (request) => {
      keepLine(this.requests, {
        method: request.method(),
        url: request.url().slice(0, MOST_LINE),
        ok: false,
      });
    });
  }

  static async open(browser: Browser, options: DriverSessionOptions): Promise<PlaywrightSession> {
    const { proxy, covers, stayed } = options;
    const context = await browser.newContext({
      proxy: { ...proxy, bypass: '<-loopback>' },
      serviceWorkers: 'block',
      acceptDownloads: options.downloads,
      viewport: { width: 1280, height: 800 },
      permissions: [],
    });
    try {
      // The second look, in the browser itself; redirects and WebSockets are not shown here: the proxy is the boundary.
      await context.route('**/*', (route, request) => {
        const isCovered = covers(request.url());
        if (!isCovered && isMainNavigation(request)) stayed(request.url());
        // A page that has been closed meanwhile has no requests any more: nothing is to be done about it.
        return (isCovered ? route.continue() : route.abort('blockedbyclient')).catch(() => undefined);
      });
      // UDP would go past the proxy; the browser is told not to, and pages have nothing to ask it by.
      await context.addInitScript((names) => {
        for (const name of names) Reflect.deleteProperty(globalThis, name);
      }, UDP_CLASSES);
      return new PlaywrightSession(context, options);
    } catch (error) {
      await context.close();
      throw error;
    }
  }

  url(): string | undefined {
    return this.#page === undefined || this.#page.isClosed() ? undefined : this.#page.url();
  }

  /** @throws {BrowserRefusal} */
  page(): Page {
    if (this.#page?.isClosed() === true) this.#page = this.context.pages().at(-1);
    if (this.#page === undefined || this.#page.url() === 'about:blank')
      throw new BrowserRefusal('no-page', 'no page is open', 'Open one with browser.navigate');
    return this.#page;
  }

  async anyPage(): Promise<Page> {
    if (this.#page === undefined || this.#page.isClosed()) this.#page = await this.context.newPage();
    return this.#page;
  }

  look(page: Page): void {
    this.#page = page;
  }

  nextDownload(timeoutMs: number): Promise<Download> {
    if (!this.#downloads)
      return Promise.reject(
        new BrowserRefusal(
          'failed',
          'the session was opened by a run that may download nothing',
          'Use another session',
        ),
      );
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#awaited = undefined;
        reject(new BrowserRefusal('timeout', 'nothing was downloaded', 'Try a larger timeoutMs'));
      }, timeoutMs);
      this.#awaited = (download) => {
        clearTimeout(timer);
        resolve(download);
      };
      this.#forget = () => clearTimeout(timer);
    });
  }

  dropDownload(): void {
    this.#awaited = undefined;
    this.#forget();
  }

  async act(verb: string, args: JsonObject, timeoutMs: number): Promise<DriverAnswer> {
    const known = VERBS[verb];
    if (known === undefined) throw new BrowserRefusal('invalid', `there is no verb ${verb}`);
    try {
      return await known(this, args, timeoutMs);
    } catch (error) {
      throw error instanceof BrowserRefusal ? error : refusalFor(error);
    }
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

/** Texts of Playwright tell of its own insides and of pages: none is passed on. */
function refusalFor(error: unknown): BrowserRefusal {
  const text = error instanceof Error ? error.message : '';
  if (error instanceof Error && error.name === 'TimeoutError')
    return new BrowserRefusal(
      'timeout',
      'it took too long',
      'Try a larger timeoutMs, or wait for something first',
    );
  if (text.includes('net::') || text.includes('chrome-error'))
    return new BrowserRefusal(
      'navigation',
      `the page cannot be reached${/net::(ERR_[A-Z_]{1,60})/.exec(text)?.[1]?.replace(/^/, ' (').concat(')') ?? ''}`,
    );
  if (/closed|crashed/i.test(text)) return new BrowserRefusal('closed', 'the page or its session has ended');
  if (/selector|Unexpected token|strict mode/i.test(text))
    return new BrowserRefusal(
      'invalid',
      'the selector cannot be read',
      'Give a CSS selector, or a ref of the last snapshot',
    );
  return new BrowserRefusal('failed', 'the browser did not do it');
}
