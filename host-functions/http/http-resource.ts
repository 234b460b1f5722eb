import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';

/** Longest text of a URL that is looked at. */
const MAX_URL_LENGTH = 8192;
const MAX_METHOD_LENGTH = 32;

/** What a request is about, for whoever is told of it: no query and no fragment, which may carry data that belongs in no log. */
export const resourceOf = ({ origin, pathname }: URL, method: string): Resource => ({
  origin,
  method,
  path: pathname,
});

/** The same from arguments that nobody has checked yet; `undefined` where they name no absolute URL. */
export function askedResource({ url: text, method = 'GET' }: JsonObject): Resource | undefined {
  if (typeof text !== 'string' || text.length > MAX_URL_LENGTH) return undefined;
  const url = URL.parse(text);
  if (url === null || url.origin === 'null') return undefined;
  const name = typeof method === 'string' ? method.slice(0, MAX_METHOD_LENGTH).toUpperCase() : '?';
  return resourceOf(url, name);
}

/** A connection is about an origin. */
export function askedOrigin({ url: text }: JsonObject): Resource | undefined {
  if (typeof text !== 'string' || text.length > MAX_URL_LENGTH) return undefined;
  const url = URL.parse(text);
  return url === null || url.origin === 'null' ? undefined : { origin: url.origin };
}
