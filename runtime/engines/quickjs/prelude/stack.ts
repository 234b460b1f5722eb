import { callSites } from './call-sites.ts';
import { installCircles } from './circles.ts';
import { guestFrames } from './frames.ts';
import {
  define,
  defineProperty,
  deleteProperty,
  ErrorType,
  hasOwn,
  indexOf,
  isArray,
  jsonParse,
  ownKeys,
  slice,
} from './primordials.ts';

/**
 * The name under which QuickJS itself writes the frames of an error. The build gives it one that no program can spell, so that `stack` is ours:
 * an accessor that answers in V8's form.
 */
let hidden: PropertyKey = '';

const text = (object: object, key: PropertyKey): string | undefined => {
  const value = (object as Record<PropertyKey, unknown>)[key];
  return typeof value === 'string' ? value : undefined;
};

/** The frames of an error, those of the prelude too: what the engine wrote, or what the program has put there. */
export const rawFrames = (error: object): string => {
  if (!hasOwn(error, 'stack')) return text(error, hidden) ?? '';
  const given = text(error, 'stack') ?? '';
  const first = given.search(/^\s+at /m);
  return first < 0 ? '' : given.slice(first);
};

/** Takes the engine's frames off an error; it writes them anew where the error is thrown. */
export const withoutFrames = (error: object): void => {
  deleteProperty(error, hidden);
};

const headOf = (error: object): string => {
  const name = text(error, 'name') ?? 'Error';
  const message = text(error, 'message') ?? '';
  return message === '' ? name : name === '' ? message : `${name}: ${message}`;
};

/** As V8 has it: name and message, then a line a frame; or what the program makes of the frames. */
const stackOf = (error: object, given = text(error, hidden) ?? ''): unknown => {
  const { stackTraceLimit: most, prepareStackTrace: prepare } = ErrorType as unknown as {
    readonly stackTraceLimit?: unknown;
    readonly prepareStackTrace?: unknown;
  };
  const frames = firstLines(guestFrames(given), typeof most === 'number' ? most : 0);
  if (typeof prepare === 'function' && !preparing) {
    preparing = true;
    try {
      return prepare(error, callSites(frames));
    } finally {
      preparing = false;
    }
  }
  return frames === '' ? headOf(error) : `${headOf(error)}\n${frames}`;
};
let preparing = false;

const firstLines = (frames: string, most: number): string => {
  let end = -1;
  for (let count = 0; count < most; count++) {
    end = indexOf(frames, '\n', end + 1);
    if (end < 0) return frames;
  }
  return most > 0 ? slice(frames, 0, end) : '';
};

/** Without the frames up to that of a function, by its name. */
const above = (frames: string, callee: unknown): string => {
  const name = typeof callee === 'function' ? callee.name : '';
  if (name === '') return frames;
  const found = indexOf(frames, ` at ${name} (`);
  const end = found < 0 ? -1 : indexOf(frames, '\n', found);
  return found < 0 ? frames : end < 0 ? '' : slice(frames, end + 1);
};

/** The names of an error's own properties tell `stack`, as under V8, and not what the engine calls it. */
const installNames = (): void => {
  for (const [holder, name, plain] of [
    [Object, 'getOwnPropertyNames', Object.getOwnPropertyNames],
    [Reflect, 'ownKeys', Reflect.ownKeys],
  ] as const) {
    define(
      holder,
      name,
      {
        [name](object: object): PropertyKey[] {
          const names: PropertyKey[] = plain(object);
          for (let at = 0; at < names.length && at < FIRST_NAMES; at++)
            if (names[at] === hidden) names[at] = 'stack';
          return names;
        },
      }[name],
    );
  }
};
/** The engine writes its frames when an error is made or thrown, which is before most of what a program adds. */
const FIRST_NAMES = 16;

export const installStack = (): void => {
  const keys = ownKeys(new ErrorType('x'));
  for (let at = 0; at < keys.length; at++) if (keys[at] !== 'message') hidden = keys[at] as PropertyKey; // within its length
  if (hidden === '' || hidden === 'stack')
    throw new ErrorType('the engine writes its frames under their own name');
  defineProperty(ErrorType.prototype, 'stack', {
    __proto__: null,
    configurable: true,
    enumerable: false,
    get(this: unknown): unknown {
      return typeof this === 'object' && this !== null && this !== ErrorType.prototype
        ? stackOf(this)
        : undefined;
    },
    set(this: object, value: unknown): void {
      define(this, 'stack', value);
    },
  } as PropertyDescriptor);
  define(ErrorType, 'stackTraceLimit', 10);
  define(ErrorType, 'captureStackTrace', function captureStackTrace(target: object, callee?: unknown): void {
    define(target, 'stack', stackOf(target, above(guestFrames(text(new ErrorType(), hidden) ?? ''), callee)));
  });
  installJsonParse();
  installNames();
};

