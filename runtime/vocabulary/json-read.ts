import { inSlices, SLICE, type Slices } from './in-slices.ts';
import { type JsonValue, setOwn } from './json.ts';
import { MOST_FIELDS } from './size-of-json.ts';

/** Nesting of a text that is read in slices. */
const MOST_DEPTH = 1_000;
/** Up to here a text is parsed in one go: a few milliseconds. */
const SMALL_TEXT = 131_072;
/** Characters of strings that cost as much as one part does. */
const PART_TEXT = 64;
/** Characters of a string that are read in one slice: some milliseconds. */
const LONG_STRING = 524_288;

interface Frame {
  readonly list: JsonValue[] | undefined;
  readonly fields: Record<string, JsonValue> | undefined;
  /** Name of the field that is read. */
  key: string;
  /** Fields read so far. */
  count: number;
}

/**
 * What `JSON.parse` answers, read with turns for others where the text is long.
 * @throws {SyntaxError} for what is not JSON, and in a long text for nesting over 1,000 and for an object of more than 100,000 fields.
 */
export async function parseJson(text: string): Promise<JsonValue> {
  return text.length <= SMALL_TEXT ? (JSON.parse(text) as JsonValue) : inSlices(jsonSlices(text)); // JSON.parse makes nothing else
}

/** The same as slices of other work. A short text is one part of it. */
export function* jsonSlices(text: string): Slices<JsonValue> {
  const read = createReader(text);
  const stack: Frame[] = [];
  let parts = 0;
  let value: JsonValue | undefined;
  const open = (list: boolean): void => {
    if (stack.length >= MOST_DEPTH) throw new SyntaxError(`nested deeper than ${MOST_DEPTH}`);
    read.skip();
    stack.push({ list: list ? [] : undefined, fields: list ? undefined : {}, key: '', count: 0 });
  };
  for (;;) {
    parts += 1 + read.spent();
    if (parts >= SLICE) {
      parts = 0;
      yield;
    }
    // A value, or what opens one.
    const next = read.next();
    if (next === '[' || next === '{') {
      open(next === '[');
      const closes = next === '[' ? ']' : '}';
      if (read.next() !== closes) {
        const frame = stack.at(-1);
        if (frame !== undefined && closes === '}') frame.key = read.key() ?? (yield* read.longKey());
        continue;
      }
      read.skip();
      const empty = stack.pop();
      value = empty?.list ?? empty?.fields ?? null;
    } else {
      const leaf = read.leaf();
      value = leaf === undefined ? yield* read.longString() : leaf;
    }
    // Where it belongs; what it ends with it.
    for (;;) {
      const frame = stack.at(-1);
      if (frame === undefined) {
        read.end();
        return value;
      }
      if (frame.list !== undefined) frame.list.push(value);
      else if (frame.fields !== undefined) {
        frame.count += 1;
        if (frame.count > MOST_FIELDS) throw new SyntaxError(`over ${MOST_FIELDS} fields in one object`);
        setOwn(frame.fields, frame.key, value);
      }
      const after = read.next();
      read.skip();
      if (after === ',') {
        if (frame.fields !== undefined) frame.key = read.key() ?? (yield* read.longKey());
        break;
      }
      if (after !== (frame.list === undefined ? '}' : ']')) throw read.unexpected();
      stack.pop();
      value = frame.list ?? frame.fields ?? null;
      parts += 1;
    }
  }
}

const QUOTE = 34;
const BACKSLASH = 92;
const LETTER_U = 117;
const WORDS: Readonly<Record<string, JsonValue>> = { t: true, f: false, n: null };
const TEXTS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };

/** Where a text is read. */
interface Place {
  at: number;
  /** Long strings that were read, in parts. */
  spent: number;
}

function unexpectedAt(text: string, { at }: Place): SyntaxError {
  const before = Math.max(0, at - 1);
  return new SyntaxError(
    before >= text.length
      ? 'it is cut off'
      : `unexpected ${JSON.stringify(text[before])} at character ${before}`,
  );
}

