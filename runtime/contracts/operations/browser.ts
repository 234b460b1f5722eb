import type { JsonObject, JsonValue } from '../../vocabulary/json.ts';

/** Operation → the action of a grant that it needs. */
export interface BrowserOperations {
  'browser.navigate': 'navigate';
  'browser.back': 'navigate';
  'browser.tabs': 'navigate';
  'browser.close': 'navigate';
  'browser.snapshot': 'extract';
  'browser.extract': 'extract';
  'browser.download': 'extract';
  'browser.console': 'extract';
  'browser.network': 'extract';
  'browser.waitFor': 'extract';
  'browser.click': 'interact';
  'browser.fill': 'interact';
  'browser.fillForm': 'interact';
  'browser.press': 'interact';
  'browser.select': 'interact';
  'browser.scroll': 'interact';
  'browser.screenshot': 'screenshot';
  'browser.pdf': 'screenshot';
}

/** Reads origins of a grant and holds connections to them; `http` brings it, whose rules they are. */
/** @typeParam C What a connection is on this platform. */
export interface OriginRules<C = unknown> {
  /** @throws {TypeError} naming the origin that is wrong. */
  check(origins: readonly string[], where: string): void;
  /** The first of `asked` that none of `allowed` covers. */
  uncovered(asked: readonly string[], allowed: readonly string[]): string | undefined;
  open(origins: readonly string[]): OriginNetwork<C>;
}

export interface OriginNetwork<C = unknown> {
  /** Whether one of the origins is that of a URL. */
  covers(url: URL): boolean;
  /**
   * A connection to the host of a URL: its name is resolved once, and the address that was checked is dialled.
   * @throws when no address may be dialled, or none answers.
   */
  connect(url: URL): Promise<C>;
}

export const BROWSER_DRIVERS = ['playwright', 'puppeteer', 'webdriver', 'http', 'remote'] as const;

export type BrowserDriverName = (typeof BROWSER_DRIVERS)[number];

export interface BrowserOptions {
  /**
   * What drives it: `playwright` by package `playwright-core`, `puppeteer` and `webdriver` by `puppeteer-core` (`webdriver` with a
   * chromedriver), `remote` a Chromium that runs already, by its DevTools protocol, or with `token` a browser service; `http` loads and
   * reads pages without a browser, and runs no script. @default 'playwright'
   */
  readonly driver?: BrowserDriverName;
  /** Of `remote`: `ws://…` or `http://HOST:9222`. Of `webdriver`: a server that runs already, `http://HOST:9515`. */
  readonly url?: string;
  /** Of `remote`: what a browser service, which `serveBrowser` starts, was given as its token. */
  readonly token?: string;
  /** Of `webdriver`: the program. @default chromedriver of the system */
  readonly driverPath?: string;
  /** The address of this machine under which the browser reaches the proxy before it; for a browser elsewhere. @default '127.0.0.1' */
  readonly proxyHost?: string;
  /** The browser's program. @default Chromium of the system, of Playwright, or of `@sparticuz/chromium` */
  readonly executablePath?: string;
  /** The browser's own sandbox, which stands before a page that breaks out. @default true, false where this process is root */
  readonly sandbox?: boolean;
  /** Browser sessions at once, of all runs, 1..100. @default 8 */
  readonly maxSessions?: number;
  /** How long a named session is kept without a call, ms, 1,000..3,600,000. @default 300,000 */
  readonly idleMs?: number;
}

export interface BrowserServerOptions
  extends Pick<BrowserOptions, 'executablePath' | 'sandbox' | 'maxSessions' | 'idleMs' | 'driverPath'> {
  /** What runtimes have to know to use it; 32 characters or more. */
  readonly token: string;
  /** @default 'playwright' */
  readonly driver?: Exclude<BrowserDriverName, 'remote'>;
  /** The address to listen at. @default '127.0.0.1' */
  readonly host?: string;
  /** 0: any that is free. @default 0 */
  readonly port?: number;
}

export interface RunningBrowserServer {
  readonly url: string;
  /** Ends its sessions and its browser. */
  close(): Promise<void>;
}

/** Drives browsers. */
export interface BrowserDriver {
  /** @throws {BrowserRefusal} */
  open(session: DriverSessionOptions): Promise<DriverSession>;
  close(): Promise<void>;
}

export interface DriverSessionOptions {
  /** All that the session loads goes through it. */
  readonly proxy: { readonly server: string; readonly username: string; readonly password: string };
  /** Those of the call that is under way, as its grant has them. */
  readonly origins: () => readonly string[];
  /** The second look at every request, in the browser. */
  readonly covers: (url: string) => boolean;
  /** Told where the page that is looked at was not let go. */
  readonly stayed: (url: string) => void;
  readonly maxPages: number;
  /** Whether any grant of the session lets files be downloaded; a verb is told how many bytes one may have. */
  readonly downloads: boolean;
}

/** One session: cookies, storage and pages of its own. */
export interface DriverSession {
  /** Address of the page that is looked at; `undefined` before there is one. */
  url(): string | undefined;
  /** Does one verb, at most so long. Arguments were read. @throws {BrowserRefusal} */
  act(verb: string, args: JsonObject, timeoutMs: number): Promise<DriverAnswer>;
  close(): Promise<void>;
}

export interface DriverAnswer {
  readonly value?: JsonValue;
  readonly bytes?: Uint8Array;
}
