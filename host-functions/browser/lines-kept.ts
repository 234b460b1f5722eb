import type { JsonValue } from '../../runtime/vocabulary/json.ts';

/** What is kept of a page's own words and requests. */
const MOST_LINES = 200;
export const MOST_LINE = 500;

export function keepLine(list: JsonValue[], one: JsonValue): void {
  list.push(one);
  if (list.length > MOST_LINES) list.shift();
}
