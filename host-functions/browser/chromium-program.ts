import { existsSync } from 'node:fs';
import process from 'node:process';
import { BrowserRefusal } from './browser-refusal.ts';

const SYSTEM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** What the browser would do by itself, past the pages: none of it is needed. UDP goes through no proxy, so there is none. */
export const CHROMIUM_FLAGS: readonly string[] = [
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

/** Of a browser that is told by flags: sessions have proxies of their own, and what belongs to none of them goes nowhere. */
export const NOWHERE: readonly string[] = [
  '--proxy-server=http://127.0.0.1:1',
  '--proxy-bypass-list=<-loopback>',
];

/** What pages have no use for but to reach past a proxy. */
export const UDP_CLASSES: readonly string[] = [
  'RTCPeerConnection',
  'webkitRTCPeerConnection',
  'WebTransport',
  'RTCDataChannel',
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

export const browserEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    ENVIRONMENT.flatMap((name): [string, string][] => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

/** Its own sandbox needs a user that is not root. */
export const wantsSandbox = (sandbox: boolean | undefined): boolean => sandbox ?? process.getuid?.() !== 0;

/** @param more Where else it may be. @throws {BrowserRefusal} */
export function findChromium(...more: readonly string[]): string {
  const found = [...SYSTEM, ...more].find((path) => path !== '' && existsSync(path));
  if (found !== undefined) return found;
  throw new BrowserRefusal(
    'unsupported',
    'there is no Chromium on this machine',
    'Install it (apt-get install chromium, or npx playwright-core install chromium), or name it: createRuntime({ browser: { executablePath } })',
  );
}

export const notInstalled = (name: string): BrowserRefusal =>
  new BrowserRefusal('unsupported', `package ${name} is not installed`, `npm install ${name}`);

export const doesNotStart = (what: string, error: unknown, isNamed: boolean): BrowserRefusal =>
  new BrowserRefusal(
    'unsupported',
    `${what} does not start`,
    `See that ${isNamed ? 'what the options name' : 'it'} runs ` +
      `here${/sandbox/i.test(String(error)) ? ', or set browser.sandbox to false where nothing else can be done' : ''}`,
  );
