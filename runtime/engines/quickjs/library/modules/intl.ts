import { inner, type Named } from '../inner.ts';

type Options = Named;
interface Part {
  readonly type: string;
  readonly value: string;
}
interface Ask {
  readonly kind: string;
  readonly method: string;
  readonly locales?: unknown;
  readonly options?: unknown;
  readonly args?: readonly unknown[];
}

const ERRORS: Readonly<Record<string, new (message: string) => Error>> = { RangeError, TypeError };

const wire = (value: unknown): unknown => {
  if (typeof value === 'bigint') return { $bigint: `${value}` };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return { $number: Object.is(value, -0) ? '-0' : `${value}` };
  }
  return Array.isArray(value) ? value.map(wire) : value;
};
const ask = (request: Ask): unknown => {
  const args = (request.args ?? []).map(wire);
  const { value, error } = JSON.parse(inner.host.intl(JSON.stringify({ ...request, args }))) as {
    readonly value?: unknown;
    readonly error?: readonly [name: string, message: string];
  };
  if (error === undefined) return value;
  throw new (ERRORS[error[0]] ?? Error)(error[1]);
};

/** The locale of the granted environment, as `LC_ALL` or `LANG` names it; American English without. */
const defaultLocale = (): string => {
  const named = (inner.setup.env.LC_ALL || inner.setup.env.LANG || '')
    .replace(/[.@].*$/, '')
    .replaceAll('_', '-');
  return /^[a-z]{2,3}(?:-[A-Za-z0-9]+)*$/.test(named) ? named : 'en-US';
};
const defaultZone = (): string => inner.setup.env.TZ?.replace(/^:/, '') || 'UTC';

const localesOf = (given: unknown): string[] => {
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

/** Options as plain data, each read once. */
const plain = (options: unknown): Options => {
  if (options === undefined) return {};
  if (options === null) throw new TypeError('Cannot convert undefined or null to object');
  const made: Options = {};
  for (const name in options as Options) {
    const value = (options as Options)[name];
    if (value !== undefined) made[name] = typeof value === 'object' ? String(value) : value;
  }
  return made;
};

/** What every kind of formatter has: its locales and options, checked by the platform when it is made. */
abstract class Service {
  readonly #kind: string;
  readonly #locales: string[];
  readonly #options: Options;
  constructor(kind: string, locales: unknown, options: Options) {
    this.#kind = kind;
    this.#locales = localesOf(locales);
    this.#options = options;
    this.resolvedOptions();
  }
  protected ask(method: string, ...args: unknown[]): unknown {
    return ask({ kind: this.#kind, method, locales: this.#locales, options: this.#options, args });
  }
  resolvedOptions(): Options {
    return this.ask('resolvedOptions') as Options;
  }
}

const timeOf = (value: unknown): number => {
  const time = value === undefined ? Date.now() : value instanceof Date ? value.getTime() : Number(value);
  if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) throw new RangeError('Invalid time value');
  return time;
};

class DateTimeFormat extends Service {
  constructor(locales?: unknown, options?: unknown) {
    const given = plain(options);
    super(
      'DateTimeFormat',
      locales,
      given.timeZone === undefined ? { ...given, timeZone: defaultZone() } : given,
    );
  }
  get format(): (date?: unknown) => string {
    return (date) => this.ask('format', timeOf(date)) as string;
  }
  formatToParts(date?: unknown): Part[] {
    return this.ask('formatToParts', timeOf(date)) as Part[];
  }
  formatRange(from: unknown, to: unknown): string {
    return this.ask('formatRange', timeOf(from), timeOf(to)) as string;
  }
  formatRangeToParts(from: unknown, to: unknown): Part[] {
    return this.ask('formatRangeToParts', timeOf(from), timeOf(to)) as Part[];
  }
}

const numeric = (value: unknown): unknown =>
  typeof value === 'bigint' || typeof value === 'string' ? value : Number(value);

class NumberFormat extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('NumberFormat', locales, plain(options));
  }
  get format(): (value: unknown) => string {
    return (value) => this.ask('format', numeric(value)) as string;
  }
  formatToParts(value: unknown): Part[] {
    return this.ask('formatToParts', numeric(value)) as Part[];
  }
  formatRange(from: unknown, to: unknown): string {
    return this.ask('formatRange', numeric(from), numeric(to)) as string;
  }
  formatRangeToParts(from: unknown, to: unknown): Part[] {
    return this.ask('formatRangeToParts', numeric(from), numeric(to)) as Part[];
  }
}

