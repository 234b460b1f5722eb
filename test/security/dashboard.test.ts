import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listen } from '../../runtime/doors/cli/listen.ts';
import { createHttpApp } from '../../runtime/doors/http/app.ts';
import { createModuleStore } from '../../runtime/doors/http/module-store.ts';
import { createEventStream } from '../../runtime/vocabulary/event-stream.ts';
import { NOTHING_USED } from '../../runtime/vocabulary/outcome-of.ts';
import { createInProcessScheduler } from '../../runtime/work/in-process.ts';
import { launchChromium } from '../support/chromium.ts';
import { createFakeRuntime, success } from '../support/fake-runtime.ts';
import { verifies } from '../support/verifies.ts';

verifies('MO-09');

const KEY = 'key-of-the-server';
const MARKUP = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;

let browser: Browser | undefined;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

async function open() {
  const events = createEventStream();
  const app = createHttpApp({
    runtime: { ...createFakeRuntime(async () => success()), on: events.on },
    scheduler: createInProcessScheduler(),
    modules: createModuleStore({ inspect: () => Promise.reject(new Error('not asked')) }),
    key: KEY,
  });
  const server = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  const call = (tool: string, user: string, ok: boolean): void =>
    events.emit({
      kind: 'tool.called',
      time: Date.now(),
      identity: { runId: 'run-1', depth: 0, caller: { id: user, permissions: [] } },
      tool,
      callId: 'call-1',
      ok,
      ...(ok ? {} : { code: 'GUEST_THREW' as const }),
      durationMs: 20,
      stages: [],
      usage: NOTHING_USED,
    });
  const page = (await browser?.newPage()) as Page;
  const faults: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => faults.push(message.text()));
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`http://127.0.0.1:${server.port}/dashboard`, { waitUntil: 'load' });
  return {
    call,
    page,
    faults,
    asked,
    [Symbol.asyncDispose]: async () => {
      await page.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** By the keyboard alone, as whoever has no mouse. */
async function enter(page: Page, key: string): Promise<void> {
  await page.focus('#key');
  await page.keyboard.type(key);
  await page.keyboard.press('Enter');
}

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (element) => element.textContent ?? '');

test('what callers and guests chose is text on the dashboard, and runs nothing', async () => {
  await using opened = await open();
  const { page, call, faults, asked } = opened;
  call(MARKUP, MARKUP, false);
  await enter(page, KEY);
  await page.waitForSelector('#users table');
  expect(await textOf(page, '#users')).toContain(MARKUP);
  expect(await textOf(page, '#errors')).toContain(MARKUP);
  expect(await page.title()).toBe('Sandglass');
  expect(await page.$$eval('img, main script', (found) => found.length)).toBe(0);
  expect(faults).toEqual([]);
  expect(new Set(asked)).toEqual(
    new Set(['/dashboard', '/dashboard/style.css', '/dashboard/script.js', '/v1/metrics']),
  );
});

test('it draws what happens while it is open, in pictures that say what they show', async () => {
  await using opened = await open();
  const { page, call, faults } = opened;
  await enter(page, KEY);
  await page.waitForSelector('main:not([hidden])');
  expect(await textOf(page, '#users')).toBe('nothing yet');
  call('read', 'ada', true);
  call('read', 'ada', false);
  await page.waitForFunction(() => document.querySelector('#users table') !== null);
  expect(await textOf(page, '#tiles')).toContain('50.0 %');
  expect(await page.$eval('#rate svg', (svg) => svg.getAttribute('aria-label'))).toBe(
    '2 runs in 5 minutes, 1 of them failed',
  );
  expect(
    await page.$$eval(
      '#rate .failed',
      (bars) => bars.filter((bar) => Number(bar.getAttribute('height')) > 0).length,
    ),
  ).toBe(1);
  expect(faults).toEqual([]);
});

test('a wrong key shows nothing, and a key that is forgotten is gone', async () => {
  await using opened = await open();
  const { page } = opened;
  await enter(page, 'another-key');
  await page.waitForFunction(() => document.querySelector('#wrong')?.textContent !== '');
  expect(await textOf(page, '#wrong')).toContain('does not know this key');
  expect(await page.$eval('main', (main) => main.hidden)).toBe(true);
  await enter(page, KEY);
  await page.waitForSelector('main:not([hidden])');
  expect(await page.evaluate(() => sessionStorage.length)).toBe(1);
  await page.click('#leave');
  expect(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie])).toEqual([
    0,
    0,
    '',
  ]);
  expect(await page.$eval('main', (main) => main.hidden)).toBe(true);
});
