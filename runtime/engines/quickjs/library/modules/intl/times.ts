import { inner } from '../../inner.ts';
import { plain } from './ask.ts';
import { type Part, Service } from './service.ts';

const defaultZone = (): string => inner.setup.env.TZ?.replace(/^:/, '') || 'UTC';

const timeOf = (value: unknown): number => {
  const time = value === undefined ? Date.now() : value instanceof Date ? value.getTime() : Number(value);
  if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) throw new RangeError('Invalid time value');
  return time;
};

interface Zoned {
  formatToParts(date: unknown): Part[];
  formatRange(from: unknown, to: unknown): string;
  formatRangeToParts(from: unknown, to: unknown): Part[];
}

/** Dates of Temporal are told by the part of the library that has it: whoever holds one has loaded it. */
const isTemporal = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  /^\[object Temporal\./.test(Object.prototype.toString.call(value));

export class DateTimeFormat extends Service {
  readonly #given: readonly [locales: unknown, options: unknown];
  #zoned: Zoned | undefined;
  constructor(locales?: unknown, options?: unknown) {
    const given = plain(options);
    super(
      'DateTimeFormat',
      locales,
      given.timeZone === undefined ? { ...given, timeZone: defaultZone() } : given,
    );
    this.#given = [locales, options];
  }
  get #forTemporal(): Zoned {
    const { DateTimeFormat: Format } = inner.part('temporal') as {
      readonly DateTimeFormat: new (...given: readonly unknown[]) => Zoned;
    };
    this.#zoned ??= new Format(...this.#given);
    return this.#zoned;
  }
  get format(): (date?: unknown) => string {
    return (date) =>
      isTemporal(date)
        ? (date as Date).toLocaleString(...(this.#given as unknown as [])) // it says so in the manner of dates
        : (this.ask('format', timeOf(date)) as string);
  }
  formatToParts(date?: unknown): Part[] {
    if (isTemporal(date)) return this.#forTemporal.formatToParts(date);
    return this.ask('formatToParts', timeOf(date)) as Part[];
  }
  formatRange(from: unknown, to: unknown): string {
    if (isTemporal(from)) return this.#forTemporal.formatRange(from, to);
    return this.ask('formatRange', timeOf(from), timeOf(to)) as string;
  }
  formatRangeToParts(from: unknown, to: unknown): Part[] {
    if (isTemporal(from)) return this.#forTemporal.formatRangeToParts(from, to);
    return this.ask('formatRangeToParts', timeOf(from), timeOf(to)) as Part[];
  }
}

export class RelativeTimeFormat extends Service {
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

export class DurationFormat extends Service {
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
