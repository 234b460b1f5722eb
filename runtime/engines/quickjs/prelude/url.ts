import type { Host } from './host.ts';
import { define, publish, toText, toWellFormed } from './primordials.ts';
import { changeUrl, installUrlParser, parseUrl, type UrlParts } from './url-parser.ts';
import { installSearchParams, onChange, refill, URLSearchParams } from './url-search-params.ts';

class URL {
  #parts: UrlParts;
  #params: URLSearchParams | undefined;
  constructor(input: unknown, base?: unknown) {
    const parts = parseUrl(toText(input), base === undefined ? undefined : toText(base));
    if (parts === undefined) {
      const error = new TypeError('Invalid URL') as TypeError & { code?: string; input?: string };
      error.code = 'ERR_INVALID_URL';
      error.input = toText(input);
      throw error;
    }
    this.#parts = parts;
  }
  static canParse(input: unknown, base?: unknown): boolean {
    return parseUrl(toText(input), base === undefined ? undefined : toText(base)) !== undefined;
  }
  static parse(input: unknown, base?: unknown): URL | null {
    return URL.canParse(input, base) ? new URL(input, base) : null;
  }
  #set(name: keyof UrlParts, value: unknown): void {
    const parts = changeUrl(this.#parts.href, name, toWellFormed(toText(value)));
    if (parts === undefined) {
      if (name === 'href') throw new TypeError('Invalid URL');
      return;
    }
    this.#parts = parts;
    if (this.#params !== undefined && (name === 'search' || name === 'href'))
      refill(this.#params, parts.search.slice(1));
  }
  get href(): string {
    return this.#parts.href;
  }
  set href(value: unknown) {
    this.#set('href', value);
  }
  get origin(): string {
    return this.#parts.origin;
  }
  get protocol(): string {
    return this.#parts.protocol;
  }
  set protocol(value: unknown) {
    this.#set('protocol', value);
  }
  get username(): string {
    return this.#parts.username;
  }
  set username(value: unknown) {
    this.#set('username', value);
  }
  get password(): string {
    return this.#parts.password;
  }
  set password(value: unknown) {
    this.#set('password', value);
  }
  get host(): string {
    return this.#parts.host;
  }
  set host(value: unknown) {
    this.#set('host', value);
  }
  get hostname(): string {
    return this.#parts.hostname;
  }
  set hostname(value: unknown) {
    this.#set('hostname', value);
  }
  get port(): string {
    return this.#parts.port;
  }
  set port(value: unknown) {
    this.#set('port', value);
  }
  get pathname(): string {
    return this.#parts.pathname;
  }
  set pathname(value: unknown) {
    this.#set('pathname', value);
  }
  get search(): string {
    return this.#parts.search;
  }
  set search(value: unknown) {
    this.#set('search', value);
  }
  get hash(): string {
    return this.#parts.hash;
  }
  set hash(value: unknown) {
    this.#set('hash', value);
  }
  get searchParams(): URLSearchParams {
    if (this.#params === undefined) {
      const params = new URLSearchParams(this.#parts.search.slice(1));
      onChange(params, () => {
        const query = params.toString();
        const parts = changeUrl(this.#parts.href, 'search', query);
        if (parts !== undefined) this.#parts = parts;
      });
      this.#params = params;
    }
    return this.#params;
  }
  toString(): string {
    return this.#parts.href;
  }
  toJSON(): string {
    return this.#parts.href;
  }
}

/** `URL` and `URLSearchParams`, which change each other. */
export const installUrl = (host: Host): void => {
  installUrlParser(host);
  define(URL.prototype, Symbol.toStringTag, 'URL');
  publish('URL', URL);
  installSearchParams();
};
