import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { BrowserAction } from '../../runtime/vocabulary/grants/browser.ts';
import { MIB } from '../../runtime/vocabulary/units.ts';
import type { BrowserPart } from './browser-grant.ts';

/** The grant of one run: which action, where, how often. Pure. */
export class BrowserPolicy {
  readonly part: BrowserPart | undefined;
  #calls = 0;

  constructor(part: BrowserPart | undefined) {
    this.part = part;
  }

  /** Spends one call. @throws {SandglassError} CAPABILITY_DENIED, HOST_CALLS_EXCEEDED */
  admit(action: BrowserAction, act: string): BrowserPart {
    const { part } = this;
    if (part === undefined || !part.actions.has(action)) throw deniedAction(action, act, part);
    if (this.#calls >= part.maxCalls)
      throw new SandglassError(
        'HOST_CALLS_EXCEEDED',
        `Cannot ${act}: the grant's ${part.maxCalls} calls are spent`,
        {
          details: { capability: `browser.${action}`, limit: { maxCalls: part.maxCalls } },
          hint: 'Make fewer calls, or raise maxCalls of the grant',
        },
      );
    this.#calls += 1;
    return part;
  }
}

/** @throws {SandglassError} CAPABILITY_DENIED where the grant lets no file be downloaded. */
export function checkDownload({ maxDownloadBytes, origins, actions }: BrowserPart): void {
  if (maxDownloadBytes > 0) return;
  const grant = { browser: { origins, actions: [...actions], maxDownloadBytes: 10 * MIB } };
  throw new SandglassError('CAPABILITY_DENIED', 'Cannot download: the grant lets no file be downloaded', {
    details: { capability: 'browser.extract', requested: 'download', missing: ['browser.extract'], grant },
    hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
  });
}

function deniedAction(action: BrowserAction, act: string, part: BrowserPart | undefined): SandglassError {
  const capability = `browser.${action}`;
  const grant = {
    browser: {
      origins: part?.origins ?? ['https://example.com'],
      actions: [...new Set([...(part?.actions ?? []), action])],
    },
  };
  return new SandglassError('CAPABILITY_DENIED', `Cannot ${act}: no grant for ${capability} covers it`, {
    details: { capability, requested: act, missing: [capability], grant },
    hint:
      `Grant it with ${flagsOf(part === undefined ? 'ORIGIN' : undefined, action)} (in a program: ` +
      `${JSON.stringify(grant)}), or do without; do not retry`,
  });
}

/** What a command line adds for it: to open and to read is what each origin has. */
const flagsOf = (origin: string | undefined, action: BrowserAction = 'navigate'): string =>
  [
    ...(origin === undefined ? [] : [`--allow-browser=${origin}`]),
    ...(action === 'interact' || action === 'screenshot' ? [`--browser-actions=${action}`] : []),
  ].join(' ') || '--allow-browser=ORIGIN';

const MOST_SHOWN = 300;

/** A page that no origin of the grant covers. The entry that it names keeps what is granted. */
export function deniedOrigin(url: URL | string, part: BrowserPart): SandglassError {
  const parsed = typeof url === 'string' ? URL.parse(url) : url;
  const isWeb = parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:');
  const shown = (isWeb ? `${parsed.origin}${parsed.pathname}` : String(url)).slice(0, MOST_SHOWN);
  const grant = isWeb
    ? { browser: { origins: [...new Set([...part.origins, parsed.origin])], actions: [...part.actions] } }
    : undefined;
  const way =
    grant === undefined
      ? 'Open pages of the origins that are granted'
      : `Grant it with ${flagsOf(parsed?.origin)} (in a program: ${JSON.stringify(grant)}), or do without`;
  return new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot open ${JSON.stringify(shown)}: ${isWeb ? 'no origin of the grant covers it' : 'only http and https pages are opened'}`,
    {
      details: {
        capability: 'browser.navigate',
        requested: shown,
        missing: ['browser.navigate'],
        ...defined({ grant }),
      },
      hint: `${way}; do not retry`,
    },
  );
}

export const bytesSpent = ({ maxBytes }: BrowserPart): SandglassError =>
  new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot go on with the browser: the grant's ${maxBytes} bytes are spent`,
    {
      details: { capability: 'browser.navigate', requested: 'bytes', limit: { maxBytes } },
      hint: 'Load less, or raise maxBytes of the grant; do not retry',
    },
  );
