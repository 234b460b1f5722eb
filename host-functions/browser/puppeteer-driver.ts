import type { Browser, BrowserContext, PuppeteerNode } from 'puppeteer-core';
import type { BrowserDriver, DriverSessionOptions } from '../../runtime/contracts/operations/browser.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import {
  browserEnvironment,
  CHROMIUM_FLAGS,
  doesNotStart,
  findChromium,
  NOWHERE,
  notInstalled,
  wantsSandbox,
} from './chromium-program.ts';
import { keptBrowser } from './kept-browser.ts';
import { PuppeteerSession } from './puppeteer-session.ts';
import { type ChromedriverOptions, startChromedriver } from './webdriver-server.ts';

export interface PuppeteerDriverOptions {
  readonly executablePath: string | undefined;
  readonly sandbox: boolean | undefined;
}

/** Chromium by `puppeteer-core`. */
export const createPuppeteerDriver = ({ executablePath, sandbox }: PuppeteerDriverOptions): BrowserDriver =>
  driverOf(async () => {
    const puppeteer = await loadPuppeteer();
    const program = executablePath ?? findChromium();
    try {
      const browser = await puppeteer.launch({
        executablePath: program,
        headless: 'shell',
        pipe: true, // it ends with this process, however this one ends
        args: flags(sandbox),
        env: browserEnvironment(),
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
      return { browser, end: () => browser.close() };
    } catch (error) {
      throw doesNotStart('the browser', error, executablePath !== undefined);
    }
  });

/** A browser by WebDriver: that of a `chromedriver` which is started here, or of a server that runs already. */
export const createWebdriver = ({
  executablePath,
  sandbox,
  url,
  driverPath,
}: PuppeteerDriverOptions & ChromedriverOptions): BrowserDriver =>
  driverOf(async () => {
    const puppeteer = await loadPuppeteer();
    const program = executablePath ?? (url === undefined ? findChromium() : undefined);
    const server = await startChromedriver({ url, driverPath });
    try {
      const browser = await puppeteer.connect({
        browserWSEndpoint: server.endpoint,
        protocol: 'webDriverBiDi',
        capabilities: {
          alwaysMatch: {
            'goog:chromeOptions': {
              ...defined({ binary: program }),
              args: ['--headless', ...flags(sandbox)],
            },
          },
        },
      });
      return {
        browser,
        end: async () => {
          try {
            await browser.close();
          } finally {
            await server.end();
          }
        },
      };
    } catch (error) {
      await server.end();
      throw doesNotStart('the browser of the WebDriver server', error, executablePath !== undefined);
    }
  });

const flags = (sandbox: boolean | undefined): string[] => [
  ...CHROMIUM_FLAGS,
  ...NOWHERE,
  ...(wantsSandbox(sandbox) ? [] : ['--no-sandbox']),
];

interface Started {
  readonly browser: Browser;
  end(): Promise<void>;
}

function driverOf(start: () => Promise<Started>): BrowserDriver {
  const kept = keptBrowser(start, ({ browser }, forget) => browser.once('disconnected', forget));
  return {
    open: async (options: DriverSessionOptions) => {
      const { browser } = await kept.get();
      let context: BrowserContext;
      try {
        context = await browser.createBrowserContext({
          proxyServer: options.proxy.server,
          proxyBypassList: ['<-loopback>'],
          downloadBehavior: { policy: 'deny' },
        });
      } catch {
        throw new BrowserRefusal('closed', 'the browser has ended', 'The same call starts another');
      }
      return new PuppeteerSession(context, options);
    },
    close: () => kept.end((started) => started.end()),
  };
}

async function loadPuppeteer(): Promise<Pick<PuppeteerNode, 'launch' | 'connect'>> {
  try {
    return await import('puppeteer-core');
  } catch {
    throw notInstalled('puppeteer-core');
  }
}
