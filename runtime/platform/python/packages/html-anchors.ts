/** Attributes of one tag, names in lower case, entities read. */
export type Attributes = ReadonlyMap<string, string>;

/** A longer tag is passed over. */
const MOST_TAG = 16_384;
const SPACE = /[ \t\r\n\f]/;

/**
 * The `<a …>` tags of a page of HTML, at most `most` of them: no more than indexes need (PEP 503). Each character is looked at once,
 * whatever the page is made of; what is not a well-formed tag is passed over.
 */
export function readAnchors(html: string, most: number): readonly Attributes[] {
  const anchors: Attributes[] = [];
  for (let at = html.indexOf('<'); at >= 0 && anchors.length < most; at = html.indexOf('<', at)) {
    if (html.startsWith('<!--', at)) {
      const end = html.indexOf('-->', at + 4);
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    const isAnchor = (html[at + 1] === 'a' || html[at + 1] === 'A') && SPACE.test(html[at + 2] ?? '');
    if (!isAnchor) {
      at += 1;
      continue;
    }
    const tag = readTag(html, at + 2, Math.min(html.length, at + MOST_TAG));
    at = tag.end;
    if (tag.attributes !== undefined) anchors.push(tag.attributes);
  }
  return anchors;
}

/** From after the tag's name to its `>`; no attributes where none comes before `limit`. */
function readTag(
  html: string,
  start: number,
  limit: number,
): { readonly end: number; readonly attributes?: Attributes } {
  const attributes = new Map<string, string>();
  let at = start;
  const skip = (): void => {
    while (at < limit && (SPACE.test(html[at] ?? '') || html[at] === '/')) at += 1;
  };
  const upTo = (stops: string): string => {
    const from = at;
    while (at < limit && !stops.includes(html[at] ?? '')) at += 1;
    return html.slice(from, at);
  };
  for (;;) {
    skip();
    if (at >= limit) return { end: limit };
    if (html[at] === '>') return { end: at + 1, attributes };
    const name = upTo(' \t\r\n\f/>=').toLowerCase();
    if (name === '') at += 1; // an equals sign without a name
    while (at < limit && SPACE.test(html[at] ?? '')) at += 1;
    let value = '';
    if (html[at] === '=') {
      at += 1;
      while (at < limit && SPACE.test(html[at] ?? '')) at += 1;
      const quote = html[at];
      if (quote === '"' || quote === "'") {
        at += 1;
        value = upTo(quote);
        at += 1;
      } else value = upTo(' \t\r\n\f>');
    }
    if (!attributes.has(name)) attributes.set(name, withoutEntities(value)); // the first of a name counts
  }
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
const withoutEntities = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
