import { Buffer } from 'node:buffer';
import type {
  BrowserDriver,
  DriverAnswer,
  DriverSession,
  DriverSessionOptions,
} from '../../runtime/contracts/operations/browser.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { BrowserRefusal } from './browser-refusal.ts';
import { MOST_ANSWERED, noService, readAnswer, readRefusal } from './service-messages.ts';

export interface ServiceOptions {
  /** `http://HOST:PORT` of `serveBrowser`. */
  readonly url: string;
  readonly token: string;
}

const OPEN_MS = 60_000;
/** What the way there and back may take beyond the verb itself. */
const MARGIN_MS = 5_000;

/** A browser of another process, or another machine, by messages over HTTP. What its pages load still goes through the proxy of this one. */
export const createServiceDriver = (service: ServiceOptions): BrowserDriver => ({
  open: async (options) => {
    const { proxy, maxPages, downloads } = options;
    const opened = await ask(service, 'POST', '/sessions', { proxy, maxPages, downloads }, OPEN_MS);
    const id = isJsonObject(opened) ? opened.id : undefined;
    if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id)) throw noService();
    return new ServiceSession(service, `/sessions/${id}`, options);
  },
  close: async () => undefined,
});

class ServiceSession implements DriverSession {
  readonly #service: ServiceOptions;
  readonly #path: string;
  readonly #options: DriverSessionOptions;
  #url: string | undefined;

  constructor(service: ServiceOptions, path: string, options: DriverSessionOptions) {
    this.#service = service;
    this.#path = path;
    this.#options = options;
  }

  url(): string | undefined {
    return this.#url;
  }

  async act(verb: string, args: JsonObject, timeoutMs: number): Promise<DriverAnswer> {
    const asked = { verb, args, timeoutMs, origins: this.#options.origins() };
    const told = await ask(this.#service, 'POST', this.#path, asked, timeoutMs + MARGIN_MS, (body) =>
      this.#take(body),
    );
    return readAnswer(told).answer;
  }

  /** Also a verb that failed tells where the page is. */
  #take(body: JsonValue): void {
    const { url, stayed } = readAnswer(body);
    this.#url = url;
    for (const where of stayed.slice(0, 32)) this.#options.stayed(where);
  }

  async close(): Promise<void> {
    await ask(this.#service, 'DELETE', this.#path, undefined, OPEN_MS);
  }
}

/** @throws {BrowserRefusal} what the service refuses, and where it does not answer as one. */
async function ask(
  { url, token }: ServiceOptions,
  method: string,
  path: string,
  body: JsonObject | undefined,
  timeoutMs: number,
  told: (body: JsonValue) => void = () => undefined,
): Promise<JsonValue> {
  let ok: boolean;
  let text: string;
  try {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    ({ ok } = response);
    if (response.status === 401) {
      await response.body?.cancel();
      throw new BrowserRefusal(
        'unsupported',
        'the browser service does not take the token',
        'Set browser.token to that of serveBrowser',
      );
    }
    text = await textOf(response);
  } catch (error) {
    if (error instanceof BrowserRefusal) throw error;
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new BrowserRefusal('timeout', 'the browser service took too long', 'Try a larger timeoutMs');
    throw new BrowserRefusal(
      'unsupported',
      'no browser service answers at browser.url',
      'Start one with serveBrowser, or name the address of one that runs',
    );
  }
  const answer = parsed(text);
  told(answer);
  if (!ok) throw readRefusal(answer);
  return answer;
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue; // what parses is JSON
  } catch {
    throw noService();
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_ANSWERED) throw noService();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
