import type { BrowserContext, Cookie, HTTPRequest, Page } from 'puppeteer-core';
import type {
  DriverAnswer,
  DriverSession,
  DriverSessionOptions,
} from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { UDP_CLASSES } from './chromium-program.ts';
import type { Cookies } from './cookie-jar.ts';
import { downloaded } from './downloaded.ts';
import { loadBytes } from './http-load.ts';
import { keepLine, MOST_LINE } from './lines-kept.ts';
import { type PuppeteerPages, VERBS } from './puppeteer-verbs.ts';

/** One context. Pages that a page opens are closed: only those that a call opens can be held to the proxy's password before they load. */
export class PuppeteerSession implements DriverSession, PuppeteerPages {
  readonly context: BrowserContext;
  readonly console: JsonValue[] = [];
  readonly requests: JsonValue[] = [];
  readonly pages: Page[] = [];
  readonly #options: DriverSessionOptions;
  #page: Page | undefined;
  #opening = 0;

  constructor(context: BrowserContext, options: DriverSessionOptions) {
    this.context = context;
    this.#options = options;
    context.on('targetcreated', (target) => {
      if (target.type() !== 'page' || this.#opening > 0) return;
      // Not waited for: what does not close ends with its session.
      target.page().then(
        (page) => (page === null || this.pages.includes(page) ? undefined : page.close()),
        () => undefined,
      );
    });
  }

  url(): string | undefined {
    return this.#page === undefined || this.#page.isClosed() ? undefined : this.#page.url();
  }

  /** @throws {BrowserRefusal} when none is open. */
  page(): Page {
    if (this.#page?.isClosed() === true) this.#page = this.pages.findLast((page) => !page.isClosed());
    if (this.#page === undefined || this.#page.url() === 'about:blank')
      throw new BrowserRefusal('no-page', 'no page is open', 'Open one with browser.navigate');
    return this.#page;
  }

  async anyPage(): Promise<Page> {
    return this.#page === undefined || this.#page.isClosed() ? this.newPage() : this.#page;
  }

  look(page: Page): void {
    this.#page = page;
  }

  openPages(): readonly Page[] {
    return this.pages.filter((page) => !page.isClosed());
  }

  async newPage(): Promise<Page> {
    const { maxPages, proxy } = this.#options;
    if (this.openPages().length >= maxPages)
      throw new BrowserRefusal('busy', `${maxPages} pages are open`, 'Close one with browser.tabs');
    this.#opening += 1;
    try {
      const page = await this.context.newPage();
      this.pages.push(page);
      await page.authenticate({ username: proxy.username, password: proxy.password });
      await page.evaluateOnNewDocument((names: readonly string[]) => {
        for (const name of names) Reflect.deleteProperty(globalThis, name);
      }, UDP_CLASSES);
      await page.setRequestInterception(true);
      await withoutServiceWorkers(page);
      this.#listen(page);
      await page.setViewport({ width: 1280, height: 800 });
      this.#page = page;
      return page;
    } finally {
      this.#opening -= 1;
    }
  }

  async download(address: string, maxBytes: number, timeoutMs: number): Promise<DriverAnswer> {
    const cookies = cookiesOf(await this.context.cookies());
    const told = (method: string, url: string, ok: boolean): void => this.#told(method, url, ok);
    const until = AbortSignal.timeout(timeoutMs);
    const first = { url: address, method: 'GET' } as const;
    const { url, mime, bytes, status, disposition } = await loadBytes(
      first,
      this.#options,
      cookies,
      until,
      told,
      maxBytes,
    );
    if (status >= 400) throw new BrowserRefusal('navigation', `the file cannot be loaded: status ${status}`);
    return downloaded({ url, mime, bytes, disposition });
  }

  #told(method: string, url: string, ok: boolean): void {
    keepLine(this.requests, { method, url: url.slice(0, MOST_LINE), ok });
  }

  #listen(page: Page): void {
    const { covers, stayed } = this.#options;
    const told = (request: HTTPRequest, ok: boolean): void => this.#told(request.method(), request.url(), ok);
    // The second look, in the browser itself: the proxy is the boundary.
    page.on('request', (request) => {
      const isCovered = covers(request.url());
      if (!isCovered && request.isNavigationRequest() && request.frame() === page.mainFrame())
        stayed(request.url());
      // A page that has been closed meanwhile has no requests any more.
      (isCovered ? request.continue() : request.abort('blockedbyclient')).catch(() => undefined);
    });
    page.on('requestfinished', (request) => told(request, true));
    page.on('requestfailed', (request) => told(request, false));
    page.on('console', (message) =>
      keepLine(this.console, { type: message.type(), text: message.text().slice(0, MOST_LINE) }),
    );
    // A question of a page would hold it for ever.
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => undefined));
  }

  async act(verb: string, args: JsonObject, timeoutMs: number): Promise<DriverAnswer> {
    const known = VERBS[verb];
    if (known === undefined) throw new BrowserRefusal('invalid', `there is no verb ${verb}`);
    let timer: ReturnType<typeof setTimeout> | undefined;
    // A script of a page can hold what asks it for ever.
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tookTooLong()), timeoutMs + 500);
    });
    try {
      return await Promise.race([known(this, args, timeoutMs), late]);
    } catch (error) {
      throw error instanceof BrowserRefusal ? error : refusalFor(error);
    } finally {
      clearTimeout(timer);
    }
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

/** What a browser would send to an address. What an answer sets is not kept. */
const cookiesOf = (all: readonly Cookie[]): Cookies => ({
  of: ({ protocol, hostname, pathname }) =>
    all
      .filter(({ domain, path, secure }) => {
        const parent = domain.startsWith('.') ? domain : undefined;
        const isHost = parent === undefined ? hostname === domain : `.${hostname}`.endsWith(parent);
        const isPath = pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
        return isHost && isPath && (!secure || protocol === 'https:');
      })
      .map(({ name, value }) => `${name}=${value}`)
      .join('; '),
  take: () => undefined,
});

async function withoutServiceWorkers(page: Page): Promise<void> {
  try {
    await page.setBypassServiceWorker(true);
  } catch {
    // WebDriver cannot: the proxy stands in front of service workers, too.
  }
}

const tookTooLong = (): BrowserRefusal =>
  new BrowserRefusal('timeout', 'it took too long', 'Try a larger timeoutMs, or wait for something first');

/** Texts of Puppeteer tell of its own insides and of pages: none is passed on. */
function refusalFor(error: unknown): BrowserRefusal {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' };
  if (name === 'TimeoutError' || /timed? ?out/i.test(message)) return tookTooLong();
  const code = /net::(ERR_[A-Z_]{1,60})/.exec(message)?.[1];
  if (code !== undefined) return new BrowserRefusal('navigation', `the page cannot be reached (${code})`);
  if (/not a valid selector|SyntaxError/.test(message))
    return new BrowserRefusal(
      'invalid',
      'the selector cannot be read',
      'Give a CSS selector, or a ref of the last snapshot',
    );
  if (/Unknown key/.test(message))
    return new BrowserRefusal('invalid', '"key" is not the name of a key, such as Enter');
  if (/closed|detached|crashed/i.test(message))
    return new BrowserRefusal('closed', 'the page or its session has ended');
  return new BrowserRefusal('failed', 'the browser did not do it');
}
