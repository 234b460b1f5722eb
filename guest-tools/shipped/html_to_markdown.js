/* sandglass:tool
{
 "name": "html_to_markdown",
 "description": "Turns HTML into Markdown: headings, links, lists, tables, code; scripts and styles are left out",
 "version": "1.0.0",
 "category": "web",
 "keywords": [
  "html",
  "text",
  "page",
  "convert"
 ],
 "input": {
  "type": "object",
  "properties": {
   "html": {
    "type": "string",
    "description": "HTML, whole or a piece"
   },
   "baseUrl": {
    "type": "string",
    "description": "Address that relative links start at",
    "format": "uri"
   }
  },
  "required": [
   "html"
  ],
  "additionalProperties": false
 },
 "idempotent": true,
 "cacheable": true,
 "pipe": "html",
 "examples": [
  {
   "input": {
    "html": "<h1>A</h1><p>b <a href=\"/c\">c</a></p><script>x()</script>",
    "baseUrl": "https://a.b/"
   },
   "output": {
    "markdown": "# A\n\nb [c](https://a.b/c)",
    "title": ""
   }
  }
 ]
}
*/
export function run({ html, baseUrl }) {
  const out = [];
  const lists = [];
  const links = [];
  let pre = 0;
  let code = 0;
  let hidden = '';
  let row;
  let title = '';
  const write = (text) => (row === undefined ? out : row.cell).push(text);
  const block = () => {
    if (row === undefined) out.push('\n\n');
  };
  for (const token of tokens(html)) {
    if (hidden !== '') {
      if (token.close && token.name === hidden) hidden = '';
      else if (hidden === 'title' && token.text !== undefined) title += token.text;
      continue;
    }
    if (token.text !== undefined) {
      const text = pre > 0 ? token.text : token.text.replace(/\s+/g, ' ');
      const begins = row === undefined && pre === 0 && (out.length === 0 || out.at(-1).endsWith('\n'));
      const plain = pre > 0 || code > 0 ? text : escaped(begins ? text.trimStart() : text, begins);
      if (!(begins && text.trim() === '')) write(plain);
      continue;
    }
    const { name, close, attributes } = token;
    if (!close && /^(?:script|style|noscript|template|svg|iframe|title)$/.test(name)) hidden = name;
    else if (/^h[1-6]$/.test(name)) {
      block();
      if (!close) write(`${'#'.repeat(Number(name[1]))} `);
    } else if (
      /^(?:p|div|section|article|main|header|footer|aside|nav|figure|form|blockquote|dl)$/.test(name)
    ) {
      block();
      if (name === 'blockquote' && !close) write('> ');
    } else if (name === 'br') write(row === undefined ? '\n' : ' ');
    else if (name === 'hr') out.push('\n\n---\n\n');
    else if (/^(?:b|strong)$/.test(name)) write('**');
    else if (/^(?:i|em)$/.test(name)) write('*');
    else if (name === 'pre') {
      pre += close ? -1 : 1;
      if (close) out.push(out.at(-1)?.endsWith('\n') ? '```\n\n' : '\n```\n\n');
      else out.push(`\n\n\`\`\`${languageOf(attributes)}`, '\n');
      if (pre < 0) pre = 0;
    } else if (name === 'code' && pre === 0) {
      code = Math.max(0, code + (close ? -1 : 1));
      write('`');
    } else if (name === 'code' && !close && out.at(-1) === '\n' && out.at(-2)?.endsWith('```'))
      out[out.length - 2] += languageOf(attributes);
    else if (name === 'ul' || name === 'ol') {
      if (close) lists.pop();
      else lists.push({ ordered: name === 'ol', count: 0 });
      if (lists.length === 0) block();
    } else if (name === 'li' && !close) {
      const list = lists.at(-1) ?? { ordered: false, count: 0 };
      list.count += 1;
      write(
        `\n${'  '.repeat(Math.max(0, Math.min(lists.length, 20) - 1))}${list.ordered ? `${list.count}.` : '-'} `,
      );
    } else if (name === 'a') {
      if (!close) {
        links.push(addressOf(attributes.href, baseUrl));
        if (links.at(-1) !== undefined) write('[');
      } else {
        const href = links.pop();
        if (href !== undefined) write(`](${href})`);
      }
    } else if (name === 'img') {
      const source = addressOf(attributes.src, baseUrl);
      if (source !== undefined) write(`![${attributes.alt ?? ''}](${source})`);
    } else if (name === 'tr') {
      if (!close) row = { cells: [], cell: [], heads: 0 };
      else if (row !== undefined) {
        const { cells, heads } = row;
        row = undefined;
        out.push(`\n| ${cells.join(' | ')} |`);
        if (heads > 0 && heads === cells.length) out.push(`\n|${' --- |'.repeat(cells.length)}`);
      }
    } else if ((name === 'td' || name === 'th') && row !== undefined) {
      if (close) row.cells.push(row.cell.join('').replace(/\s+/g, ' ').replaceAll('|', '\\|').trim());
      else if (name === 'th') row.heads += 1;
      row.cell = [];
    } else if (name === 'table') block();
  }
  const markdown = out
    .join('')
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return { markdown, title: title.replace(/\s+/g, ' ').trim() };
}

