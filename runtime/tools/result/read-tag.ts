export interface Tag {
  /** Lower case. */
  readonly name: string;
  readonly isEnd: boolean;
  readonly closesItself: boolean;
  /** Values are decoded. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

/** Reads markup piece by piece, each character once. Comments, declarations and what is cut off are passed over. */
export interface TagReader {
  /** Text, or a tag; `undefined` at the end. */
  next(): string | Tag | undefined;
  /** Passes over all that an element holds, with its end. */
  skip(name: string): void;
}

/** Attributes of one tag that are read; the others are passed over. */
const MOST_ATTRIBUTES = 100;

export function createTagReader(text: string): TagReader {
  let at = 0;
  const lower = text.toLowerCase();
  const passBy = (mark: string): void => {
    const end = text.indexOf(mark, at);
    at = end < 0 ? text.length : end + mark.length;
  };
  const readTag = (): Tag | undefined => {
    const isEnd = text[at + 1] === '/';
    let here = at + (isEnd ? 2 : 1);
    const from = here;
    while (here < text.length && !/[\s/>]/.test(text[here] ?? '')) here += 1;
    const name = lower.slice(from, here);
    const attributes: [string, string][] = [];
    let closesItself = false;
    for (;;) {
      while (here < text.length && /[\s/]/.test(text[here] ?? '')) {
        closesItself = text[here] === '/';
        here += 1;
      }
      if (here >= text.length) {
        at = text.length; // cut off: whatever it was, it is not a tag
        return undefined;
      }
      if (text[here] === '>') break;
      closesItself = false;
      const start = here;
      here += 1; // a name may begin with "="
      while (here < text.length && !/[\s/>=]/.test(text[here] ?? '')) here += 1;
      const attribute = text.slice(start, here);
      let after = here;
      while (after < text.length && /\s/.test(text[after] ?? '')) after += 1;
      let value = '';
      if (text[after] === '=') {
        here = after + 1;
        while (here < text.length && /\s/.test(text[here] ?? '')) here += 1;
        const quote = text[here];
        if (quote === '"' || quote === "'") {
          const end = text.indexOf(quote, here + 1);
          if (end < 0) {
            at = text.length;
            return undefined;
          }
          value = text.slice(here + 1, end);
          here = end + 1;
        } else {
          const begin = here;
          while (here < text.length && !/[\s>]/.test(text[here] ?? '')) here += 1;
          value = text.slice(begin, here);
        }
      }
      if (attributes.length < MOST_ATTRIBUTES) attributes.push([attribute, decode(value)]);
    }
    at = here + 1;
    return { name, isEnd, closesItself, attributes };
  };
  return {
    next() {
      while (at < text.length) {
        const begin = text.indexOf('<', at);
        if (begin !== at) {
          const end = begin < 0 ? text.length : begin;
          const piece = text.slice(at, end);
          at = end;
          return piece;
        }
        if (text.startsWith('<!--', at)) passBy('-->');
        else if (/^<[!?]/.test(text.slice(at, at + 2))) passBy('>');
        else if (/^<\/?[a-z]/i.test(text.slice(at, at + 3))) {
          const tag = readTag();
          if (tag !== undefined) return tag;
        } else {
          at += 1;
          return '<';
        }
      }
      return undefined;
    },
    skip(name) {
      let end = lower.indexOf(`</${name}`, at);
      while (end >= 0 && !/[\s/>]/.test(text[end + name.length + 2] ?? '>'))
        end = lower.indexOf(`</${name}`, end + 2);
      at = end < 0 ? text.length : end;
      passBy('>');
    },
  };
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

/** Character references that everybody knows. Any other stays as it is written, and is written so that it means no more than that. */
const decode = (value: string): string =>
  value.replace(
    /&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi,
    (whole, decimal, hex, name) => {
      if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(String(hex), 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
