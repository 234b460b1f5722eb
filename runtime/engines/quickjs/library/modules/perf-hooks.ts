import { inner, wrongArgument } from '../inner.ts';

interface Entry {
  readonly name: string;
  readonly entryType: string;
  readonly startTime: number;
  readonly duration: number;
  readonly detail: unknown;
}
interface MarkOptions {
  readonly startTime?: number;
  readonly detail?: unknown;
}
interface MeasureOptions {
  readonly start?: string | number;
  readonly end?: string | number;
  readonly duration?: number;
  readonly detail?: unknown;
}

let entries: Entry[] = [];
const now = (): number => inner.host.monotonic();

const timeOf = (mark: string | number | undefined, fallback: number): number => {
  if (mark === undefined) return fallback;
  if (typeof mark === 'number') return mark;
  const found = entries.findLast(({ name, entryType }) => name === mark && entryType === 'mark');
  if (found !== undefined) return found.startTime;
  throw new DOMException(`The "${mark}" performance mark has not been set`, 'SyntaxError');
};

class PerformanceEntry implements Entry {
  readonly name: string;
  readonly entryType: string;
  readonly startTime: number;
  readonly duration: number;
  readonly detail: unknown;
  constructor(entry: Entry) {
    this.name = entry.name;
    this.entryType = entry.entryType;
    this.startTime = entry.startTime;
    this.duration = entry.duration;
    this.detail = entry.detail;
  }
  toJSON(): Entry {
    return { ...this };
  }
}

/** Fills in what the prelude's `performance` leaves out: marks and measures that can be looked up. */
const { performance } = globalThis;
Object.assign(performance, {
  mark: (name: unknown, { startTime = now(), detail = null }: MarkOptions = {}): Entry => {
    const entry = new PerformanceEntry({
      name: String(name),
      entryType: 'mark',
      startTime,
      duration: 0,
      detail,
    });
    entries.push(entry);
    tell(entry);
    return entry;
  },
  measure: (name: unknown, from?: string | MeasureOptions, to?: string): Entry => {
    const options = typeof from === 'object' ? from : { start: from, end: to };
    const end = timeOf(options.end, now());
    const start = timeOf(options.start, 0);
    const detail = (options as MeasureOptions).detail ?? null;
    const entry = new PerformanceEntry({
      name: String(name),
      entryType: 'measure',
      startTime: start,
      duration: end - start,
      detail,
    });
    entries.push(entry);
    tell(entry);
    return entry;
  },
  getEntries: () => [...entries],
  getEntriesByName: (name: string, type?: string) =>
    entries.filter((entry) => entry.name === name && (type === undefined || entry.entryType === type)),
  getEntriesByType: (type: string) => entries.filter((entry) => entry.entryType === type),
  clearMarks: (name?: string): void => {
    entries = entries.filter(
      (entry) => entry.entryType !== 'mark' || (name !== undefined && entry.name !== name),
    );
  },
  clearMeasures: (name?: string): void => {
    entries = entries.filter(
      (entry) => entry.entryType !== 'measure' || (name !== undefined && entry.name !== name),
    );
  },
  timerify: (fn: unknown) => fn,
  eventLoopUtilization: () => ({ idle: 0, active: now(), utilization: 1 }),
  nodeTiming: {},
});

const observers = new Set<PerformanceObserver>();
/** Tells those who observe entries of this kind, in a later turn. */
const tell = (entry: Entry): void => {
  for (const observer of observers) observer.take(entry);
};

interface EntryList {
  getEntries(): Entry[];
  getEntriesByName(name: string): Entry[];
  getEntriesByType(type: string): Entry[];
}
class PerformanceObserver {
  static readonly supportedEntryTypes = ['mark', 'measure'];
  readonly #listener: (list: EntryList, observer: PerformanceObserver) => void;
  #types: readonly string[] = [];
  #ready: Entry[] = [];
  constructor(listener: (list: EntryList, observer: PerformanceObserver) => void) {
    if (typeof listener !== 'function') throw wrongArgument('callback', 'of type function', listener);
    this.#listener = listener;
  }
  observe({
    entryTypes,
    type,
    buffered = false,
  }: {
    readonly entryTypes?: readonly string[];
    readonly type?: string;
    readonly buffered?: boolean;
  }): void {
    this.#types = entryTypes ?? [...this.#types, String(type)];
    observers.add(this);
    if (buffered) for (const entry of entries) this.take(entry);
  }
  take(entry: Entry): void {
    if (!this.#types.includes(entry.entryType)) return;
    if (this.#ready.length === 0) setImmediate(() => this.#tell());
    this.#ready.push(entry);
  }
  #tell(): void {
    const told = this.takeRecords();
    if (told.length === 0) return;
    const list: EntryList = {
      getEntries: () => told,
      getEntriesByName: (name) => told.filter((entry) => entry.name === name),
      getEntriesByType: (type) => told.filter((entry) => entry.entryType === type),
    };
    Reflect.apply(this.#listener, this, [list, this]);
  }
  disconnect(): void {
    observers.delete(this);
    this.#ready = [];
  }
  takeRecords(): Entry[] {
    return this.#ready.splice(0);
  }
}

const histogram = () => ({
  min: 0,
  max: 0,
  mean: 0,
  stddev: 0,
  percentile: () => 0,
  enable: () => true,
  disable: () => true,
  reset: () => undefined,
  record: () => undefined,
});

export const perfHooks = {
  performance,
  PerformanceEntry,
  PerformanceObserver,
  constants: {},
  createHistogram: histogram,
  monitorEventLoopDelay: histogram,
};
