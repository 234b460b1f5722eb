export interface Page {
  title: string | null;
  text: string;
  links: { url: string; text: string }[];
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** What a reader sees of a page: no scripts, no styles, one line a block, links made absolute. */
export function textOfHtml(html: string, base: string): Page {
  const visible = html
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/<(script|style|noscript|template)\b[\s\S]*?<\/\1\s*>/gi, '');
  const title = /<title[^>]*>([\s\S]*?)<\/title>/i.exec(visible)?.[1];
  const body =
    /<body\b[^>]*>([\s\S]*)/i.exec(visible)?.[1] ?? visible.replace(/<title[^>]*>[\s\S]*?<\/title>/i, '');
  return { title: title === undefined ? null : plain(title), text: blocks(body), links: linksOf(body, base) };
}

function linksOf(html: string, base: string): Page['links'] {
  const links = new Map<string, string>();
  for (const [, href = '', text = ''] of html.matchAll(/<a\b[^>]*\bhref="([^"]*)"[^>]*>([\s\S]*?)<\/a>/gi)) {
    const url = resolve(decodeEntities(href), base);
    if (url !== undefined && /^https?:$/.test(url.protocol) && !links.has(url.href))
      links.set(url.href, plain(text));
  }
  return [...links].map(([url, text]) => ({ url, text }));
}

function resolve(href: string, base: string): URL | undefined {
  try {
    return new URL(href, base);
  } catch {
    return undefined; // a broken link is not a link
  }
}

const blocks = (html: string): string =>
  html
    .split(/<\/?(?:p|div|br|li|ul|ol|h[1-6]|tr|table|section|article|header|footer|pre|blockquote)\b[^>]*>/i)
    .map(plain)
    .filter((line) => line !== '')
    .join('\n');

const plain = (html: string): string =>
  decodeEntities(html.replace(/<[^>]*>/g, ''))
    .replace(/\s+/g, ' ')
    .trim();

const decodeEntities = (text: string): string =>
  text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
