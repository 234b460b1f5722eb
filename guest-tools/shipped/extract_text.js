/* sandglass:tool
{
 "name": "extract_text",
 "description": "Takes the text out of an HTML or PDF file, page by page for PDF",
 "version": "1.0.0",
 "category": "filesystem",
 "keywords": [
  "pdf",
  "html",
  "read",
  "text",
  "pages"
 ],
 "input": {
  "type": "object",
  "properties": {
   "path": {
    "type": "string",
    "format": "path",
    "description": "Path of a .pdf, .html, .htm or .xhtml file in a granted folder",
    "minLength": 1
   },
   "from": {
    "type": "integer",
    "description": "PDF: first page, from 1",
    "minimum": 1,
    "default": 1
   },
   "pages": {
    "type": "integer",
    "description": "PDF: most pages",
    "minimum": 1,
    "maximum": 1000,
    "default": 50
   }
  },
  "required": [
   "path"
  ],
  "additionalProperties": false
 },
 "capabilities": [
  "fs.read"
 ],
 "limits": {
  "timeoutMs": 120000,
  "memoryBytes": 536870912,
  "fuel": 1000000000000
 },
 "idempotent": true,
 "examples": [
  {
   "input": {
    "path": "/data/page.html"
   },
   "output": {
    "kind": "html",
    "title": "A page",
    "text": "Head\n\none two\n\n- a\n- b"
   }
  }
 ]
}
*/
import { readFile, stat } from 'node:fs/promises';

const MOST_BYTES = 32 * 1024 * 1024;

export async function run({ path, from, pages }) {
  const { size } = await stat(path);
  if (size > MOST_BYTES)
    throw new Error(`Cannot read ${JSON.stringify(path)}: it has ${size} bytes, over ${MOST_BYTES}`);
  const bytes = new Uint8Array(await readFile(path));
  if (decodeAscii(bytes.subarray(0, 1_024)).includes('%PDF-')) return pdf(bytes, path, from, pages);
  if (
    /\.x?html?$/i.test(path) ||
    /<(?:!doctype html|html|body|head)\b/i.test(decodeAscii(bytes.subarray(0, 4_096)))
  )
    return html(textOf(bytes));
  throw new Error(
    `Cannot take the text of ${JSON.stringify(path)}: it is neither PDF nor HTML; read_file reads text`,
  );
}

const decodeAscii = (bytes) => String.fromCharCode(...bytes);

async function pdf(bytes, path, from, count) {
  const { extractText, getDocumentProxy, getMeta } = await import('pdf');
  let document;
  try {
    document = await getDocumentProxy(bytes, { verbosity: 0 });
  } catch (error) {
    const reason = error.name === 'PasswordException' ? 'it wants a password' : error.message;
    throw new Error(`Cannot read ${JSON.stringify(path)}: ${reason}`);
  }
  const { text, totalPages } = await extractText(document, { mergePages: false });
  const { info } = await getMeta(document).catch(() => ({ info: {} }));
  if (from > totalPages)
    throw new Error(`Cannot read page ${from}: ${JSON.stringify(path)} has ${totalPages}`);
  const some = text.slice(from - 1, from - 1 + count);
  return {
    kind: 'pdf',
    ...(typeof info?.Title === 'string' && info.Title !== '' ? { title: info.Title } : {}),
    pages: some.map((page, index) => ({ page: from + index, text: page })),
    total: totalPages,
    more: from - 1 + some.length < totalPages,
  };
}

/** By byte order mark, by what the page says of itself, else UTF-8. */
function textOf(bytes) {
  const head = decodeAscii(bytes.subarray(0, 1_024));
  const marked =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined;
  const said = /charset\s*=\s*["']?([\w-]{1,40})/i.exec(head)?.[1];
  for (const encoding of [marked, said, 'utf-8']) {
    try {
      if (encoding !== undefined) return new TextDecoder(encoding).decode(bytes);
    } catch {
      // Not the name of an encoding: the next is tried.
    }
  }
  return '';
}

const UNSEEN = new Set([
  'script',
  'style',
  'title',
  'template',
  'noscript',
  'svg',
  'head',
  'iframe',
  'object',
]);
const BLOCKS = new Set(
  'address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section table tbody td tfoot th thead tr ul'.split(
    ' ',
  ),
);
const ENTITIES = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  copy: '©',
  reg: '®',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  euro: '€',
  middot: '·',
  bull: '•',
  times: '×',
};

/** One pass over tags and text. */
function html(source) {
  const out = [];
  let title;
  let hidden;
  let at = 0;
  const put = (text) => out.push(text);
  while (at < source.length) {
    const next = source.indexOf('<', at);
    const end = next < 0 ? source.length : next;
    const text = entities(source.slice(at, end));
    if (hidden === undefined) put(text.replace(/\s+/g, ' '));
    at = end;
    if (next < 0) break;
    if (source.startsWith('<!--', at)) {
      const close = source.indexOf('-->', at + 4);
      at = close < 0 ? source.length : close + 3;
      continue;
    }
    const tag = tagAt(source, at);
    if (tag === undefined) {
      if (hidden === undefined) put('<');
      at += 1;
      continue;
    }
    at = tag.end;
    const { name, closes } = tag;
    if (name === 'title' && !closes && title === undefined) {
      const close = source.indexOf('<', at);
      title = entities(source.slice(at, close < 0 ? source.length : close))
        .replace(/\s+/g, ' ')
        .trim();
    }
    if (hidden !== undefined) {
      if (closes && name === hidden) hidden = undefined;
      // A head that nobody closed ends with the body.
      else if (hidden === 'head' && name === 'body') hidden = undefined;
      else if (name === 'script' || name === 'style') at = skipRaw(source, at, name, closes);
    } else if (UNSEEN.has(name) && !closes && !tag.empty) {
      hidden = name;
      if (name === 'script' || name === 'style') {
        at = skipRaw(source, at, name, false);
        hidden = undefined;
      }
    } else if (name === 'br') put('\n');
    else if (name === 'li') put(closes ? '' : '\n- ');
    else if (BLOCKS.has(name)) put(name === 'td' || name === 'th' ? '\t' : name === 'tr' ? '\n' : '\n\n');
  }
  const text = out
    .join('')
    .replace(/[ \u00a0]*\n[ \u00a0]*/g, '\n')
    .replace(/\n(\t)+/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return { kind: 'html', ...(title === undefined || title === '' ? {} : { title }), text };
}

/** What scripts and styles hold is no markup. */
function skipRaw(source, at, name, closes) {
  if (closes) return at;
  const closing = new RegExp(`</${name}\\b`, 'gi');
  closing.lastIndex = at;
  const found = closing.exec(source);
  if (found === null) return source.length;
  const end = source.indexOf('>', found.index);
  return end < 0 ? source.length : end + 1;
}

function tagAt(source, from) {
  let at = from + 1;
  const closes = source[at] === '/';
  if (closes) at += 1;
  const start = at;
  while (at < source.length && /[A-Za-z\d:-]/.test(source[at])) at += 1;
  if (at === start) {
    if (source[at] !== '!' && source[at] !== '?') return undefined;
    const end = source.indexOf('>', at);
    return { name: '!', closes: false, empty: true, end: end < 0 ? source.length : end + 1 };
  }
  const name = source.slice(start, at).toLowerCase();
  let quote = '';
  for (; at < source.length; at += 1) {
    const letter = source[at];
    if (quote !== '') {
      if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '>') return { name, closes, empty: source[at - 1] === '/', end: at + 1 };
  }
  return { name, closes, empty: false, end: source.length };
}

const entities = (text) =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z]{1,20}));?/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : '\ufffd';
  });
