import {
  Blob,
  type Content,
  contentOf,
  type FormData,
  joinBytes,
  readAll,
  readForm,
  streamOf,
} from './body.ts';
import { type Answer, type Calls, exposed, exposeMethod, type SandglassError, standFor } from './calls.ts';
import { readDataUrl } from './data-url.ts';
import { decodeUtf8 } from './encoding.ts';
import type { AbortSignal } from './events.ts';
import { Headers } from './headers.ts';
import {
  Bytes,
  bytesSubarray,
  define,
  exactBuffer,
  jsonStringify,
  min,
  publish,
  slice,
  toText,
  typedArrayBytes,
} from './primordials.ts';
import { parseJson } from './stack.ts';
import { setup } from './state.ts';
import { isStream, makeStream, type ReadableStream } from './streams.ts';

type Data = Uint8Array<ArrayBuffer>;
interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: number;
}
interface Init {
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly redirect?: unknown;
  readonly signal?: AbortSignal | null;
  readonly status?: number;
  readonly statusText?: string;
}

const NORMAL_METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH'];
const NO_BODY = [101, 103, 204, 205, 304];

/** What Request and Response share: a body that is read once. */
abstract class Body {
  protected content: Promise<Content> | undefined;
  #stream: ReadableStream | null | undefined;
  #used = false;
  abstract readonly headers: Headers;
  get bodyUsed(): boolean {
    return this.#used;
  }
  get body(): ReadableStream | null {
    if (this.content === undefined) return null;
    if (this.#stream === undefined) {
      const { content } = this;
      let reader: ReturnType<ReadableStream['getReader']> | undefined;
      this.#stream = makeStream({
        pull: async (controller) => {
          this.#used = true;
          if (reader === undefined) {
            const { data } = await content;
            reader = (isStream(data) ? data : streamOf(data ?? new Bytes(0))).getReader();
          }
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: async (reason) => {
          if (reader !== undefined) await reader.cancel(reason);
          else {
            const { data } = await content;
            if (isStream(data)) await data.cancel(reason);
          }
        },
      });
    }
    return this.#stream;
  }
  async #take(): Promise<Data> {
    if (this.#used) throw new TypeError('Body is unusable: Body has already been read');
    if (this.content === undefined) return new Bytes(0);
    if (this.#stream !== undefined && this.#stream !== null) {
      if (this.#stream.locked) throw new TypeError('Cannot read the body: it is locked to a reader');
      return readAll(this.#stream);
    }
    this.#used = true;
    const { data } = await this.content;
    if (data === undefined) return new Bytes(0);
    return isStream(data) ? readAll(data) : data;
  }
  /** The content, and a second one to read it again. */
  protected split(): Promise<Content> | undefined {
    if (this.#used) throw new TypeError('Response.clone: Body has already been consumed.');
    const { content } = this;
    if (content === undefined) return undefined;
    const both = content.then(({ data, type }): [Content, Content] => {
      if (!isStream(data))
        return [
          { data, type },
          { data, type },
        ];
      const [one, other] = data.tee();
      return [
        { data: one, type },
        { data: other, type },
      ];
    });
    this.content = both.then(([one]) => one);
    return both.then(([, other]) => other);
  }
  async bytes(): Promise<Data> {
    return this.#take();
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    return exactBuffer(await this.#take());
  }
  async text(): Promise<string> {
    const text = decodeUtf8(await this.#take());
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  async json(): Promise<unknown> {
    return parseJson(await this.text());
  }
  async blob(): Promise<Blob> {
    return new Blob([await this.#take()], { type: this.headers.get('content-type') ?? '' });
  }
  async formData(): Promise<FormData> {
    return readForm(await this.#take(), this.headers.get('content-type') ?? '');
  }
}

let boundaries = 0;
const contentFor = (body: unknown, headers: Headers): Promise<Content> | undefined => {
  if (body === undefined || body === null) return undefined;
  boundaries += 1;
  const boundary = `----sandglass${boundaries}x${Math.random().toString(36).slice(2)}`;
  // The type is known at once for all but a Blob's own, which `contentOf` does not wait for either.
  const type =
    body instanceof URLSearchParams
      ? 'application/x-www-form-urlencoded;charset=UTF-8'
      : body instanceof Blob
        ? body.type
        : toText(Object.prototype.toString.call(body)) === '[object FormData]'
          ? `multipart/form-data; boundary=${boundary}`
          : typeof body === 'string'
            ? 'text/plain;charset=UTF-8'
            : '';
  if (type !== '' && !headers.has('content-type')) headers.set('content-type', type);
  return contentOf(body, boundary);
};

/** The whole URL of one that may be relative. */
const absolute = (text: string): string => {
  try {
    return new URL(text, setup.base).href;
  } catch (cause) {
    const shown = jsonStringify(slice(text, 0, 300));
    throw new TypeError(
      setup.base === undefined
        ? `Cannot request ${shown}: it is not an absolute URL, and no entry of the http grant has a base for relative ones`
        : `Cannot request ${shown}: it is not a URL`,
      { cause },
    );
  }
};

const METHOD = /^[!#$%&'*+.^_`|~\w-]{1,100}$/;
const FORBIDDEN_METHOD = /^(?:connect|trace|track)$/i;
/** A standard URL has its credentials before the first `@` of its authority. */
const WITH_CREDENTIALS = /^[a-z+.-]{1,20}:\/\/[^/?#]{0,8192}@/;

class Request extends Body {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly redirect: 'follow' | 'manual' | 'error';
  readonly #given: AbortSignal | null;
  #signal: AbortSignal | undefined;
  /** Of browsers; here they are only told. */
  readonly cache: string;
  readonly credentials: string;
  readonly mode: string;
  readonly referrer: string;
  readonly referrerPolicy: string;
  readonly integrity: string;
  readonly keepalive: boolean;
  readonly destination = '';
  readonly duplex = 'half';
  constructor(input: unknown, init: Init = {}) {
    super();
    const from = input instanceof Request ? input : undefined;
    this.url = from?.url ?? absolute(toText(input));
    if (WITH_CREDENTIALS.test(this.url))
      throw new TypeError(
        `Request cannot be constructed from a URL that includes credentials: ${this.url}; put them into the header "authorization"`,
      );
    const method = toText(init.method ?? from?.method ?? 'GET');
    if (!METHOD.test(method)) throw new TypeError(`'${method}' is not a valid HTTP method.`);
    if (FORBIDDEN_METHOD.test(method)) throw new TypeError(`'${method}' HTTP method is unsupported.`);
    this.method = NORMAL_METHODS.includes(method.toUpperCase()) ? method.toUpperCase() : method;
    this.headers = new Headers(init.headers ?? from?.headers);
    const redirect = toText(init.redirect ?? from?.redirect ?? 'follow');
    if (redirect !== 'follow' && redirect !== 'manual' && redirect !== 'error') {
      throw new TypeError(`Cannot make a Request: redirect is ${redirect}`);
    }
    this.redirect = redirect;
    this.#given = init.signal ?? (from === undefined ? null : from.#given);
    const told: Partial<Record<string, unknown>> = { ...from, ...init };
    this.cache = toText(told.cache ?? 'default');
    this.credentials = toText(told.credentials ?? 'same-origin');
    this.mode = toText(told.mode ?? 'cors');
    this.referrer = toText(told.referrer ?? 'about:client');
    this.referrerPolicy = toText(told.referrerPolicy ?? '');
    this.integrity = toText(told.integrity ?? '');
    this.keepalive = told.keepalive === true;
    if (init.body !== undefined && init.body !== null && (this.method === 'GET' || this.method === 'HEAD')) {
      throw new TypeError('Request with GET/HEAD method cannot have body.');
    }
    this.content = init.body === undefined ? from?.split() : contentFor(init.body, this.headers);
  }
  get signal(): AbortSignal {
    this.#signal ??= this.#given ?? (new AbortController().signal as never); // the prelude's own
    return this.#signal as AbortSignal;
  }
  clone(): Request {
    return new Request(this);
  }
  /** What may abort it, for `fetch` alone. */
  static givenTo(request: Request): AbortSignal | null {
    return request.#given;
  }
  /** For `fetch` alone. */
  static contentOf(request: Request): Promise<Content> | undefined {
    return request.content;
  }
}
const requestContent = Request.contentOf;
delete (Request as { contentOf?: unknown }).contentOf;
const requestSignal = Request.givenTo;
delete (Request as { givenTo?: unknown }).givenTo;

const REDIRECTS = [301, 302, 303, 307, 308];

class Response extends Body {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: string;
  constructor(body?: unknown, init: Init & { readonly made?: Head } = {}) {
    super();
    const { made } = init;
    this.status = made?.status ?? init.status ?? 200;
    if (made === undefined && (this.status < 200 || this.status > 599)) {
      throw new RangeError('init["status"] must be in the range of 200 to 599, inclusive.');
    }
    this.statusText = made?.statusText ?? toText(init.statusText ?? '');
    this.headers = new Headers(made?.headers ?? init.headers);
    this.url = made?.url ?? '';
    this.redirected = made?.redirected ?? false;
    this.type = made === undefined ? 'default' : made.status === 0 ? 'error' : 'basic';
    if (body !== undefined && body !== null && NO_BODY.includes(this.status)) {
      throw new TypeError(`Response constructor: Invalid response status code ${this.status}`);
    }
    this.content =
      made === undefined ? contentFor(body, this.headers) : body === null ? undefined : contentOf(body, '');
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  clone(): Response {
    const copy = new Response(null, {
      made: {
        status: this.status,
        statusText: this.statusText,
        url: this.url,
        redirected: this.redirected,
        headers: [...this.headers],
      },
    });
    copy.content = this.split();
    return copy;
  }
  static json(value: unknown, init: Init = {}): Response {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(jsonStringify(value), { ...init, headers });
  }
  static error(): Response {
    return new Response(null, {
      made: { status: 0, statusText: '', url: '', redirected: false, headers: [] },
    });
  }
  static redirect(url: unknown, status = 302): Response {
    if (!REDIRECTS.includes(status)) throw new RangeError(`Invalid status code ${status}`);
    return new Response(null, { status, headers: { location: absolute(toText(url)) } });
  }
}

/** A network failure is the standard's TypeError; a denial stays what it is. Both stand for the refusal they come from. */
const fetchError = (error: unknown): unknown => {
  const { code, message } = error as SandglassError;
  if (code !== 'HOST_CALL_FAILED') return error;
  const made = new TypeError(`fetch failed: ${message}`, { cause: error });
  return standFor(made, error);
};

/** Rejects with the signal's reason as soon as it is aborted, and has the host end the request then. */
const unlessAborted = <T>(
  answered: Promise<T>,
  signal: AbortSignal,
  end: () => Promise<unknown>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason);
      end().catch(() => undefined);
    };
    signal.addEventListener('abort', stop, { once: true });
    answered.then(
      (value) => {
        signal.removeEventListener('abort', stop);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener('abort', stop);
        reject(error);
      },
    );
  });

/** A `data:` URL is its own answer: no network, so no grant. */
const dataResponse = ({ url, method }: Request): Response => {
  const found = readDataUrl(url);
  if (found === undefined) throw new TypeError('fetch failed: the data: URL is not well formed');
  const headers = [['content-type', found.type]] as const;
  return new Response(method === 'HEAD' ? null : found.bytes, {
    made: { status: 200, statusText: 'OK', url, redirected: false, headers },
  });
};

const blobs = { __proto__: null } as unknown as Record<string, Blob>;

/** Blobs by a URL of their own, for as long as the program runs. */
const installObjectUrls = (): void => {
  define(URL, 'createObjectURL', function createObjectURL(blob: unknown): string {
    if (!(blob instanceof Blob)) throw new TypeError('The "obj" argument must be an instance of Blob');
    const url = `blob:nodedata:${globalThis.crypto.randomUUID()}`;
    blobs[url] = blob;
    return url;
  });
  define(URL, 'revokeObjectURL', function revokeObjectURL(url: unknown): void {
    delete blobs[toText(url)];
  });
};

const blobResponse = ({ url, method }: Request): Response => {
  const blob = blobs[url];
  if (blob === undefined) throw new TypeError('fetch failed: no Blob has this URL');
  const headers = [
    ['content-length', toText(blob.size)],
    ['content-type', blob.type],
  ] as const;
  return new Response(method === 'HEAD' ? null : blob, {
    made: { status: 200, statusText: 'OK', url, redirected: false, headers },
  });
};

export const installFetch = (calls: Calls): void => {
  installObjectUrls();
  let requests = 0;
  const send = async (
    request: Request,
    number: number | undefined,
  ): Promise<{ head: Head; bytes: ArrayBuffer | undefined }> => {
    const args = {
      url: request.url,
      method: request.method,
      headers: [...request.headers],
      redirect: request.redirect,
      stream: true,
      ...(number === undefined ? {} : { request: number }),
    };
    const content = await requestContent(request);
    requestSignal(request)?.throwIfAborted(); // it may have been aborted while the body was made
    const data = content?.data;
    const single =
      data === undefined || (!isStream(data) && typedArrayBytes(data) <= setup.hostCallBytes / 2);
    if (single) {
      const { value, bytes } = await calls.call('http.request', args, data as Data | undefined);
      return { head: value as Head, bytes };
    }
    const { value } = await calls.call('http.begin', args);
    const { handle } = value as { handle: number };
    const write = async (piece: Data): Promise<void> => {
      const most = Math.max(1, Math.floor(setup.hostCallBytes / 2));
      for (let at = 0; at < typedArrayBytes(piece); at += most) {
        await calls.call(
          'http.write',
          { handle },
          new Bytes(bytesSubarray(piece, at, min(at + most, typedArrayBytes(piece)))),
        );
      }
    };
    if (isStream(data)) for await (const piece of data) await write(joinBytes([piece as Data]));
    else if (data !== undefined) await write(data);
    const reply = await calls.call('http.send', { handle });
    return { head: reply.value as Head, bytes: reply.bytes };
  };

  const bodyStream = (handle: number, signal: AbortSignal | null): ReadableStream =>
    makeStream({
      start: (controller) => {
        signal?.addEventListener('abort', () => {
          controller.error(signal.reason);
          void calls.call('http.close', { handle }).catch(() => undefined);
        });
      },
      pull: async (controller) => {
        let reply: Answer;
        try {
          reply = await calls.call('http.read', { handle });
        } catch (error) {
          throw fetchError(error);
        }
        const chunk = new Bytes(reply.bytes ?? new ArrayBuffer(0));
        if (typedArrayBytes(chunk) > 0) controller.enqueue(chunk);
        if ((reply.value as { done: boolean }).done) controller.close();
      },
      cancel: async () => {
        await calls.call('http.close', { handle });
      },
    });

  const fetch = async (input: unknown, init?: Init): Promise<Response> => {
    const request = new Request(input, init);
    const signal = requestSignal(request);
    signal?.throwIfAborted();
    if (request.url.startsWith('data:')) return dataResponse(request);
    if (request.url.startsWith('blob:')) return blobResponse(request);
    let number: number | undefined;
    if (signal !== null) {
      requests += 1;
      number = requests;
    }
    const answered = (async () => {
      try {
        return await send(request, number);
      } catch (error) {
        throw fetchError(error);
      }
    })();
    const { head, bytes } = await (signal === null
      ? answered
      : unlessAborted(answered, signal, () => calls.call('http.close', { request: number })));
    const empty = NO_BODY.includes(head.status) || request.method === 'HEAD';
    if (empty && head.body !== undefined)
      void calls.call('http.close', { handle: head.body }).catch(() => undefined);
    const body = empty
      ? null
      : head.body !== undefined
        ? bodyStream(head.body, signal)
        : new Bytes(bytes ?? new ArrayBuffer(0));
    return new Response(body, { made: head });
  };
  publish('fetch', exposed(fetch));
  for (const name of ['bytes', 'arrayBuffer', 'text', 'json', 'blob', 'formData'])
    exposeMethod(Body.prototype, name);
  for (const [name, type] of Object.entries({ Request, Response })) {
    define(type.prototype, Symbol.toStringTag, name);
    publish(name, type);
  }
};
