import type { Context } from 'hono';

/**
 * Adds headers to an answer that is made. Hono's own `header` makes the whole answer anew for each: the last way, where the headers cannot
 * be changed.
 */
export function addHeaders(context: Context, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      context.res.headers.set(name, value);
    } catch {
      context.header(name, value); // of an answer that came from elsewhere, as by `fetch`
    }
  }
}