/** QuickJS's words for what is wrong with a JSON text → V8's, at the place they are about. */
const WORDS: Readonly<Record<string, string>> = {
  __proto__: null,
  'expecting property name': "Expected property name or '}'",
  "expecting ']'": "Expected ',' or ']' after array element",
  "expecting '}'": "Expected ',' or '}' after property value",
  "expecting ':'": "Expected ':' after property name",
  'unexpected data at the end': 'Unexpected non-whitespace character after JSON',
  'Unexpected number': 'Unexpected number',
  'Bad control character in string literal': 'Bad control character in string literal',
  'Bad escaped character': 'Bad escaped character',
  'Unterminated fractional number': 'Unterminated fractional number',
} as unknown as Readonly<Record<string, string>>; // `__proto__: null` is syntax, not a field
const END = 'Unexpected end of JSON input';

const jsonError = (given: string, error: Error): SyntaxError => {
  const [, line = '1', column = '1'] = /<input>:(\d+):(\d+)/.exec(text(error, hidden) ?? '') ?? [];
  let at = 0;
  for (let row = 1; row < +line; row++) at = given.indexOf('\n', at) + 1;
  at += +column - 1;
  const place = (from: number): string => {
    const before = given.slice(0, from);
    const row = before.split('\n').length;
    return ` in JSON at position ${from} (line ${row} column ${from - before.lastIndexOf('\n')})`;
  };
  const words = WORDS[error.message];
  const rest = given.slice(at);
  if (rest !== '' && ['true', 'false', 'null'].some((word) => word !== rest && word.startsWith(rest)))
    return new SyntaxError(END);
  const number = /^-?(?:0(?=\d)|\d*(?:\.\d+)?[eE][-+]?(?=$|[^\d])|(?=$|[^\d]))/.exec(rest)?.[0];
  if (number) {
    const end = at + number.length;
    if (number === '-') return new SyntaxError(`No number after minus sign${place(end)}`);
    if (/[eE][-+]?$/.test(number)) return new SyntaxError(`Exponent part is missing a number${place(end)}`);
    return new SyntaxError(`Unexpected number${place(end)}`);
  }
  const escaped = /\\u[0-9a-fA-F]{0,3}(?=[^0-9a-fA-F])/.exec(given);
  if (escaped !== null && words === undefined && given[at] !== undefined && escaped.index <= at)
    return new SyntaxError(`Bad Unicode escape${place(escaped.index + escaped[0].length)}`);
  if (/^\s*$/.test(given.slice(at)) && words === undefined) return new SyntaxError(END);
  if (error.message === END) return new SyntaxError(`Unterminated string${place(given.length)}`);
  if (words?.endsWith('JSON')) return new SyntaxError(words + place(at).slice(' in JSON'.length));
  if (words !== undefined) {
    const afterComma = error.message === 'expecting property name' && /,\s*$/.test(given.slice(0, at));
    return new SyntaxError((afterComma ? 'Expected double-quoted property name' : words) + place(at));
  }
  const shown =
    given.length > 40 ? `...${jsonText(given.slice(Math.max(0, at - 10), at + 10))}...` : jsonText(given);
  if (/^(?:undefined|NaN|\[object )/.test(given)) return new SyntaxError(`${shown} is not valid JSON`);
  return new SyntaxError(`Unexpected token '${given[at] ?? ''}', ${shown} is not valid JSON`);
};
const jsonText = (part: string): string => `"${part}"`;

/** `JSON.parse` that says what is wrong in V8's words, at the line of the program that called it. */
const installJsonParse = (): void => {
  define(JSON, 'parse', function parse(given: unknown, reviver?: never): unknown {
    return parseJson(given, reviver);
  });
  installCircles();
};

/** A JSON text that a program is given. */
export const parseJson = (given: unknown, reviver?: never): unknown => {
  try {
    return isArray(reviver) || typeof reviver !== 'function'
      ? jsonParse(given as string)
      : jsonParse(given as string, reviver);
  } catch (error) {
    if (!(error instanceof SyntaxError) || !/^\s*at <input>:/.test(text(error, hidden) ?? '')) throw error;
    throw jsonError(`${given}`, error);
  }
};
