import type { Duplex } from 'node:stream';
import type { HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import {
  BROWSER_DRIVERS,
  type BrowserDriver,
  type BrowserOperations,
  type BrowserOptions,
  type BrowserServerOptions,
  type OriginRules,
  type RunningBrowserServer,
} from '../../runtime/contracts/operations/browser.ts';
import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { BrowserAction } from '../../runtime/vocabulary/grants/browser.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { refuseUnknown, wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import {
  type BrowserPart,
  narrowBrowserGrant,
  parseBrowserGrant,
  shownBrowserGrant,
} from './browser-grant.ts';
import type { Owners } from './browser-service.ts';
import type { BrowserSessions } from './browser-sessions.ts';

const ACTIONS: { readonly [name in keyof BrowserOperations]: BrowserOperations[name] } = {
  'browser.navigate': 'navigate',
  'browser.back': 'navigate',
  'browser.tabs': 'navigate',
  'browser.close': 'navigate',
  'browser.snapshot': 'extract',
  'browser.extract': 'extract',
  'browser.download': 'extract',
  'browser.console': 'extract',
  'browser.network': 'extract',
  'browser.waitFor': 'extract',
  'browser.click': 'interact',
  'browser.fill': 'interact',
  'browser.fillForm': 'interact',
  'browser.press': 'interact',
  'browser.select': 'interact',
  'browser.scroll': 'interact',
  'browser.screenshot': 'screenshot',
  'browser.pdf': 'screenshot',
};

/** The page that is asked for, without its query; else the element. */
function resourceOf({ url: text, session }: JsonObject): Resource | undefined {
  const url = typeof text === 'string' ? URL.parse(text.slice(0, 8_192)) : null;
  const name = typeof session === 'string' ? { name: session.slice(0, 64) } : {};
  if (url === null || url.origin === 'null') return Object.keys(name).length === 0 ? undefined : name;
  return { origin: url.origin, path: url.pathname, ...name };
}

const OPERATIONS: Readonly<Record<string, OperationInfo>> = Object.freeze(
  Object.fromEntries(
    Object.entries(ACTIONS).map(([operation, action]) => [
      operation,
      Object.freeze({ capability: `browser.${action}`, kind: 'act', resource: resourceOf } as const),
    ]),
  ),
);

const KNOWN: Readonly<Record<keyof BrowserOptions, true>> = {
  driver: true,
  url: true,
  driverPath: true,
  token: true,
  proxyHost: true,
  executablePath: true,
  sandbox: true,
  maxSessions: true,
  idleMs: true,
};

/**
 * The host function `browser`: a browser session for each run, of which every byte goes through a proxy that is held to the origins of the grant.
 * Errors: CAPABILITY_DENIED for actions and origins that are not granted, also after a redirect or a click; HOST_CALL_FAILED with `details.reason`;
 * INPUT_INVALID for malformed arguments; UNSUPPORTED where there is no browser, naming what to install.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 */
export function createBrowserHostFunction(
  rules: OriginRules<Duplex>,
  options: BrowserOptions = {},
): HostFunction<BrowserPart> {
  refuseUnknown(options, KNOWN, 'create a runtime: browser');
  const { maxSessions = 8, idleMs = 300_000, proxyHost = '127.0.0.1' } = options;
  checkDriver(options);
  wholeNumber(maxSessions, 'create a runtime: browser.maxSessions', { minimum: 1, maximum: 100 });
  wholeNumber(idleMs, 'create a runtime: browser.idleMs', { minimum: 1_000, maximum: 3_600_000, unit: 'ms' });
  const owners: Owners = new Map();
  let sessions: Promise<BrowserSessions> | undefined;
  // Most runs have no browser: what drives one, and the proxy before it, are loaded with the first that has.
  const start = (): Promise<BrowserSessions> => {
    sessions ??= Promise.all([import('./browser-sessions.ts'), driverOf(options)]).then(
      ([{ BrowserSessions }, driver]) => new BrowserSessions(driver, { maxSessions, idleMs, proxyHost }),
    );
    return sessions;
  };
  return {
    name: 'browser',
    network: true,
    operations: OPERATIONS,
    parse: (part, where) => parseBrowserGrant(part, where, rules),
    narrow: (asked, ceiling) => narrowBrowserGrant(asked, ceiling, rules),
    show: shownBrowserGrant,
    open: async (part, context) => {
      const [sessions, { BrowserService }] = await Promise.all([start(), import('./browser-service.ts')]);
      const actionOf = (operation: string): BrowserAction => ACTIONS[operation as keyof BrowserOperations]; // the gate lets no other through
      return new BrowserService({ part, rules, sessions, owners, actionOf }, context);
    },
    close: async () => (await sessions)?.closeAll(),
  };
}

