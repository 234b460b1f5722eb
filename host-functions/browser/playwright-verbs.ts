import type { Frame, Locator, Page, Request } from 'playwright-core';
import type { DriverAnswer } from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { isMainNavigation } from './main-navigation.ts';
import { type DownloadingSession, download } from './playwright-download.ts';
import { BEGIN_MS, MOST_CONTENT, MOST_FOUND, SETTLE_MS } from './verb-bounds.ts';

/** What verbs see of their session. */
export interface VerbSession extends DownloadingSession {
  readonly console: readonly JsonValue[];
  readonly requests: readonly JsonValue[];
  url(): string | undefined;
  /** The page that is looked at. @throws {BrowserRefusal} when there is none. */
  page(): Page;
  /** The same, or a new one. */
  anyPage(): Promise<Page>;
  look(page: Page): void;
}

type Verb = (session: VerbSession, args: JsonObject, timeoutMs: number) => Promise<DriverAnswer>;

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
    await page.goBack({ timeout });
    return { value: await facts(page) };
  },
  tabs: async (session, { action = 'list', index }) => {
    if (action === 'new') session.look(await session.context.newPage());
    else if (action !== 'list') {
      const page = session.context.pages()[typeof index === 'number' ? index : -1];
      if (page === undefined) throw new BrowserRefusal('no-page', 'there is no tab of this index');
      if (action === 'select') session.look(page);
      else await page.close();
    }
    const pages = session.context.pages();
    const tabs = await Promise.all(
      pages.map(async (page, at) => ({
        index: at,
        ...(await facts(page)),
        current: page.url() === session.url(),
      })),
    );
    return { value: { tabs } };
  },
  blank: async (session) => {
    await (await session.anyPage()).goto('about:blank');
    return {};
  },
  snapshot: async (session, _, timeout) => {
    const page = session.page();
    return { value: { ...(await facts(page)), snapshot: await page.ariaSnapshot({ mode: 'ai', timeout }) } };
  },
  extract: async (session, { url, selectors }, timeout) => {
    const page = await visit(session, url, timeout);
    const found: [string, JsonValue][] = [];
    for (const [name, selector] of Object.entries(selectors as JsonObject)) // its reader has looked
      found.push([name, await textsOf(page, String(selector))]);
    return { value: Object.fromEntries(found) };
  },
  download: async (session, args, timeout) => {
    const { url } = args;
    if (typeof url === 'string') return download(session, await session.anyPage(), { url }, args, timeout);
    const page = session.page();
    const element = await elementOf(page, args, timeout);
    return download(session, page, { click: () => element.click({ timeout }) }, args, timeout);
  },
  console: async (session) => ({ value: { messages: [...session.console] } }),
  network: async (session) => ({ value: { requests: [...session.requests] } }),
  waitFor: async (session, { selector, text }, timeout) => {
    const page = session.page();
    if (typeof selector === 'string') await page.locator(css(selector)).first().waitFor({ timeout });
    if (typeof text === 'string') await page.getByText(text).first().waitFor({ timeout });
    if (selector === undefined && text === undefined) await page.waitForLoadState('networkidle', { timeout });
    return { value: await facts(page) };
  },
  click: async (session, args, timeout) => {
    const page = session.page();
    const element = await elementOf(page, args, timeout);
    const button = args.button === 'right' || args.button === 'middle' ? args.button : 'left';
    await acting(page, () => element.click({ button, timeout }));
    return { value: await facts(page) };
  },
  fill: async (session, args, timeout) => {
    const page = session.page();
    await (await elementOf(page, args, timeout)).fill(String(args.value), { timeout });
    return { value: await facts(page) };
  },
  fillForm: async (session, { url, data, submit }, timeout) => {
    const page = await visit(session, url, timeout);
    let last: Locator | undefined;
    for (const [name, value] of Object.entries(data as JsonObject)) {
      // its reader has looked
      last = await fieldOf(page, name);
      await fillField(last, value, timeout);
    }
    if (submit === true && last !== undefined) {
      const field = last;
      await acting(page, () =>
        field.evaluate((one) => {
          const { form } = one as HTMLInputElement;
          form?.requestSubmit();
        }),
      );
    }
    return { value: { ...(await facts(page)), filled: Object.keys(data as JsonObject) } };
  },
  press: async (session, args, timeout) => {
    const page = session.page();
    const key = String(args.key);
    const element =
      args.selector === undefined && args.ref === undefined
        ? undefined
        : await elementOf(page, args, timeout);
    await acting(page, () =>
      element === undefined ? page.keyboard.press(key) : element.press(key, { timeout }),
    );
    return { value: await facts(page) };
  },
  select: async (session, args, timeout) => {
    const page = session.page();
    const { values } = args;
    const wanted = typeof values === 'string' ? values : [...(values as readonly string[])]; // its reader has looked
    const chosen = await (await elementOf(page, args, timeout)).selectOption(wanted, { timeout });
    return { value: { ...(await facts(page)), selected: chosen } };
  },
  scroll: async (session, args, timeout) => {
    const page = session.page();
    if (args.selector !== undefined || args.ref !== undefined)
      await (await elementOf(page, args, timeout)).scrollIntoViewIfNeeded({ timeout });
    else await page.mouse.wheel(0, typeof args.by === 'number' ? args.by : 600);
    return { value: await facts(page) };
  },
  screenshot: async (session, args, timeout) => {
    const page = await visit(session, args.url, timeout);
    const shot =
      args.selector === undefined && args.ref === undefined
        ? page.screenshot({ fullPage: args.fullPage === true, type: 'png', timeout })
        : (await elementOf(page, args, timeout)).screenshot({ type: 'png', timeout });
    return { value: await facts(page), bytes: new Uint8Array(await shot) };
  },
  pdf: async (session, { url }, timeout) => {
    const page = await visit(session, url, timeout);
    return { value: await facts(page), bytes: new Uint8Array(await page.pdf()) };
  },
};

