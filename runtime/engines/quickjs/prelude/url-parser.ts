import type { Host } from './host.ts';
import { jsonParse, jsonStringify, toWellFormed } from './primordials.ts';

export interface UrlParts {
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

let platform: Pick<Host, 'url'>;

/** Parsing is the platform's own WHATWG parser; only text goes to it and comes back. */
export const installUrlParser = (host: Host): void => {
  platform = host;
};

const ask = (request: object): UrlParts | undefined => {
  const answer = platform.url(jsonStringify(request));
  return answer === undefined || answer === '' ? undefined : jsonParse(answer);
};

export const parseUrl = (input: string, base: string | undefined): UrlParts | undefined =>
  ask(
    base === undefined
      ? { input: toWellFormed(input) }
      : { input: toWellFormed(input), base: toWellFormed(base) },
  );

/** The address with another part; `undefined` where the part cannot be that. */
export const changeUrl = (href: string, part: keyof UrlParts, value: string): UrlParts | undefined =>
  ask({ href, set: part, value });