/** The strings of a text, each from its quote on. */
function createStrings(text: string, place: Place) {
  /** To the quote that ends a string, or to the end of what is looked at, never into an escape. Answers whether it is the quote. */
  const toQuote = (most: number): boolean => {
    let { at } = place;
    for (; at < most; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) break;
      if (unit === BACKSLASH) at += text.charCodeAt(at + 1) === LETTER_U ? 5 : 1;
    }
    place.at = at;
    if (at < most) return true;
    if (at < text.length) return false;
    place.at = text.length + 1;
    throw unexpectedAt(text, place);
  };
  return {
    /** `undefined` for a long one, of which nothing is read. */
    string(): string | undefined {
      const start = place.at;
      place.at += 1;
      if (!toQuote(Math.min(text.length, start + LONG_STRING))) {
        place.at = start;
        return undefined;
      }
      place.at += 1;
      place.spent += Math.floor((place.at - start) / PART_TEXT);
      // A string of its own: a part of the whole text would keep all of it.
      return JSON.parse(text.slice(start, place.at)) as string; // it is one
    },
    *longString(): Slices<string> {
      place.at += 1;
      let whole = '';
      for (let ends = false; !ends; ) {
        const start = place.at;
        ends = toQuote(Math.min(text.length, start + LONG_STRING));
        whole += JSON.parse(`"${text.slice(start, place.at)}"`) as string; // it is one
        yield;
      }
      place.at += 1;
      return whole;
    },
  };
}

/** The tokens of a text, one after the other. */
function createReader(text: string) {
  const place: Place = { at: 0, spent: 0 };
  const { string, longString } = createStrings(text, place);
  const unexpected = (): SyntaxError => unexpectedAt(text, place);
  const blanks = (): void => {
    for (; place.at < text.length; place.at += 1) {
      const unit = text.charCodeAt(place.at);
      if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
    }
  };
  const colon = (name: string): string => {
    blanks();
    place.at += 1;
    if (text[place.at - 1] !== ':') throw unexpected();
    return name;
  };
  const number = (): number => {
    const start = place.at;
    let whole = true;
    for (; place.at < text.length; place.at += 1) {
      const unit = text.charCodeAt(place.at);
      if (unit >= 48 && unit <= 57) continue;
      if (unit !== 43 && unit !== 45 && unit !== 46 && unit !== 69 && unit !== 101) break;
      whole = false;
    }
    const digits = text.slice(start, place.at);
    if (digits === '') {
      place.at += 1;
      throw unexpected();
    }
    return whole && text.charCodeAt(start) !== 48 ? Number(digits) : (JSON.parse(digits) as number); // a number, or it throws
  };
  return {
    /** The next character that is not a blank; empty at the end. */
    next: (): string => {
      blanks();
      return text[place.at] ?? '';
    },
    skip: (): void => {
      place.at += 1;
    },
    /** What is no list and no object; `undefined` for a long string. */
    leaf: (): JsonValue | undefined => {
      const first = text[place.at] ?? '';
      if (first === '"') return string();
      const word = WORDS[first];
      if (word === undefined) return number();
      const whole = TEXTS[first] ?? '';
      if (!text.startsWith(whole, place.at)) {
        place.at += 1;
        throw unexpected();
      }
      place.at += whole.length;
      return word;
    },
    longString,
    /** The name of a field, and the colon after it; `undefined` for a long name. */
    key: (): string | undefined => {
      blanks();
      if (text[place.at] !== '"') {
        place.at += 1;
        throw unexpected();
      }
      const name = string();
      return name === undefined ? undefined : colon(name);
    },
    *longKey(): Slices<string> {
      return colon(yield* longString());
    },
    end: (): void => {
      blanks();
      place.at += 1;
      if (place.at <= text.length) throw unexpected();
    },
    unexpected,
    /** Long strings that were read since this was asked last, in parts. */
    spent: (): number => {
      const since = place.spent;
      place.spent = 0;
      return since;
    },
  };
}
