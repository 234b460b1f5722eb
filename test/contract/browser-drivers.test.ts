import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRuntime } from '../../runtime/index.ts';
import { type BrowserProcess, startBrowserProcess } from '../support/browser-process.ts';
import { findChromium } from '../support/chromium.ts';
import { verifies } from '../support/verifies.ts';
import { describeDriver } from './browser-suite.ts';

/** Names another program than the system's: one that goes with another browser, for example. */
const CHROMEDRIVER = process.env.SANDGLASS_TEST_CHROMEDRIVER ?? '/usr/bin/chromedriver';

describeDriver('playwright', async () => ({ executablePath: await findChromium() }));
describeDriver('puppeteer', async () => ({ driver: 'puppeteer', executablePath: await findChromium() }));
describeDriver('http', async () => ({ driver: 'http' }), { scripts: false });

describe('with a Chromium that runs already', () => {
  let end: () => Promise<void> = async () => undefined;
  afterAll(() => end());
  describeDriver('remote', async () => {
    const profile = await mkdtemp(join(tmpdir(), 'sandglass-remote-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
    const child = spawn(await findChromium(), [...flags, `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    end = async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    };
    let said = '';
    for await (const chunk of child.stderr) {
      said += String(chunk);
      const url = /listening on (ws:\S+)/.exec(said)?.[1];
      if (url !== undefined) {
        child.stderr.resume();
        return { driver: 'remote', url };
      }
    }
    throw new Error(`the browser does not start: ${said.slice(0, 500)}`);
  });
});

describe('with a browser of another process', verifies('BR-10'), () => {
  let served: BrowserProcess | undefined;
  afterAll(() => served?.end());
  describeDriver('remote, a service', async () => {
    served = await startBrowserProcess(await findChromium());
    return { driver: 'remote', url: served.url, token: served.token };
  });
});

if (existsSync(CHROMEDRIVER))
  describeDriver('webdriver', async () => ({
    driver: 'webdriver',
    driverPath: CHROMEDRIVER,
    executablePath: await findChromium(),
  }));
else
  describe('webdriver', () => {
    test.skip('there is no chromedriver here: apt-get install chromium chromium-driver', () => undefined);
  });

describe('what is not there', verifies('BR-01'), () => {
  test.each([
    [{ driver: 'playwright', executablePath: '/nowhere/chromium' }, 'the browser does not start'],
    [{ driver: 'puppeteer', executablePath: '/nowhere/chromium' }, 'the browser does not start'],
    [
      { driver: 'webdriver', driverPath: '/nowhere/chromedriver', executablePath: '/bin/true' },
      'chromedriver does not start',
    ],
    [{ driver: 'remote', url: 'http://127.0.0.1:1' }, 'no browser answers at browser.url'],
    [
      { driver: 'remote', url: 'http://127.0.0.1:1', token: 't'.repeat(32) },
      'no browser service answers at browser.url',
    ],
  ] as const)('%j is UNSUPPORTED, and says so', async (browser, reason) => {
    await using runtime = createRuntime({ level: 'minimal', browser });
    const outcome = await runtime.run({
      language: 'javascript',
      code: `await sandglass.browser.navigate('http://127.0.0.1:9/')`,
      grant: { browser: { origins: ['http://127.0.0.1:9'] } },
      limits: { timeoutMs: 60_000 },
    });
    expect(outcome.ok ? '' : [outcome.error.code, outcome.error.message]).toEqual([
      'UNSUPPORTED',
      `Cannot call browser.navigate: ${reason}`,
    ]);
  });

  test.each([
    [{ driver: 'selenium' }, 'browser.driver is not one of playwright, puppeteer, webdriver, http, remote'],
    [{ driver: 'remote' }, 'browser.url is missing'],
    [{ driver: 'remote', url: 'file:///x' }, 'browser.url is not an address'],
    [{ url: 'http://127.0.0.1:1' }, 'browser.url is for the drivers remote and webdriver'],
    [{ driverPath: '/x' }, 'browser.driverPath is for the driver webdriver'],
    [{ proxyHost: 'a b' }, 'browser.proxyHost is not an address'],
    [{ token: 't'.repeat(32) }, 'browser.token is for the driver remote'],
    [{ driver: 'remote', url: 'ws://127.0.0.1:1', token: 't'.repeat(32) }, 'browser.token is for the driver'],
    [{ driver: 'remote', url: 'http://127.0.0.1:1', token: 'short' }, 'browser.token is not a text of 32'],
  ])('%j is refused', (browser, reason) => {
    expect(() => createRuntime({ browser: browser as never })).toThrow(reason);
  });
});
