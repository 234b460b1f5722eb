import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';

/** What one argument may be. */
type Kind = 'text' | 'flag' | 'count' | 'texts' | 'fields' | 'button' | 'key' | 'tabs' | 'way';

const COMMON: Readonly<Record<string, Kind>> = { session: 'text', timeoutMs: 'count' };
/** An element: by a CSS selector, or by a reference of the last snapshot, such as `e5`. */
const ELEMENT: Readonly<Record<string, Kind>> = { selector: 'text', ref: 'text' };

/** Verb → its arguments. */
const VERBS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  navigate: { url: 'text' },
  back: {},
  tabs: { action: 'tabs', index: 'count' },
  close: {},
  snapshot: {},
  extract: { url: 'text', selectors: 'fields' },
  download: { url: 'text', ...ELEMENT },
  console: {},
  network: {},
  waitFor: { selector: 'text', text: 'text' },
  click: { ...ELEMENT, button: 'button' },
  fill: { ...ELEMENT, value: 'text' },
  fillForm: { url: 'text', data: 'fields', submit: 'flag' },
  press: { ...ELEMENT, key: 'key' },
  select: { ...ELEMENT, values: 'texts' },
  scroll: { ...ELEMENT, by: 'way' },
  screenshot: { url: 'text', fullPage: 'flag', ...ELEMENT },
  pdf: { url: 'text' },
};

/** Those that a verb does not do without. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  navigate: ['url'],
  extract: ['selectors'],
  fill: ['value'],
  fillForm: ['data'],
  press: ['key'],
  select: ['values'],
};
const NEED_ELEMENT: ReadonlySet<string> = new Set(['click', 'fill', 'select']);
const MOST_TEXT = 100_000;
const MOST_FIELDS = 200;

export interface BrowserCall {
  readonly args: JsonObject;
  readonly session: string | undefined;
  readonly timeoutMs: number | undefined;
}

/** @throws {SandglassError} INPUT_INVALID */
export function readBrowserCall(verb: string, given: JsonObject): BrowserCall {
  const known = VERBS[verb] ?? {};
  const args: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(given)) {
    const kind = Object.hasOwn(known, name)
      ? known[name]
      : Object.hasOwn(COMMON, name)
        ? COMMON[name]
        : undefined;
    if (kind === undefined)
      throw complain(
        verb,
        `unknown argument ${JSON.stringify(name.slice(0, 64))}; known are ${[...Object.keys(known), ...Object.keys(COMMON)].join(', ')}`,
      );
    if (value === null) continue;
    const wrong = misfit(kind, value);
    if (wrong !== undefined) throw complain(verb, `"${name}" must be ${wrong}`);
    args[name] = value;
  }
  for (const name of NEEDED[verb] ?? [])
    if (args[name] === undefined) throw complain(verb, `"${name}" is missing`);
  if (NEED_ELEMENT.has(verb) && args.selector === undefined && args.ref === undefined)
    throw complain(verb, '"selector" or "ref" is missing');
  if (
    verb === 'download' &&
    [args.url, args.selector, args.ref].filter((one) => one !== undefined).length !== 1
  )
    throw complain(verb, 'one of "url", "selector" and "ref" is wanted');
  const { session, timeoutMs, ...rest } = args;
  if (typeof session === 'string' && !/^[\w-]{1,64}$/.test(session))
    throw complain(verb, '"session" must be a name of 1 to 64 letters, digits, _ and -');
  if (typeof rest.ref === 'string' && !/^[a-z0-9]{1,16}$/.test(rest.ref))
    throw complain(verb, '"ref" must be a reference of the last snapshot, such as e5');
  return {
    args: rest,
    session: typeof session === 'string' ? session : undefined,
    timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : undefined,
  };
}

/** What it must be, where it is not. */
function misfit(kind: Kind, value: JsonValue): string | undefined {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value.length <= MOST_TEXT && !value.includes('\0')
        ? undefined
        : `a text of at most ${MOST_TEXT} characters`;
    case 'flag':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'count':
      return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= 600_000
        ? undefined
        : 'a whole number from 0 to 600000';
    case 'texts':
      return typeof value === 'string' || (isTexts(value) && value.length <= MOST_FIELDS)
        ? undefined
        : 'a text, or a list of texts';
    case 'fields':
      return isJsonObject(value) &&
        Object.keys(value).length <= MOST_FIELDS &&
        Object.values(value).every(
          (one) => typeof one === 'string' || typeof one === 'boolean' || typeof one === 'number',
        )
        ? undefined
        : `an object of at most ${MOST_FIELDS} texts by name`;
    case 'button':
      return value === 'left' || value === 'right' || value === 'middle'
        ? undefined
        : 'left, right or middle';
    case 'key':
      return typeof value === 'string' && /^[\w+ ]{1,40}$|^.$/u.test(value)
        ? undefined
        : 'the name of a key, such as Enter';
    case 'tabs':
      return value === 'list' || value === 'select' || value === 'new' || value === 'close'
        ? undefined
        : 'list, select, new or close';
    case 'way':
      return typeof value === 'number' && Math.abs(value) <= 1_000_000 ? undefined : 'a number of pixels';
  }
}

const isTexts = (value: JsonValue): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

const complain = (verb: string, reason: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot call browser.${verb}: ${reason}`, {
    details: { reason: 'invalid' },
  });
