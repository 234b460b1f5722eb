import { selectAll, selectOne } from 'css-select';
import { parseDocument } from 'htmlparser2';
import { MOST_CONTENT, MOST_FOUND } from './verb-bounds.ts';

/** What a form or a link asks for: where the page goes next. */
export interface NextRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
}

type Doc = ReturnType<typeof parseDocument>;
type Node = Doc['children'][number];
type Element = Extract<Node, { attribs: unknown }>;

const MOST_DEPTH = 400;
const BLOCKS =
  /^(?:p|div|section|article|main|header|footer|aside|nav|form|ul|ol|li|table|tr|h[1-6]|br|hr|blockquote|pre|option)$/;
const HIDDEN = /^(?:script|style|noscript|template|head|title|textarea)$/;

/** A page that was parsed and runs nothing. It is made and asked in a worker: what parses text of strangers can be ended. */
export class HtmlPage {
  readonly #doc: Doc;
  readonly #url: string;
  readonly #refs = new Map<string, Element>();

  constructor(html: string, url: string) {
    this.#doc = parseDocument(html);
    const base = selectOne('base[href]', this.#doc as never) as Element | null;
    const href = base?.attribs.href ?? '';
    this.#url = URL.canParse(href, url) ? new URL(href, url).href : url;
  }

  title(): string {
    const [first] = this.#all('title');
    return first === undefined ? '' : inOneLine(textContent(first)).slice(0, 1_000);
  }

  /** What a reader reads, as far as no script and no style sheet says otherwise. */
  content(): string {
    const out: string[] = [];
    const walk = (nodes: readonly Node[], depth: number): void => {
      if (depth > MOST_DEPTH) return;
      for (const node of nodes) {
        if ('data' in node && node.type === 'text') out.push(spaced(node.data));
        else if ('attribs' in node && !HIDDEN.test(node.name)) {
          const isBlock = BLOCKS.test(node.name);
          if (isBlock) out.push('\n');
          walk(node.children as Node[], depth + 1);
          if (isBlock) out.push('\n');
        }
      }
    };
    walk(this.#doc.children as Node[], 0);
    const lines = out.join('').split('\n');
    return lines
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n')
      .slice(0, MOST_CONTENT);
  }

  /** @throws on a selector that cannot be read. */
  extract(selectors: Readonly<Record<string, string>>): Record<string, string[]> {
    const found = Object.entries(selectors).map(([name, selector]): [string, string[]] => {
      const attribute = ['href', 'src'].find((one) => selector.trimEnd().endsWith(`[${one}]`));
      const elements = this.#all(selector).slice(0, MOST_FOUND);
      return [
        name,
        elements.map((element) => {
          if (attribute === undefined) return textContent(element).trim();
          return this.#absolute(element.attribs[attribute] ?? '');
        }),
      ];
    });
    return Object.fromEntries(found);
  }

  /** Lines of role, name and reference. */
  snapshot(): string {
    this.#refs.clear();
    const lines: string[] = [];
    for (const element of this.#all(
      'h1,h2,h3,h4,h5,h6,a[href],button,input,select,textarea,img,p,li,td,th',
    )) {
      if (lines.length >= 5_000) break;
      const role = roleOf(element);
      if (role === undefined) continue;
      const ref = `e${this.#refs.size + 1}`;
      this.#refs.set(ref, element);
      const name = nameOf(element);
      lines.push(`- ${role}${name === '' ? '' : ` ${JSON.stringify(name)}`} [ref=${ref}]`);
    }
    return lines.join('\n').slice(0, MOST_CONTENT);
  }

  /** What a click on an element asks for; `undefined` where nothing comes of it. @returns null when there is no such element. */
  click(at: { readonly selector?: string; readonly ref?: string }): NextRequest | undefined | null {
    const element = this.#find(at);
    if (element === undefined) return null;
    const link = closest(element, (one) => one.name === 'a' && one.attribs.href !== undefined);
    if (link !== undefined) return { url: this.#absolute(link.attribs.href ?? ''), method: 'GET' };
    if (isSubmit(element)) return this.#submission(element, element);
    if (isCheck(element)) toggle(element);
    return undefined;
  }

  /** @returns whether there is such a field. */
  fill(at: { readonly selector?: string; readonly ref?: string }, value: string): boolean {
    const element = this.#find(at);
    if (element !== undefined) put(element, value);
    return element !== undefined;
  }

  /** @returns the name of a field that there is not, or what the form then asks for. */
  fillForm(
    data: Readonly<Record<string, string | number | boolean>>,
    submit: boolean,
  ): { readonly missing: string } | { readonly next: NextRequest | undefined } {
    let last: Element | undefined;
    for (const [name, value] of Object.entries(data)) {
      last = this.#all('input,select,textarea,button').find(
        ({ attribs }) => attribs.name === name || attribs.id === name,
      );
      if (last === undefined) return { missing: name };
      put(last, value);
    }
    return { next: submit && last !== undefined ? this.#submission(last, undefined) : undefined };
  }

  /** @returns the values that are chosen then; null when there is no such list. */
  select(
    at: { readonly selector?: string; readonly ref?: string },
    wanted: readonly string[],
  ): string[] | null {
    const list = this.#find(at);
    if (list === undefined) return null;
    for (const option of optionsOf(list)) {
      if (wanted.includes(valueOfOption(option)) || wanted.includes(textContent(option).trim()))
        option.attribs.selected = '';
      else delete option.attribs.selected;
    }
    return optionsOf(list)
      .filter(({ attribs }) => attribs.selected !== undefined)
      .map(valueOfOption);
  }

  has(selector: string | undefined, text: string | undefined): boolean {
    const isThere = selector === undefined || this.#all(selector).length > 0;
    return isThere && (text === undefined || this.content().toLowerCase().includes(text.toLowerCase()));
  }

  #find({ selector, ref }: { readonly selector?: string; readonly ref?: string }): Element | undefined {
    return ref === undefined ? this.#all(selector ?? '*')[0] : this.#refs.get(ref);
  }

  #all(selector: string): Element[] {
    return selectAll(selector, this.#doc as never) as unknown as Element[]; // elements are all that it finds
  }

  #absolute(value: string): string {
    return URL.canParse(value, this.#url) ? new URL(value, this.#url).href : value;
  }

  #submission(field: Element, button: Element | undefined): NextRequest | undefined {
    const form = closest(field, ({ name }) => name === 'form');
    if (form === undefined) return undefined;
    const pairs = new URLSearchParams();
    for (const one of selectAll('input,select,textarea', form as never) as unknown as Element[])
      for (const value of sentBy(one)) pairs.append(one.attribs.name ?? '', value);
    if (button?.attribs.name !== undefined) pairs.append(button.attribs.name, button.attribs.value ?? '');
    const url = this.#absolute(button?.attribs.formaction ?? form.attribs.action ?? this.#url);
    if ((form.attribs.method ?? 'get').toLowerCase() === 'post')
      return { url, method: 'POST', body: pairs.toString() };
    const target = new URL(url);
    target.search = pairs.toString();
    return { url: target.href, method: 'GET' };
  }
}

