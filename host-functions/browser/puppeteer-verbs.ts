import type { ElementHandle, Frame, HTTPRequest, KeyInput, Page } from 'puppeteer-core';
import type { DriverAnswer } from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { chooseOptions, fillElement, lookAround, textsBy } from './page-scripts.ts';
import { BEGIN_MS, MOST_CONTENT, MOST_FOUND, SETTLE_MS } from './verb-bounds.ts';

/** What verbs see of their session. */
export interface PuppeteerPages {
  readonly console: readonly JsonValue[];
  readonly requests: readonly JsonValue[];
  url(): string | undefined;
  /** The page that is looked at. @throws {BrowserRefusal} when there is none. */
  page(): Page;
  /** The same, or a new one. */
  anyPage(): Promise<Page>;
  newPage(): Promise<Page>;
  openPages(): readonly Page[];
  look(page: Page): void;
  /** A file by its address, with the cookies of the pages. @throws {BrowserRefusal} */
  download(url: string, maxBytes: number, timeoutMs: number): Promise<DriverAnswer>;
}

type Verb = (session: PuppeteerPages, args: JsonObject, timeoutMs: number) => Promise<DriverAnswer>;

export const VERBS: Readonly<Record<string, Verb>> = {
  navigate: async (session, { url }, timeout) => {
    const page = await session.anyPage();
    const response = await page.goto(String(url), { timeout, waitUntil: 'load' });
    return {
      value: { ...(await facts(page)), status: response?.status() ?? null, content: await contentOf(page) },
    };
  },
  back: async (session, _, timeout) => {
    const page = session.page();
    await page.goBack({ timeout, waitUntil: 'load' });
    return { value: await facts(page) };
  },
  tabs: async (session, { action = 'list', index }) => {
    if (action === 'new') await session.newPage();
    else if (action !== 'list') {
      const page = session.openPages()[typeof index === 'number' ? index : -1];
      if (page === undefined) throw new BrowserRefusal('no-page', 'there is no tab of this index');
      if (action === 'select') session.look(page);
      else await page.close();
    }
    const current = session.url();
    const tabs = await Promise.all(
      session.openPages().map(async (page, at) => ({
        index: at,
        ...(await facts(page)),
        current: page.url() === current,
      })),
    );
    return { value: { tabs } };
  },
  download: async (session, args, timeout) => {
    const maxBytes = Number(args.maxBytes); // its session has set it
    if (typeof args.url === 'string') return session.download(args.url, maxBytes, timeout);
    const element = await elementOf(session.page(), args, timeout);
    const link = await element.evaluate((one) => one.closest('a[href]')?.getAttribute('href') ?? null);
    const url = link === null ? null : URL.parse(link, session.url());
    if (url === null)
      throw new BrowserRefusal(
        'unsupported',
        'this driver downloads by an address or a link, and the element is none',
        'Use the driver playwright: createRuntime({ browser: { driver } })',
      );
    return session.download(url.href, maxBytes, timeout);
  },
  blank: async (session) => {
    await (await session.anyPage()).goto('about:blank');
    return {};
  },
  snapshot: async (session) => {
    const page = session.page();
    return { value: { ...(await facts(page)), snapshot: await page.evaluate(lookAround, MOST_CONTENT) } };
  },
  extract: async (session, { url, selectors }, timeout) => {
    const page = await visit(session, url, timeout);
    const found: [string, JsonValue][] = [];
    for (const [name, selector] of Object.entries(selectors as JsonObject)) // its reader has looked
      found.push([name, await page.evaluate(textsBy, String(selector), MOST_FOUND)]);
    return { value: Object.fromEntries(found) };
  },
  console: async (session) => ({ value: { messages: [...session.console] } }),
  network: async (session) => ({ value: { requests: [...session.requests] } }),
  waitFor: async (session, { selector, text }, timeout) => {
    const page = session.page();
    if (typeof selector === 'string')
      await page.waitForFunction(
        (one: string) => {
          const box = document.querySelector(one)?.getBoundingClientRect();
          return box !== undefined && box.width > 0 && box.height > 0;
        },
        { timeout },
        selector,
      );
    if (typeof text === 'string')
      await page.waitForFunction(
        // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not there yet
        (one: string) => document.body.innerText.toLowerCase().includes(one.toLowerCase()),
        { timeout },
        text,
      );
    if (selector === undefined && text === undefined) await page.waitForNetworkIdle({ timeout });
    return { value: await facts(page) };
  },
  click: async (session, args, timeout) => {
    const page = session.page();
    const element = await elementOf(page, args, timeout);
    const button = args.button === 'right' || args.button === 'middle' ? args.button : 'left';
    await acting(page, () => element.click({ button }));
    return { value: await facts(page) };
  },
  fill: async (session, args, timeout) => {
    const page = session.page();
    await (await elementOf(page, args, timeout)).evaluate(fillElement, String(args.value));
    return { value: await facts(page) };
  },
  fillForm: async (session, { url, data, submit }, timeout) => {
    const page = await visit(session, url, timeout);
    let last: ElementHandle | undefined;
    for (const [name, value] of Object.entries(data as JsonObject)) {
      // its reader has looked
      const quoted = JSON.stringify(name);
      last = await find(page, `[name=${quoted}], [id=${quoted}]`);
      if (last === undefined)
        throw new BrowserRefusal(
          'no-element',
          `the page has no field ${JSON.stringify(name.slice(0, 80))}`,
          'Name fields by their name or id',
        );
      await last.evaluate(fillElement, value as string | boolean | number); // its reader has looked
    }
    const field = last;
    if (submit === true && field !== undefined)
      await acting(page, () => field.evaluate((one) => (one as HTMLInputElement).form?.requestSubmit()));
    return { value: { ...(await facts(page)), filled: Object.keys(data as JsonObject) } };
  },
  press: async (session, args, timeout) => {
    const page = session.page();
    if (args.selector !== undefined || args.ref !== undefined)
      await (await elementOf(page, args, timeout)).focus();
    await acting(page, () => pressKeys(page, String(args.key)));
    return { value: await facts(page) };
  },
  select: async (session, args, timeout) => {
    const page = session.page();
    const { values } = args;
    const wanted = typeof values === 'string' ? [values] : [...(values as readonly string[])]; // its reader has looked
    const selected = await (await elementOf(page, args, timeout)).evaluate(chooseOptions, wanted);
    return { value: { ...(await facts(page)), selected } };
  },
  scroll: async (session, args, timeout) => {
    const page = session.page();
    if (args.selector !== undefined || args.ref !== undefined)
      await (await elementOf(page, args, timeout)).evaluate((one) => one.scrollIntoView());
    else await page.evaluate((by) => globalThis.scrollBy(0, by), typeof args.by === 'number' ? args.by : 600);
    return { value: await facts(page) };
  },
  screenshot: async (session, args, timeout) => {
    const page = await visit(session, args.url, timeout);
    const shot =
      args.selector === undefined && args.ref === undefined
        ? page.screenshot({ fullPage: args.fullPage === true, type: 'png' })
        : (await elementOf(page, args, timeout)).screenshot({ type: 'png' });
    return { value: await facts(page), bytes: new Uint8Array(await shot) };
  },
  pdf: async (session, { url }, timeout) => {
    const page = await visit(session, url, timeout);
    return { value: await facts(page), bytes: new Uint8Array(await page.pdf({ timeout })) };
  },
};

