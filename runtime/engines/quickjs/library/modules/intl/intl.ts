import type { Named } from '../../inner.ts';
import { ask, plain } from './ask.ts';
import { Locale, localesOf } from './locale.ts';
import { NumberFormat, PluralRules } from './numbers.ts';
import { Collator, DisplayNames, ListFormat, Segmenter } from './texts.ts';
import { DateTimeFormat, DurationFormat, RelativeTimeFormat } from './times.ts';

const services = {
  Collator,
  DateTimeFormat,
  DisplayNames,
  DurationFormat,
  ListFormat,
  NumberFormat,
  PluralRules,
  RelativeTimeFormat,
  Segmenter,
};

/** These are called without `new` as well. */
const callable = (Type: new (locales?: unknown, options?: unknown) => object): object =>
  new Proxy(Type, { apply: (_target, _self, [locales, options]) => new Type(locales, options) });

const members: Named = {
  getCanonicalLocales: (locales?: unknown): string[] =>
    locales === undefined
      ? []
      : (ask({ kind: '', method: 'canonical', locales: localesOf(locales) }) as string[]),
  supportedValuesOf: (key: unknown): string[] =>
    ask({ kind: '', method: 'values', args: [String(key)] }) as string[],
  Locale,
};
for (const [name, Type] of Object.entries(services)) {
  Object.defineProperty(Type, 'name', { value: name, configurable: true });
  Object.defineProperty(Type.prototype, Symbol.toStringTag, { value: `Intl.${name}`, configurable: true });
  Object.defineProperty(Type, 'supportedLocalesOf', {
    configurable: true,
    writable: true,
    value: (locales: unknown, options?: unknown): string[] =>
      ask({
        kind: name,
        method: 'supported',
        locales: localesOf(locales),
        options: plain(options),
      }) as string[],
  });
  const plainCall = ['Collator', 'DateTimeFormat', 'NumberFormat'].includes(name);
  members[name] = plainCall ? callable(Type as never) : Type;
}

export const intl: object = Object.defineProperty({}, Symbol.toStringTag, {
  value: 'Intl',
  configurable: true,
});
for (const [name, value] of Object.entries(members)) {
  Object.defineProperty(intl, name, { value, writable: true, configurable: true, enumerable: false });
}