/** @throws {TypeError} on a driver that there is not, and options that it has no use for. */
function checkDriver({ driver = 'playwright', url, token, driverPath, proxyHost }: BrowserOptions): void {
  const complain = (reason: string): TypeError => new TypeError(`Cannot create a runtime: browser.${reason}`);
  if (!BROWSER_DRIVERS.includes(driver)) throw complain(`driver is not one of ${BROWSER_DRIVERS.join(', ')}`);
  if (url !== undefined && driver !== 'remote' && driver !== 'webdriver')
    throw complain('url is for the drivers remote and webdriver');
  if (url !== undefined && !/^(?:https?|wss?):$/.test(URL.parse(url)?.protocol ?? ''))
    throw complain('url is not an address of http, https, ws or wss');
  if (url === undefined && driver === 'remote')
    throw complain('url is missing, which the driver remote needs');
  if (token !== undefined && (driver !== 'remote' || !/^https?:/.test(url ?? '')))
    throw complain('token is for the driver remote with an address of http or https');
  if (token !== undefined && !isToken(token)) throw complain('token is not a text of 32 to 1,024 characters');
  if (driverPath !== undefined && driver !== 'webdriver')
    throw complain('driverPath is for the driver webdriver');
  if (proxyHost !== undefined && (typeof proxyHost !== 'string' || !/^[\w.:-]{1,255}$/.test(proxyHost)))
    throw complain('proxyHost is not an address of this machine');
}

const isToken = (token: unknown): boolean =>
  typeof token === 'string' && /^[\x21-\x7e]{32,1024}$/.test(token);

const SERVER: Readonly<Record<keyof BrowserServerOptions, true>> = {
  driver: true,
  driverPath: true,
  executablePath: true,
  sandbox: true,
  maxSessions: true,
  idleMs: true,
  token: true,
  host: true,
  port: true,
};

/** A browser for runtimes elsewhere. @throws {TypeError | RangeError} on an unknown option or a value out of range. */
export async function openBrowserServer(
  rules: OriginRules,
  options: BrowserServerOptions,
): Promise<RunningBrowserServer> {
  const where = 'serve a browser';
  refuseUnknown(options, SERVER, where);
  const { token, host, port, maxSessions, idleMs, ...driver } = options;
  if (!isToken(token)) throw new TypeError(`Cannot ${where}: token is not a text of 32 to 1,024 characters`);
  if (String(driver.driver) === 'remote')
    throw new TypeError(`Cannot ${where}: the driver remote is for those who use it`);
  checkDriver(driver);
  if (host !== undefined && (typeof host !== 'string' || !/^[\w.:-]{1,255}$/.test(host)))
    throw new TypeError(`Cannot ${where}: host is not an address of this machine`);
  wholeNumber(port, `${where}: port`, { maximum: 65_535 });
  wholeNumber(maxSessions, `${where}: maxSessions`, { minimum: 1, maximum: 100 });
  wholeNumber(idleMs, `${where}: idleMs`, { minimum: 1_000, maximum: 3_600_000, unit: 'ms' });
  const [{ startBrowserServer }, made] = await Promise.all([import('./browser-server.ts'), driverOf(driver)]);
  return startBrowserServer(made, rules, options);
}

async function driverOf(options: BrowserOptions): Promise<BrowserDriver> {
  const { driver = 'playwright', executablePath, sandbox, url, token, driverPath } = options;
  switch (driver) {
    case 'http':
      return (await import('./http-driver.ts')).createHttpDriver();
    case 'puppeteer':
      return (await import('./puppeteer-driver.ts')).createPuppeteerDriver({ executablePath, sandbox });
    case 'webdriver':
      return (await import('./puppeteer-driver.ts')).createWebdriver({
        executablePath,
        sandbox,
        url,
        driverPath,
      });
    case 'remote':
      if (token !== undefined)
        return (await import('./service-driver.ts')).createServiceDriver({ url: url ?? '', token });
      return (await import('./playwright-driver.ts')).createRemoteDriver(url ?? '');
    case 'playwright':
      return (await import('./playwright-driver.ts')).createPlaywrightDriver({ executablePath, sandbox });
  }
}