const facts = async (page: Page): Promise<{ url: string; title: string }> => ({
  url: page.url(),
  title: (await page.title()).slice(0, 1_000),
});

/** What a reader of the page reads. */
async function contentOf(page: Page): Promise<string> {
  const [text = ''] = await page.locator('body').allInnerTexts();
  return text.slice(0, MOST_CONTENT);
}

async function visit(session: VerbSession, url: JsonValue | undefined, timeout: number): Promise<Page> {
  if (typeof url !== 'string') return session.page();
  const page = await session.anyPage();
  await page.goto(url, { timeout, waitUntil: 'load' });
  return page;
}

/** CSS only: other engines of Playwright would find past what is documented. */
const css = (selector: string): string => `css=${selector.replaceAll('>>', '> >')}`;

async function elementOf(page: Page, { selector, ref }: JsonObject, timeout: number): Promise<Locator> {
  const found =
    typeof ref === 'string' ? page.locator(`aria-ref=${ref}`) : page.locator(css(String(selector))).first();
  if ((await found.count()) > 0) return found;
  // It may come yet.
  await found.waitFor({ state: 'attached', timeout: Math.min(timeout, 1_000) }).catch(() => undefined);
  if ((await found.count()) === 0)
    throw new BrowserRefusal(
      'no-element',
      'there is no such element on the page',
      'Look at the page with browser.snapshot',
    );
  return found;
}

async function fieldOf(page: Page, name: string): Promise<Locator> {
  const quoted = JSON.stringify(name);
  const found = page.locator(`css=[name=${quoted}], [id=${quoted}]`).first();
  if ((await found.count()) > 0) return found;
  throw new BrowserRefusal(
    'no-element',
    `the page has no field ${JSON.stringify(name.slice(0, 80))}`,
    'Name fields by their name or id',
  );
}

async function fillField(field: Locator, value: JsonValue | undefined, timeout: number): Promise<void> {
  const kind = await field.evaluate((one) => `${one.tagName} ${(one as HTMLInputElement).type}`);
  if (typeof value === 'boolean' || /^INPUT (?:checkbox|radio)$/.test(kind))
    await field.setChecked(value === true || value === 'true' || value === 'on', { timeout });
  else if (kind.startsWith('SELECT')) await field.selectOption(String(value), { timeout });
  else await field.fill(String(value), { timeout });
}

/** Texts in the order of the document; where the selector ends in `[href]` or `[src]`, the absolute addresses. */
async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  const trimmed = selector.trimEnd();
  const attribute = ['href', 'src'].find((name) => trimmed.endsWith(`[${name}]`));
  return page.locator(css(selector)).evaluateAll(
    (elements, { name, most }) =>
      elements.slice(0, most).map((element) => {
        if (name === undefined) return (element.textContent ?? '').trim();
        const value = element.getAttribute(name) ?? '';
        return URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI).href : value;
      }),
    { name: attribute, most: MOST_FOUND },
  );
}

/** Does what may begin a navigation, and waits for one that it began: until it is loaded, or has failed. */
async function acting(page: Page, act: () => Promise<unknown>): Promise<void> {
  let begun = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const isOurs = (request: Request): boolean =>
    isMainNavigation(request) && request.frame() === page.mainFrame();
  const onRequest = (request: Request): void => {
    begun ||= isOurs(request);
  };
  const onFailed = (request: Request): void => {
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
    await page.waitForLoadState('load', { timeout: SETTLE_MS }).catch(() => undefined); // then it is told as it is
  } finally {
    clearTimeout(late);
    page
      .off('request', onRequest)
      .off('requestfailed', onFailed)
      .off('framenavigated', onNavigated)
      .off('close', end);
  }
}
