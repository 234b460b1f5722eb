import { plain } from './ask.ts';
import { type Part, Service } from './service.ts';

export class Collator extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('Collator', locales, plain(options));
  }
  get compare(): (a: unknown, b: unknown) => number {
    return (a, b) => this.ask('compare', String(a), String(b)) as number;
  }
}

const texts = (list: unknown): string[] => {
  const items = list === undefined ? [] : Array.from(list as Iterable<unknown>);
  for (const item of items)
    if (typeof item !== 'string') throw new TypeError('Iterable yielded a value which is not a string');
  return items as string[];
};
export class ListFormat extends Service {
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

export class DisplayNames extends Service {
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
export class Segmenter extends Service {
  constructor(locales?: unknown, options?: unknown) {
    super('Segmenter', locales, plain(options));
  }
  segment(text: unknown): Segments {
    return new Segments(this.ask('segment', String(text)) as Segment[]);
  }
}