const facts = async (page: Page): Promise<{ url: string; title: string }> => ({
  url: page.url(),
  title: (await page.title()).slice(0, 1_000),
});

/** What a reader of the page reads: what is hidden has no part in it. */
const contentOf = (page: Page): Promise<string> =>
  page.evaluate((most) => {
    // biome-ignore lint/performance/useDomNodeTextContent: textContent has scripts and what is hidden
    return (document.body?.innerText ?? '').slice(0, most);
  }, MOST_CONTENT);

async function visit(session: PuppeteerPages, url: JsonValue | undefined, timeout: number): Promise<Page> {
  if (typeof url !== 'string') return session.page();
  const page = await session.anyPage();
  await page.goto(url, { timeout, waitUntil: 'load' });
  return page;
}

/** CSS by the page itself: Puppeteer's own selectors would find past what is documented. */
async function find(page: Page, selector: string): Promise<ElementHandle | undefined> {
  const handle = await page.evaluateHandle((text: string) => document.querySelector(text), selector);
  return (handle.asElement() as ElementHandle | null) ?? undefined; // a query finds elements only
}

async function findRef(page: Page, ref: string): Promise<ElementHandle | undefined> {
  const handle = await page.evaluateHandle((name: string) => {
    const refs: unknown = Reflect.get(globalThis, Symbol.for('sandglass.refs'));
    const found = refs instanceof Map ? refs.get(name) : undefined;
    return found instanceof Element && found.isConnected ? found : null;
  }, ref);
  return (handle.asElement() as ElementHandle | null) ?? undefined; // as it has just looked
}