class Collator extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('Collator', locales, plain(options));
  }
  get compare(): (a: unknown, b: unknown) => number {
    return (a, b) => this.ask('compare', String(a), String(b)) as number;
  }
}

class PluralRules extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('PluralRules', locales, plain(options));
  }
  select(value: unknown): string {
    return this.ask('select', Number(value)) as string;
  }
  selectRange(from: unknown, to: unknown): string {
    return this.ask('selectRange', Number(from), Number(to)) as string;
  }
}

class RelativeTimeFormat extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('RelativeTimeFormat', locales, plain(options));
  }
  format(value: unknown, unit: unknown): string {
    return this.ask('format', Number(value), String(unit)) as string;
  }
  formatToParts(value: unknown, unit: unknown): Part[] {
    return this.ask('formatToParts', Number(value), String(unit)) as Part[];
  }
}

class DurationFormat extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('DurationFormat', locales, plain(options));
  }
  format(duration: unknown): string {
    return this.ask('format', duration) as string;
  }
  formatToParts(duration: unknown): Part[] {
    return this.ask('formatToParts', duration) as Part[];
  }
}

const texts = (list: unknown): string[] => {
  const items = list === undefined ? [] : Array.from(list as Iterable<unknown>);
  for (const item of items)
    if (typeof item !== 'string') throw new TypeError('Iterable yielded a value which is not a string');
  return items as string[];
};
class ListFormat extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('ListFormat', locales, plain(options));
  }
  format(list: unknown): string {
    return this.ask('format', texts(list)) as string;
  }
  formatToParts(list: unknown): Part[] {
    return this.ask('formatToParts', texts(list)) as Part[];
  }
}

class DisplayNames extends Service {
  constructor(locales: unknown, options: unknown) {
    if (options === undefined) throw new TypeError('Cannot make DisplayNames: options.type is missing');
    super('DisplayNames', locales, plain(options));
  }
  of(code: unknown): string | undefined {
    return (this.ask('of', String(code)) as string | null) ?? undefined;
  }
}

interface Segment {
  readonly segment: string;
  readonly index: number;
  readonly input: string;
  readonly isWordLike?: boolean;
}
class Segments {
  readonly #segments: readonly Segment[];
  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }
  containing(index = 0): Segment | undefined {
    return this.#segments.find((one) => index >= one.index && index < one.index + one.segment.length);
  }
  *[Symbol.iterator](): Generator<Segment> {
    yield* this.#segments;
  }
}
class Segmenter extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('Segmenter', locales, plain(options));
  }
  segment(text: unknown): Segments {
    return new Segments(this.ask('segment', String(text)) as Segment[]);
  }
}

