/** Longest request, characters of JSON. */
const MOST_REQUEST = 1024 * 1024;
/** Longest text that is cut into segments, each of which becomes an object. */
const MOST_SEGMENTED = 131_072;
/** Each segment names the whole text: so many characters of that are written at most, else it is left out. */
const MOST_INPUT = 4 * 1024 * 1024;
/** Digits of a number: reading and writing them takes longer than by their count. */
const MOST_DIGITS = 20_000;
/** Formatters kept for a run. */
const MOST_KEPT = 32;

/** The types do not know it yet, nor have all platforms it. */
const { DurationFormat } = Intl as unknown as { readonly DurationFormat?: Make };

type Make = (locales: string[] | undefined, options: object) => object;

const MAKERS: Readonly<Record<string, Make>> = Object.assign(Object.create(null), {
  Collator: (locales, options) => new Intl.Collator(locales, options),
  DateTimeFormat: (locales, options) => new Intl.DateTimeFormat(locales, options),
  ...(DurationFormat === undefined
    ? {}
    : {
        DurationFormat: (locales: string[] | undefined, options: object) =>
          Reflect.construct(DurationFormat, [locales, options]),
      }),
  DisplayNames: (locales, options) => new Intl.DisplayNames(locales, options as Intl.DisplayNamesOptions),
  ListFormat: (locales, options) => new Intl.ListFormat(locales, options),
  NumberFormat: (locales, options) => new Intl.NumberFormat(locales, options),
  PluralRules: (locales, options) => new Intl.PluralRules(locales, options),
  RelativeTimeFormat: (locales, options) => new Intl.RelativeTimeFormat(locales, options),
  Segmenter: (locales, options) => new Intl.Segmenter(locales, options),
} satisfies Record<string, Make>);

const METHODS: ReadonlySet<string> = new Set(
  'format formatToParts formatRange formatRangeToParts resolvedOptions compare select selectRange of segment'.split(
    ' ',
  ),
);

/** What a guest asks. Bigints travel as `{ $bigint }`, numbers that JSON has no form for as `{ $number }`. */
interface Request {
  readonly kind: string;
  readonly method: string;
  readonly locales?: string[];
  readonly options?: object;
  readonly args?: readonly unknown[];
}

/** The platform's ICU for one run: pure, and no longer than its request. Answers JSON `{ value }`, or `{ error: [name, message] }`. */
export function createIntl(): (request: string) => string {
  const made = new Map<string, object>();
  const formatter = ({ kind, locales, options = {} }: Request): object => {
    const key = JSON.stringify([kind, locales, options]);
    const known = made.get(key);
    if (known !== undefined) return known;
    const make = MAKERS[kind];
    if (make === undefined) throw new TypeError(`no Intl.${kind}`);
    const one = make(locales, options);
    made.set(key, one);
    const [oldest] = made.keys();
    if (made.size > MOST_KEPT && oldest !== undefined) made.delete(oldest);
    return one;
  };
  return (text) => {
    try {
      if (text.length > MOST_REQUEST) throw new RangeError(`the text is over ${MOST_REQUEST} characters`);
      const request = JSON.parse(text) as Request; // our own library wrote it; what it holds is the guest's
      return JSON.stringify({ value: answer(request, formatter) });
    } catch (error) {
      const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', 'unknown'];
      return JSON.stringify({ error: [name, message] });
    }
  };
}

function answer(request: Request, formatter: (request: Request) => object): unknown {
  const { kind, method, locales, options, args = [] } = request;
  if (method === 'canonical') return Intl.getCanonicalLocales(locales);
  if (method === 'values') return Intl.supportedValuesOf(String(args[0]) as 'calendar');
  if (method === 'locale') return localeFields(String(args[0]), options);
  if (method === 'case') return changedCase(String(args[0]), args[1] === true, locales);
  if (method === 'supported') {
    const Type =
      MAKERS[kind] === undefined
        ? undefined
        : (Intl as unknown as Record<string, typeof Intl.Collator>)[kind];
    return Type?.supportedLocalesOf(locales as string[], options);
  }
  if (!METHODS.has(method)) throw new TypeError(`no method ${method}`);
  if (method === 'segment') checkLength(args[0], MOST_SEGMENTED);
  const one = formatter(request) as Record<string, (...args: unknown[]) => unknown>;
  const value = one[method]?.(...args.map(revived));
  return method === 'segment' ? segments(value as Iterable<Intl.SegmentData>) : value;
}

function checkLength(text: unknown, most: number): void {
  if (typeof text === 'string' && text.length > most)
    throw new RangeError(`the text is over ${most} characters`);
}

/** Thirty thousand segments of a text would hold it thirty thousand times. */
function segments(found: Iterable<Intl.SegmentData>): unknown[] {
  const all = [...found];
  const [first] = all;
  if (first === undefined || first.input.length * all.length <= MOST_INPUT) return all;
  return all.map(({ segment, index, isWordLike }) => ({ segment, index, isWordLike }));
}

const changedCase = (text: string, upper: boolean, locales: string[] | undefined): string =>
  upper ? text.toLocaleUpperCase(locales) : text.toLocaleLowerCase(locales);

function revived(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(revived);
  if (typeof given !== 'object' || given === null) return given === null ? undefined : given;
  const { $bigint, $number } = given as { readonly $bigint?: unknown; readonly $number?: unknown };
  if (typeof $bigint === 'string') {
    if ($bigint.length > MOST_DIGITS) throw new RangeError(`the number has over ${MOST_DIGITS} digits`);
    return BigInt($bigint);
  }
  return $number === undefined ? given : Number($number);
}

const FIELDS = [
  'baseName',
  'calendar',
  'caseFirst',
  'collation',
  'hourCycle',
  'language',
  'numberingSystem',
  'numeric',
  'region',
  'script',
] as const;

function localeFields(tag: string, options: object | undefined): object {
  const locale = new Intl.Locale(tag, options);
  return {
    tag: locale.toString(),
    maximal: locale.maximize().toString(),
    minimal: locale.minimize().toString(),
    ...Object.fromEntries(FIELDS.map((name) => [name, locale[name]])),
  };
}
