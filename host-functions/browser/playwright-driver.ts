import type { Browser, BrowserType } from 'playwright-core';
import type { BrowserDriver, DriverSessionOptions } from '../../runtime/contracts/operations/browser.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import {
  browserEnvironment,
  CHROMIUM_FLAGS,
  doesNotStart,
  findChromium,
  notInstalled,
  wantsSandbox,
} from './chromium-program.ts';
import { keptBrowser } from './kept-browser.ts';
import { PlaywrightSession } from './playwright-session.ts';

export interface PlaywrightDriverOptions {
  readonly executablePath: string | undefined;
  readonly sandbox: boolean | undefined;
}

/** Chromium by `playwright-core`: one browser for all sessions, started with the first and ended after the last. */
export const createPlaywrightDriver = ({ executablePath, sandbox }: PlaywrightDriverOptions): BrowserDriver =>
  driverOf(async () => {
    const chromium = await loadPlaywright();
    const program = executablePath ?? findChromium(chromium.executablePath());
    try {
      return await chromium.launch({
        executablePath: program,
        headless: true,
        chromiumSandbox: wantsSandbox(sandbox),
        args: [...CHROMIUM_FLAGS],
        // Sessions have proxies of their own; what belongs to none of them goes nowhere.
        proxy: { server: 'http://127.0.0.1:1', bypass: '<-loopback>' },
        env: browserEnvironment(),
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
    } catch (error) {
      throw doesNotStart('the browser', error, executablePath !== undefined);
    }
  });

/** A Chromium that runs already, here or elsewhere, by its DevTools protocol. Its sessions end; the browser itself is somebody else's. */
export const createRemoteDriver = (url: string): BrowserDriver =>
  driverOf(async () => {
    const chromium = await loadPlaywright();
    try {
      return await chromium.connectOverCDP(url, { timeout: CONNECT_MS });
    } catch {
      throw new BrowserRefusal(
        'unsupported',
        'no browser answers at browser.url',
        'Start one with --remote-debugging-port, or name the address of one that runs',
      );
    }
  });

const CONNECT_MS = 10_000;

function driverOf(start: () => Promise<Browser>): BrowserDriver {
  const kept = keptBrowser(start, (browser, forget) => browser.once('disconnected', forget));
  return {
    open: async (options: DriverSessionOptions) => {
      const started = await kept.get();
      try {
        return await PlaywrightSession.open(started, options);
      } catch {
        throw new BrowserRefusal('closed', 'the browser has ended', 'The same call starts another');
      }
    },
    close: () => kept.end((browser) => browser.close()),
  };
}

async function loadPlaywright(): Promise<BrowserType> {
  try {
    return (await import('playwright-core')).chromium;
  } catch {
    throw notInstalled('playwright-core');
  }
}
