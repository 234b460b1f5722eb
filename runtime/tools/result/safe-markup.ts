import { type Markup, safeAttribute } from './markup-attributes.ts';
import { DROPPED_WHOLE, HTML_ELEMENTS, SVG_ELEMENTS, VOID_ELEMENTS } from './markup-names.ts';
import { createTagReader, type Tag } from './read-tag.ts';

/** Elements inside each other; those inside deeper ones go, what they show stays. */
const MOST_DEPTH = 200;

const SVG_NAMES = new Map([...SVG_ELEMENTS].map((name) => [name.toLowerCase(), name]));

/**
 * Markup without anything that runs, loads, or reaches out of itself. It is not cleaned but written anew: whatever the text means to
 * whichever reader, what comes out is made of known elements, known attributes with values of known forms, and text. Names of elements in
 * it get a prefix.
 * @param kind `html` may hold pictures in SVG; `svg` is one such picture.
 */
export function safeMarkup(text: string, kind: Markup): string {
  const out: string[] = [];
  /** Elements that are open in what is written. */
  const open: string[] = [];
  let svgFrom = -1;
  const isSvg = (): boolean => kind === 'svg' || svgFrom >= 0;
  const end = (): void => {
    const name = open.pop();
    if (open.length <= svgFrom) svgFrom = -1;
    out.push(`</${name}>`);
  };
  const reader = createTagReader(text);
  for (;;) {
    const token = reader.next();
    if (token === undefined) break;
    if (typeof token === 'string') {
      out.push(escapeText(token));
      continue;
    }
    if (DROPPED_WHOLE.has(token.name)) {
      if (!token.isEnd && !(isSvg() && token.closesItself)) reader.skip(token.name);
      continue;
    }
    const name = elementOf(token.name, isSvg());
    if (name === undefined) continue;
    if (token.isEnd) {
      const at = open.lastIndexOf(name);
      if (at > svgFrom || (at === svgFrom && at >= 0)) while (open.length > at) end();
      continue;
    }
    if (open.length >= MOST_DEPTH) continue;
    if (name === 'svg' && svgFrom < 0) svgFrom = open.length;
    out.push(startOf(token, name, isSvg() ? 'svg' : 'html'));
    if (isSvg() && token.closesItself) out.push(`</${name}>`);
    else if (!VOID_ELEMENTS.has(name)) open.push(name);
    if (name === 'svg' && token.closesItself) svgFrom = open.length <= svgFrom ? -1 : svgFrom;
  }
  while (open.length > 0) end();
  return out.join('');
}

function elementOf(name: string, isSvg: boolean): string | undefined {
  if (isSvg || name === 'svg') return SVG_NAMES.get(name);
  return HTML_ELEMENTS.has(name) ? name : undefined;
}

function startOf({ attributes }: Tag, name: string, markup: Markup): string {
  const kept = new Map<string, string>();
  for (const [given, value] of attributes) {
    const safe = safeAttribute(name, given, value, markup);
    if (safe !== undefined && !kept.has(safe[0])) kept.set(...safe);
  }
  if (name === 'a') kept.set('rel', 'noopener noreferrer nofollow');
  return `<${name}${[...kept].map(([key, value]) => ` ${key}="${escapeValue(value)}"`).join('')}>`;
}

/** Character references stay as they are: none of them can begin a tag. */
const escapeText = (text: string): string =>
  text
    .replace(/&(?!(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z]\w{1,31});)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');

const escapeValue = (value: string): string =>
  value
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('`', '&#96;');
