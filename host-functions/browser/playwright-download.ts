import { Buffer } from 'node:buffer';
import type { BrowserContext, Download, Page } from 'playwright-core';
import type { DriverAnswer } from '../../runtime/contracts/operations/browser.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { downloaded } from './downloaded.ts';

/** What a download sees of its session. */
export interface DownloadingSession {
  readonly context: BrowserContext;
  /** The next file that a page begins to download; all others are dropped. @throws {BrowserRefusal} */
  nextDownload(timeoutMs: number): Promise<Download>;
  /** Nobody waits for one any more. */
  dropDownload(): void;
}

/** How a file is asked for: by an address, or by a click on the page that is open. */
type Way = { readonly url: string } | { readonly click: () => Promise<void> };

/**
 * One file. Its bytes go through the proxy of the session as all others do; what is written of it is watched, since a small answer can unpack to a
 * large file. @throws {BrowserRefusal}
 */
export async function download(
  session: DownloadingSession,
  page: Page,
  way: Way,
  { maxBytes }: JsonObject,
  timeout: number,
): Promise<DriverAnswer> {
  const most = Number(maxBytes); // its session has set it
  const begun = session.nextDownload(timeout);
  begun.catch(() => undefined); // it may be that the address shows a page
  await using watch = await watchSize(session, page, most);
  if ('url' in way) {
    // A navigation that becomes a download fails, once the download has begun.
    const shown = await page.goto(way.url, { timeout, waitUntil: 'commit' }).catch((error: unknown) => {
      if (error instanceof Error && /Download is starting|ERR_ABORTED/.test(error.message)) return null;
      throw error;
    });
    if (shown !== null) {
      session.dropDownload();
      if (!shown.ok())
        throw new BrowserRefusal('navigation', `the file cannot be loaded: status ${shown.status()}`);
      const bytes = new Uint8Array(await shown.body());
      if (bytes.byteLength > most) throw tooLarge(most);
      const { 'content-type': type = '', 'content-disposition': disposition } = await shown.allHeaders();
      return downloaded({ url: shown.url(), bytes, mime: type.split(';')[0]?.trim(), disposition });
    }
  } else await way.click();
  const file = await begun;
  watch.cancelWith(() => file.cancel());
  try {
    const url = URL.parse(file.url());
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
      throw new BrowserRefusal('invalid', 'only files of http and https are downloaded');
    const failure = await within(timeout, file.failure());
    if (watch.isOver()) throw tooLarge(most);
    if (failure !== null) throw new BrowserRefusal('navigation', 'the file cannot be loaded');
    return downloaded({ url: url.href, bytes: await contentOf(file, most), name: file.suggestedFilename() });
  } finally {
    // Ends one that is under way, and takes away what was written.
    await file.cancel().catch(() => undefined);
    await file.delete().catch(() => undefined);
  }
}

const tooLarge = (most: number): BrowserRefusal =>
  new BrowserRefusal(
    'too-large',
    `the file is over ${most} bytes`,
    'Ask for a smaller one, or raise maxDownloadBytes of the grant',
  );

async function contentOf(file: Download, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of await file.createReadStream()) {
    size += (chunk as Uint8Array).byteLength; // nothing has set an encoding
    if (size > most) throw tooLarge(most);
    chunks.push(chunk as Uint8Array); // the same
  }
  return Buffer.concat(chunks);
}

async function within<T>(timeout: number, done: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new BrowserRefusal('timeout', 'it took too long', 'Try a larger timeoutMs')),
      timeout,
    );
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Watch extends AsyncDisposable {
  isOver(): boolean;
  cancelWith(cancel: () => Promise<void>): void;
}

/** Ends a download once more is written of it than it may have. */
async function watchSize({ context }: DownloadingSession, page: Page, most: number): Promise<Watch> {
  const devtools = await context.newCDPSession(page);
  let over = false;
  let cancel: (() => Promise<void>) | undefined;
  const end = (): void => void cancel?.().catch(() => undefined); // it has ended already
  devtools.on('Page.downloadProgress', ({ receivedBytes }) => {
    over ||= receivedBytes > most;
    if (over) end();
  });
  await devtools.send('Page.enable');
  return {
    isOver: () => over,
    cancelWith: (given) => {
      cancel = given;
      if (over) end();
    },
    [Symbol.asyncDispose]: () => devtools.detach().catch(() => undefined),
  };
}
