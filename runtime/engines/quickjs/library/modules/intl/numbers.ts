import { plain } from './ask.ts';
import { type Part, Service } from './service.ts';

const numeric = (value: unknown): unknown =>
  typeof value === 'bigint' || typeof value === 'string' ? value : Number(value);

export class NumberFormat extends Service {
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

export class PluralRules extends Service {
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
