import { inner } from '../../inner.ts';
import { plain } from './ask.ts';
import { type Part, Service } from './service.ts';

const defaultZone = (): string => inner.setup.env.TZ?.replace(/^:/, '') || 'UTC';

const timeOf = (value: unknown): number => {
  const time = value === undefined ? Date.now() : value instanceof Date ? value.getTime() : Number(value);
  if (!Number.isFinite(time) || Math.abs(time) > 8.64e15) throw new RangeError('Invalid time value');
  return time;
};

export class DateTimeFormat extends Service {
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