const ROLES: Readonly<Record<string, string>> = {
  a: 'link',
  button: 'button',
  select: 'combobox',
  textarea: 'textbox',
  img: 'img',
  p: 'paragraph',
  li: 'listitem',
  td: 'cell',
  th: 'columnheader',
};

function roleOf({ name, attribs }: Element): string | undefined {
  if (/^h[1-6]$/.test(name)) return 'heading';
  if (name !== 'input') return ROLES[name];
  if (attribs.type === 'hidden') return undefined;
  if (attribs.type === 'checkbox' || attribs.type === 'radio') return attribs.type;
  return attribs.type === 'submit' || attribs.type === 'button' ? 'button' : 'textbox';
}

const nameOf = (element: Element): string => {
  const { attribs } = element;
  const text = attribs['aria-label'] ?? attribs.alt ?? attribs.placeholder ?? textContent(element);
  return inOneLine(text).slice(0, 200);
};

function closest(element: Element, fits: (one: Element) => boolean): Element | undefined {
  for (let one: Element | null = element; one !== null; one = one.parent as Element | null)
    if ('attribs' in one && fits(one)) return one;
  return undefined;
}

const isSubmit = ({ name, attribs: { type } }: Element): boolean =>
  (name === 'button' && (type ?? 'submit') === 'submit') ||
  (name === 'input' && (type === 'submit' || type === 'image'));

const isCheck = ({ name, attribs: { type } }: Element): boolean =>
  name === 'input' && (type === 'checkbox' || type === 'radio');

function toggle({ attribs }: Element): void {
  if (attribs.checked === undefined || attribs.type === 'radio') attribs.checked = '';
  else delete attribs.checked;
}

function put(field: Element, value: string | number | boolean): void {
  const { attribs, name } = field;
  if (isCheck(field)) {
    if (value === true || value === 'true' || value === 'on') attribs.checked = '';
    else delete attribs.checked;
  } else if (name === 'select')
    for (const option of optionsOf(field)) {
      if (valueOfOption(option) === String(value) || textContent(option).trim() === String(value))
        option.attribs.selected = '';
      else delete option.attribs.selected;
    }
  else attribs.value = String(value);
}

const optionsOf = (list: Element): Element[] => selectAll('option', list as never) as unknown as Element[]; // the same

const valueOfOption = (option: Element): string => option.attribs.value ?? textContent(option).trim();

/** What a field adds to its form: nothing where it has no name, is off, or is a button. */
function sentBy(field: Element): readonly string[] {
  const { attribs, name } = field;
  if (attribs.name === undefined || attribs.disabled !== undefined) return [];
  if (name === 'select') {
    const options = optionsOf(field);
    const chosen = options.filter((option) => option.attribs.selected !== undefined);
    return (chosen.length === 0 && attribs.multiple === undefined ? options.slice(0, 1) : chosen).map(
      valueOfOption,
    );
  }
  if (isCheck(field)) return attribs.checked === undefined ? [] : [attribs.value ?? 'on'];
  if (name === 'input' && /^(?:submit|button|image|reset|file)$/.test(attribs.type ?? '')) return [];
  return [attribs.value ?? (name === 'textarea' ? textContent(field) : '')];
}

/** All texts below an element; a page nests as deep as it likes. */
function textContent(element: Element): string {
  const out: string[] = [];
  const left: Node[] = [element];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if ('data' in node && node.type === 'text') out.push(node.data);
    else if ('children' in node) left.push(...(node.children as Node[]).toReversed());
  }
  return out.join('');
}

const inOneLine = (text: string): string => spaced(text).trim();

/** White space of any kind and length is one space. */
function spaced(text: string): string {
  const words = text.split(/\s/).filter((word) => word !== '');
  const before = /^\s/.test(text) ? ' ' : '';
  const after = words.length > 0 && /\s$/.test(text) ? ' ' : '';
  return `${before}${words.join(' ')}${after}`;
}
