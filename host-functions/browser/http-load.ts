import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect as connectTls } from 'node:tls';
import type { DriverSessionOptions } from '../../runtime/contracts/operations/browser.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import type { Cookies } from './cookie-jar.ts';

export interface Loaded {
  readonly url: string;
  readonly status: number;
  readonly mime: string;
  readonly text: string;
}

/** The same before it is read as text. */
export interface LoadedBytes extends Omit<Loaded, 'text'> {
  /** Its whole `content-type`. */
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly disposition: string | undefined;
}

export interface Loading {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

const MOST_REDIRECTS = 20;
const MOST_BYTES = 16 * 1024 * 1024;

type Told = (method: string, url: string, ok: boolean) => void;

/** Loads a page. @throws {BrowserRefusal} */
export async function loadPage(
  first: Loading,
  session: Through,
  cookies: Cookies,
  signal: AbortSignal,
  told: Told,
): Promise<Loaded> {
  const { bytes, type, ...loaded } = await loadBytes(first, session, cookies, signal, told, MOST_BYTES);
  return { ...loaded, text: decode(bytes, type) };
}

type Through = Pick<DriverSessionOptions, 'proxy' | 'covers' | 'stayed'>;

/** Loads whatever is there through the proxy of its session, hop by hop. @throws {BrowserRefusal} */
export async function loadBytes(
  first: Loading,
  { proxy, covers, stayed }: Through,
  cookies: Cookies,
  signal: AbortSignal,
  told: Told,
  maxBytes: number,
): Promise<LoadedBytes> {
  let next = first;
  for (let hop = 0; hop <= MOST_REDIRECTS; hop += 1) {
    const url = new URL(next.url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new BrowserRefusal('navigation', 'only http and https pages are opened');
    const isCovered = covers(url.href);
    if (!isCovered) stayed(url.href);
    let response: IncomingMessage;
    try {
      response = await send(next, url, proxy, cookies, signal);
    } catch (error) {
      told(next.method, url.href, false);
      if (signal.aborted) throw new BrowserRefusal('timeout', 'it took too long', 'Try a larger timeoutMs');
      throw error instanceof BrowserRefusal
        ? error
        : new BrowserRefusal('navigation', 'the page cannot be reached');
    }
    // The proxy has refused it, and has told whoever asks: what it says is not a page.
    if (!isCovered) {
      response.destroy();
      told(next.method, url.href, false);
      throw new BrowserRefusal('navigation', 'the page cannot be reached');
    }
    told(next.method, url.href, true);
    cookies.take(url, response.headers['set-cookie'] ?? []);
    const { statusCode: status = 0, headers } = response;
    const { location } = headers;
    if (status >= 300 && status < 400 && location !== undefined && URL.canParse(location, url)) {
      response.destroy();
      const keeps = (status === 307 || status === 308) && next.body !== undefined;
      const target = new URL(location, url).href;
      next = keeps ? { ...next, url: target } : { url: target, method: 'GET' };
      continue;
    }
    const bytes = await read(response, signal, maxBytes);
    const type = headers['content-type'] ?? 'text/html';
    const mime = type.split(';')[0]?.trim() ?? '';
    return { url: url.href, status, mime, type, bytes, disposition: headers['content-disposition'] };
  }
  throw new BrowserRefusal('navigation', `the page leads on more than ${MOST_REDIRECTS} times`);
}

async function send(
  { method, body }: Loading,
  url: URL,
  proxy: DriverSessionOptions['proxy'],
  cookies: Cookies,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const at = new URL(proxy.server);
  const password = `Basic ${Buffer.from(`${proxy.username}:${proxy.password}`).toString('base64')}`;
  const cookie = cookies.of(url);
  const headers = {
    host: url.host,
    accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
    'accept-encoding': 'identity',
    'user-agent': 'Mozilla/5.0 (compatible; Sandglass)',
    ...(cookie === '' ? {} : { cookie }),
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) }),
  };
  const through: RequestOptions = { host: at.hostname, port: at.port, agent: false, signal };
  if (url.protocol === 'http:')
    return answered(
      { ...through, method, path: url.href, headers: { ...headers, 'proxy-authorization': password } },
      body,
    );
  const tunnel = httpRequest({
    ...through,
    method: 'CONNECT',
    path: `${url.hostname}:${url.port === '' ? 443 : url.port}`,
    headers: { 'proxy-authorization': password },
  });
  tunnel.end();
  const [response, socket] = (await once(tunnel, 'connect')) as [IncomingMessage, import('node:net').Socket]; // as Node's documents say
  if (response.statusCode !== 200) {
    socket.destroy();
    throw new BrowserRefusal('navigation', 'the page cannot be reached');
  }
  const secure = connectTls({ socket, servername: url.hostname });
  await once(secure, 'secureConnect');
  return answered(
    { method, path: `${url.pathname}${url.search}`, headers, signal, createConnection: () => secure },
    body,
  );
}

async function answered(options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  const request = httpRequest(options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage]; // as Node's documents say
  return response;
}

async function read(response: IncomingMessage, signal: AbortSignal, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      size += (chunk as Uint8Array).byteLength; // nothing has set an encoding
      if (size > maxBytes) throw new BrowserRefusal('too-large', `it is over ${maxBytes} bytes`);
      chunks.push(chunk as Uint8Array); // the same
    }
  } catch (error) {
    if (error instanceof BrowserRefusal) throw error;
    if (signal.aborted) throw new BrowserRefusal('timeout', 'it took too long', 'Try a larger timeoutMs');
    throw new BrowserRefusal('navigation', 'the page broke off');
  }
  return Buffer.concat(chunks);
}

/** By the charset of its header, its mark, or its `meta`; UTF-8 where none says anything that is known. */
function decode(bytes: Uint8Array, type: string): string {
  const head = Buffer.from(bytes.subarray(0, 1_024)).toString('latin1');
  const name = /charset=["']?([\w-]{1,40})/i.exec(type)?.[1] ?? /charset=["']?([\w-]{1,40})/i.exec(head)?.[1];
  try {
    return new TextDecoder(name ?? 'utf-8').decode(bytes);
  } catch {
    return new TextDecoder().decode(bytes);
  }
}