class Locale {
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

/** Formatters of the `toLocale…` methods, which programs call in loops. */
const kept = new Map<string, unknown>();
const remembered = <T>(kind: string, locales: unknown, options: unknown, make: () => T): T => {
  const key = JSON.stringify([kind, locales, options, inner.setup.env.TZ]);
  const known = kept.get(key) as T | undefined;
  if (known !== undefined) return known;
  const made = make();
  if (kept.size > 32) kept.clear();
  kept.set(key, made);
  return made;
};

const DATE_FIELDS = ['weekday', 'year', 'month', 'day', 'dateStyle'];
const TIME_FIELDS = ['dayPeriod', 'hour', 'minute', 'second', 'fractionalSecondDigits', 'timeStyle'];
const DATE_DEFAULTS = { year: 'numeric', month: 'numeric', day: 'numeric' };
const TIME_DEFAULTS = { hour: 'numeric', minute: 'numeric', second: 'numeric' };

/** A date's text: `needs` says which fields must be asked for, else all of `defaults` are. */
const dateText = (
  date: Date,
  locales: unknown,
  options: unknown,
  needs: readonly string[],
  defaults: object,
): string => {
  if (Number.isNaN(date.getTime())) return 'Invalid Date';
  const given = plain(options);
  const asked = needs.some((name) => given[name] !== undefined);
  const whole = asked ? given : { ...given, ...defaults };
  return remembered('date', locales, whole, () => new DateTimeFormat(locales, whole)).format(date);
};

/** `toLocale…` and `localeCompare` of the built-in types. */
export const installLocaleMethods = (): void => {
  const methods: readonly (readonly [object, Named])[] = [
    [
      Date.prototype,
      {
        toLocaleString(this: Date, locales?: unknown, options?: unknown): string {
          return dateText(this, locales, options, [...DATE_FIELDS, ...TIME_FIELDS], {
            ...DATE_DEFAULTS,
            ...TIME_DEFAULTS,
          });
        },
        toLocaleDateString(this: Date, locales?: unknown, options?: unknown): string {
          return dateText(this, locales, options, DATE_FIELDS, DATE_DEFAULTS);
        },
        toLocaleTimeString(this: Date, locales?: unknown, options?: unknown): string {
          return dateText(this, locales, options, TIME_FIELDS, TIME_DEFAULTS);
        },
      },
    ],
    [
      Number.prototype,
      {
        toLocaleString(this: number, locales?: unknown, options?: unknown): string {
          const value = Number(this);
          return remembered(
            'number',
            locales,
            plain(options),
            () => new NumberFormat(locales, options),
          ).format(value);
        },
      },
    ],
    [
      BigInt.prototype,
      {
        toLocaleString(this: bigint, locales?: unknown, options?: unknown): string {
          const value = BigInt(this);
          return remembered(
            'number',
            locales,
            plain(options),
            () => new NumberFormat(locales, options),
          ).format(value);
        },
      },
    ],
    [
      String.prototype,
      {
        localeCompare(this: string, other: unknown, locales?: unknown, options?: unknown): number {
          return remembered(
            'collator',
            locales,
            plain(options),
            () => new Collator(locales, options),
          ).compare(String(this), String(other));
        },
        toLocaleUpperCase(this: string, locales?: unknown): string {
          return ask({
            kind: '',
            method: 'case',
            locales: localesOf(locales),
            args: [String(this), true],
          }) as string;
        },
        toLocaleLowerCase(this: string, locales?: unknown): string {
          return ask({
            kind: '',
            method: 'case',
            locales: localesOf(locales),
            args: [String(this), false],
          }) as string;
        },
      },
    ],
    [
      Object.getPrototypeOf(Uint8Array.prototype) as object,
      {
        toLocaleString(this: ArrayLike<number>, locales?: unknown, options?: unknown): string {
          return Array.from(this, (item) => item.toLocaleString(locales as string, options as object)).join(
            ',',
          );
        },
      },
    ],
    [
      Array.prototype,
      {
        toLocaleString(this: unknown[], locales?: unknown, options?: unknown): string {
          return Array.from(this, (item) =>
            item === undefined || item === null
              ? ''
              : (item as number).toLocaleString(locales as string, options as object),
          ).join(',');
        },
      },
    ],
  ];
  for (const [prototype, own] of methods) {
    for (const [name, value] of Object.entries(own)) {
      Object.defineProperty(prototype, name, {
        value,
        writable: true,
        configurable: true,
        enumerable: false,
      });
    }
  }
};