/** Text that says what it says: none of its signs is one of Markdown. */
function escaped(text, begins) {
  const inner = text.replace(
    /[\\`*[\]]|<(?=[a-zA-Z/!?])|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (sign) => `\\${sign}`,
  );
  return begins ? inner.replace(/^(?:(\d{1,9})(?=[.)]\s)|(?=(?:#{1,6}|[-+>])\s))/, '$1\\') : inner;
}

/** Of a block of code, as its class names it: `language-js`. */
const languageOf = (attributes) =>
  /(?:^|\s)lang(?:uage)?-([\w+#.-]{1,40})/.exec(attributes.class ?? '')?.[1] ?? '';

/** Texts and tags, one pass: what is never closed costs nothing more. */
function* tokens(html) {
  let at = 0;
  let raw = '';
  while (at < html.length) {
    const next = raw === '' ? html.indexOf('<', at) : closing(html, raw, at);
    if (next < 0) {
      if (raw === '') yield { text: decode(html.slice(at)) };
      return;
    }
    if (next > at) yield { text: raw === '' ? decode(html.slice(at, next)) : html.slice(at, next) };
    raw = '';
    if (html.startsWith('<!--', next)) {
      const end = html.indexOf('-->', next + 4);
      if (end < 0) return;
      at = end + 3;
      continue;
    }
    const tag = /<(\/?)([a-zA-Z][a-zA-Z0-9-]*)/y;
    tag.lastIndex = next;
    const match = tag.exec(html);
    if (match === null) {
      const end = /^<[!?]/.test(html.slice(next, next + 2)) ? html.indexOf('>', next) : -1;
      if (end < 0) yield { text: '<' };
      at = end < 0 ? next + 1 : end + 1;
      continue;
    }
    const name = match[2].toLowerCase();
    const { attributes, end } = attributesOf(html, tag.lastIndex);
    at = end;
    yield { name, close: match[1] === '/', attributes };
    if (match[1] === '' && /^(?:script|style)$/.test(name)) raw = name;
  }
}

function closing(html, name, at) {
  for (let next = html.indexOf('</', at); next >= 0; next = html.indexOf('</', next + 2))
    if (html.slice(next + 2, next + 2 + name.length).toLowerCase() === name) return next;
  return -1;
}

function attributesOf(html, from) {
  const attributes = {};
  const pattern = /[\s/]*(?:(>)|([^\s/>=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*)))?)/y;
  let at = from;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(html);
    if (match === null) return { attributes, end: html.length };
    at = pattern.lastIndex;
    const [, end, name, double, single, bare] = match;
    if (end !== undefined) return { attributes, end: at };
    const key = name.toLowerCase();
    if (key === 'href' || key === 'src' || key === 'alt' || key === 'class')
      attributes[key] ??= decode(double ?? single ?? bare ?? '');
  }
}

const NAMED = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
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
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
  ntilde: 'ñ',
};

const decode = (text) =>
  text.replace(/&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name] : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
      ? String.fromCodePoint(code)
      : '�';
  });

/** Only addresses that lead somewhere; a script is none. */
function addressOf(href, base) {
  if (href === undefined || /^\s*(?:javascript|data|vbscript):/i.test(href)) return undefined;
  const address = href.trim();
  if (base !== undefined && URL.canParse(address, base)) return new URL(address, base).href;
  return address.replace(/[\s()<>]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
