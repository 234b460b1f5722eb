import { inner, type Named } from '../../inner.ts';
import { ask, plain } from './ask.ts';

export class Locale {
  readonly #fields: Named;
  constructor(tag: unknown, options?: unknown) {
    if (typeof tag !== 'string' && !(tag instanceof Locale))
      throw new TypeError("First argument to Intl.Locale constructor can't be empty or missing");
    this.#fields = ask({
      kind: 'Locale',
      method: 'locale',
      options: plain(options),
      args: [String(tag)],
    }) as Named;
    for (const [name, value] of Object.entries(this.#fields)) {
      if (!['tag', 'maximal', 'minimal'].includes(name)) {
        Object.defineProperty(this, name, { value, enumerable: false, configurable: true });
      }
    }
  }
  maximize(): Locale {
    return new Locale(this.#fields.maximal);
  }
  minimize(): Locale {
    return new Locale(this.#fields.minimal);
  }
  toString(): string {
    return String(this.#fields.tag);
  }
}

/** The locale of the granted environment, as `LC_ALL` or `LANG` names it; American English without. */
const defaultLocale = (): string => {
  const named = (inner.setup.env.LC_ALL || inner.setup.env.LANG || '')
    .replace(/[.@].*$/, '')
    .replaceAll('_', '-');
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/.test(named) ? named : 'en-US';
};
export const localesOf = (given: unknown): string[] => {
  if (given === undefined) return [defaultLocale()];
  if (given === null) throw new TypeError('Cannot convert undefined or null to object');
  const list =
    typeof given === 'string' || given instanceof Locale ? [given] : Array.from(given as Iterable<unknown>);
  for (const one of list) {
    if (typeof one !== 'string' && !(one instanceof Locale))
      throw new TypeError('Incorrect locale information provided');
  }
  return list.length === 0 ? [defaultLocale()] : list.map(String);
};
