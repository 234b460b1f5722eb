import { inner, type Named } from '../../inner.ts';
import { ask, plain } from './ask.ts';
import { localesOf } from './locale.ts';
import { NumberFormat } from './numbers.ts';
import { Collator } from './texts.ts';
import { DateTimeFormat } from './times.ts';

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

const numberText = (value: number | bigint, locales: unknown, options: unknown): string =>
  remembered('number', locales, plain(options), () => new NumberFormat(locales, options)).format(value);
const cased = (text: string, locales: unknown, upper: boolean): string =>
  ask({ kind: '', method: 'case', locales: localesOf(locales), args: [text, upper] }) as string;
const itemText = (item: unknown, locales: unknown, options: unknown): string =>
  item === undefined || item === null
    ? ''
    : (item as number).toLocaleString(locales as string, options as object);

const METHODS: readonly (readonly [prototype: object, methods: Named])[] = [
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
        return numberText(Number(this), locales, options);
      },
    },
  ],
  [
    BigInt.prototype,
    {
      toLocaleString(this: bigint, locales?: unknown, options?: unknown): string {
        return numberText(BigInt(this), locales, options);
      },
    },
  ],
  [
    String.prototype,
    {
      localeCompare(this: string, other: unknown, locales?: unknown, options?: unknown): number {
        const collator = remembered(
          'collator',
          locales,
          plain(options),
          () => new Collator(locales, options),
        );
        return collator.compare(String(this), String(other));
      },
      toLocaleUpperCase(this: string, locales?: unknown): string {
        return cased(String(this), locales, true);
      },
      toLocaleLowerCase(this: string, locales?: unknown): string {
        return cased(String(this), locales, false);
      },
    },
  ],
  [
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    {
      toLocaleString(this: ArrayLike<number>, locales?: unknown, options?: unknown): string {
        return Array.from(this, (item) => itemText(item, locales, options)).join(',');
      },
    },
  ],
  [
    Array.prototype,
    {
      toLocaleString(this: unknown[], locales?: unknown, options?: unknown): string {
        return Array.from(this, (item) => itemText(item, locales, options)).join(',');
      },
    },
  ],
];

/** `toLocale…` and `localeCompare` of the built-in types. */
export const installLocaleMethods = (): void => {
  for (const [prototype, own] of METHODS) {
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
