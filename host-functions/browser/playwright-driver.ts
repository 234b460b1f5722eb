import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Browser, BrowserType } from 'playwright-core';
import type { BrowserDriver, DriverSessionOptions } from '../../runtime/contracts/operations/browser.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { PlaywrightSession } from './playwright-session.ts';

export interface PlaywrightDriverOptions {
  readonly executablePath: string | undefined;
  readonly sandbox: boolean | undefined;
}

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** What the browser would do by itself, past the pages: none of it is needed. UDP goes through no proxy, so there is none. */
const FLAGS = [
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--disable-quic',
  '--dns-prefetch-disable',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-pings',
  '--no-first-run',
  '--disable-dev-shm-usage',
];
/** Of this process's environment: where programs, libraries and fonts are. Nothing else of it reaches a browser. */
const ENVIRONMENT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'FONTCONFIG_PATH',
  'FONTCONFIG_FILE',
  'LANG',
];

/** Chromium by `playwright-core`: one browser for all sessions, started with the first and ended after the last. */
export function createPlaywrightDriver({ executablePath, sandbox }: PlaywrightDriverOptions): BrowserDriver {
  let running: Promise<Browser> | undefined;
  const start = async (): Promise<Browser> => {
    const chromium = await loadPlaywright();
    const program = executablePath ?? (await findChromium(chromium));
    try {
      return await chromium.launch({
        executablePath: program,
        headless: true,
        chromiumSandbox: sandbox ?? process.getuid?.() !== 0,
        args: FLAGS,
        // Sessions have proxies of their own; what belongs to none of them goes nowhere.
        proxy: { server: 'http://127.0.0.1:1', bypass: '<-loopback>' },
        env: Object.fromEntries(
          ENVIRONMENT.flatMap((name): [string, string][] => {
            const value = process.env[name];
            return value === undefined ? [] : [[name, value]];
          }),
        ),
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
      });
    } catch (error) {
      throw new BrowserRefusal(
        'unsupported',
        'the browser does not start',
        `See that ${executablePath === undefined ? 'Chromium' : 'executablePath'} runs here${/sandbox/i.test(String(error)) ? ', or set browser.sandbox to false where nothing else can be done' : ''}`,
      );
    }
  };
  const browser = (): Promise<Browser> => {
    if (running !== undefined) return running;
    const started = start();
    running = started;
    const forget = (): void => {
      if (running === started) running = undefined;
    };
    started.then((one) => one.once('disconnected', forget), forget);
    return started;
  };
  return {
    open: async (options: DriverSessionOptions) => {
      const started = await browser();
      try {
        return await PlaywrightSession.open(started, options);
      } catch {
        throw new BrowserRefusal('closed', 'the browser has ended', 'The same call starts another');
      }
    },
    close: async () => {
      const one = running;
      running = undefined;
      await one?.then(
        (started) => started.close(),
        () => undefined, // it never started
      );
    },
  };
}

async function loadPlaywright(): Promise<BrowserType> {
  try {
    return (await import('playwright-core')).chromium;
  } catch {
    throw new BrowserRefusal(
      'unsupported',
      'package playwright-core is not installed',
      'npm install playwright-core',
    );
  }
}

async function findChromium(chromium: BrowserType): Promise<string> {
  const own = chromium.executablePath();
  const found = [...SYSTEM, own].find((path) => path !== '' && existsSync(path));
  if (found !== undefined) return found;
  throw new BrowserRefusal(
    'unsupported',
    'there is no Chromium on this machine',
    'Install it (apt-get install chromium, or npx playwright-core install chromium), or name it: createRuntime({ browser: { executablePath } })',
  );
}
