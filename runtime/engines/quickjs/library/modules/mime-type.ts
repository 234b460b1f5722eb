import { nodeError } from '../inner.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~A-Za-z0-9]+$/;
const QUOTABLE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

const invalid = (what: string, text: string): TypeError =>
  nodeError(
    TypeError,
    'ERR_INVALID_MIME_SYNTAX',
    `The MIME syntax for a ${what} in ${JSON.stringify(text)} is invalid`,
  );

const shown = (value: string): string => (TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);

/** Parameters of a type, in their order. */
export class MIMEParams {
  readonly #fields = new Map<string, string>();
  get(name: unknown): string | null {
    return this.#fields.get(String(name)) ?? null;
  }
  has(name: unknown): boolean {
    return this.#fields.has(String(name));
  }
  set(name: unknown, value: unknown): void {
    const [key, text] = [String(name), String(value)];
    if (!TOKEN.test(key)) throw invalid('parameter name', key);
    if (!QUOTABLE.test(text)) throw invalid('parameter value', text);
    this.#fields.set(key, text);
  }
  delete(name: unknown): void {
    this.#fields.delete(String(name));
  }
  entries(): IterableIterator<[string, string]> {
    return this.#fields.entries();
  }
  keys(): IterableIterator<string> {
    return this.#fields.keys();
  }
  values(): IterableIterator<string> {
    return this.#fields.values();
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
  toString(): string {
    return [...this.#fields].map(([name, value]) => `${name}=${shown(value)}`).join(';');
  }
  toJSON(): string {
    return this.toString();
  }
}

/** `type/subtype;name=value`, by the MIME sniffing standard. */
export class MIMEType {
  #type: string;
  #subtype: string;
  readonly #params = new MIMEParams();
  constructor(input: unknown) {
    const text = String(input).trim();
    const slash = text.indexOf('/');
    const type = text.slice(0, slash);
    if (slash < 0 || !TOKEN.test(type)) throw invalid('type', text);
    const end = text.indexOf(';', slash);
    const subtype = text.slice(slash + 1, end < 0 ? undefined : end).trimEnd();
    if (!TOKEN.test(subtype)) throw invalid('subtype', text);
    this.#type = type.toLowerCase();
    this.#subtype = subtype.toLowerCase();
    const FIELD = /;[\t ]*([^=;]*)(?:=(?:"((?:[^"\\]|\\.)*)"?[^;]*|([^;]*)))?/g;
    for (const [, name = '', quoted, bare] of end < 0 ? [] : text.slice(end).matchAll(FIELD)) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? bare?.trimEnd();
      const key = name.toLowerCase();
      if (value === undefined || (quoted === undefined && value === '')) continue;
      if (TOKEN.test(key) && QUOTABLE.test(value) && !this.#params.has(key)) this.#params.set(key, value);
    }
  }
  get type(): string {
    return this.#type;
  }
  set type(given: unknown) {
    const type = String(given);
    if (!TOKEN.test(type)) throw invalid('type', type);
    this.#type = type.toLowerCase();
  }
  get subtype(): string {
    return this.#subtype;
  }
  set subtype(given: unknown) {
    const subtype = String(given);
    if (!TOKEN.test(subtype)) throw invalid('subtype', subtype);
    this.#subtype = subtype.toLowerCase();
  }
  get essence(): string {
    return `${this.#type}/${this.#subtype}`;
  }
  get params(): MIMEParams {
    return this.#params;
  }
  toString(): string {
    const params = this.#params.toString();
    return params === '' ? this.essence : `${this.essence};${params}`;
  }
  toJSON(): string {
    return this.toString();
  }
}