async function elementOf(page: Page, { selector, ref }: JsonObject, timeout: number): Promise<ElementHandle> {
  const look = (): Promise<ElementHandle | undefined> =>
    typeof ref === 'string' ? findRef(page, ref) : find(page, String(selector));
  const found = await look();
  if (found !== undefined) return found;
  if (typeof ref !== 'string')
    // It may come yet.
    await page
      .waitForFunction(
        (text: string) => document.querySelector(text) !== null,
        { timeout: Math.min(timeout, 1_000) },
        String(selector),
      )
      .catch(() => undefined);
  const late = await look();
  if (late !== undefined) return late;
  throw new BrowserRefusal(
    'no-element',
    'there is no such element on the page',
    'Look at the page with browser.snapshot',
  );
}

/** `Control+a`: all but the last are held. */
async function pressKeys(page: Page, text: string): Promise<void> {
  const keys = text.length === 1 ? [text] : text.split('+');
  const last = keys.pop() ?? '';
  const held = keys as KeyInput[]; // what is none is refused by the keyboard
  for (const key of held) await page.keyboard.down(key);
  try {
    await page.keyboard.press(last as KeyInput); // the same
  } finally {
    for (const key of held.reverse()) await page.keyboard.up(key);
  }
}

/** Does what may begin a navigation, and waits for one that it began: until it is loaded, or has failed. */
async function acting(page: Page, act: () => Promise<unknown>): Promise<void> {
  let begun = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const isOurs = (request: HTTPRequest): boolean =>
    request.isNavigationRequest() && request.frame() === page.mainFrame();
  const onRequest = (request: HTTPRequest): void => {
    begun ||= isOurs(request);
  };
  const onFailed = (request: HTTPRequest): void => {
    if (isOurs(request)) end();
  };
  const onNavigated = (frame: Frame): void => {
    if (frame === page.mainFrame()) end();
  };
  page
    .on('request', onRequest)
    .on('requestfailed', onFailed)
    .on('framenavigated', onNavigated)
    .on('close', end);
  const late = setTimeout(end, SETTLE_MS);
  try {
    await act();
    // A form is sent in a later task of the page. Where the page goes meanwhile, this is cut off, and all is well.
    await page.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), BEGIN_MS).catch(() => undefined);
    if (!begun) return;
    await ended;
    await page
      .waitForFunction(() => document.readyState === 'complete', { timeout: SETTLE_MS })
      .catch(() => undefined); // then it is told as it is
  } finally {
    clearTimeout(late);
    page
      .off('request', onRequest)
      .off('requestfailed', onFailed)
      .off('framenavigated', onNavigated)
      .off('close', end);
  }
}
