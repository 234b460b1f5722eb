import { inSlices, SLICE, type Slices } from './in-slices.ts';
import { type JsonValue, setOwn } from './json.ts';
import { MOST_FIELDS } from './size-of-json.ts';

/** Nesting of a text that is read in slices. */
const MOST_DEPTH = 1_000;
/** Up to here a text is parsed in one go: a few milliseconds. */
const SMALL_TEXT = 131_072;
/** Characters of strings that cost as much as one part does. */
const PART_TEXT = 64;

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
 * @throws {SyntaxError} for what is not JSON, and in a long text for nesting over 1,000 and for an object of more than 200,000 fields.
 */
export async function parseJson(text: string): Promise<JsonValue> {
  return text.length <= SMALL_TEXT ? (JSON.parse(text) as JsonValue) : inSlices(jsonSlices(text)); // JSON.parse makes nothing else
}

function* jsonSlices(text: string): Slices<JsonValue> {
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
        if (frame !== undefined && closes === '}') frame.key = read.key();
        continue;
      }
      read.skip();
      const empty = stack.pop();
      value = empty?.list ?? empty?.fields ?? null;
    } else value = read.leaf();
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
        if (frame.fields !== undefined) frame.key = read.key();
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
const WORDS: Readonly<Record<string, JsonValue>> = { t: true, f: false, n: null };
const TEXTS: Readonly<Record<string, string>> = { t: 'true', f: 'false', n: 'null' };

/** The tokens of a text, one after the other. */
function createReader(text: string) {
  let at = 0;
  let spent = 0;
  const blanks = (): void => {
    for (; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) return;
    }
  };
  const unexpected = (): SyntaxError => {
    const before = Math.max(0, at - 1);
    return new SyntaxError(
      before >= text.length
        ? 'it is cut off'
        : `unexpected ${JSON.stringify(text[before])} at character ${before}`,
    );
  };
  const string = (): string => {
    at += 1; // the quote
    const start = at;
    for (; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) {
        at += 1;
        spent += Math.floor((at - start) / PART_TEXT);
        // A string of its own: a part of the whole text would keep all of it.
        return JSON.parse(text.slice(start - 1, at)) as string; // it is one
      }
      if (unit === BACKSLASH) at += 1;
    }
    at += 1;
    throw unexpected();
  };
  const number = (): number => {
    const start = at;
    let whole = true;
    for (; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit >= 48 && unit <= 57) continue;
      if (unit !== 43 && unit !== 45 && unit !== 46 && unit !== 69 && unit !== 101) break;
      whole = false;
    }
    const digits = text.slice(start, at);
    if (digits === '') {
      at += 1;
      throw unexpected();
    }
    return whole && text.charCodeAt(start) !== 48 ? Number(digits) : (JSON.parse(digits) as number); // a number, or it throws
  };
  return {
    /** The next character that is not a blank; empty at the end. */
    next: (): string => {
      blanks();
      return text[at] ?? '';
    },
    skip: (): void => {
      at += 1;
    },
    leaf: (): JsonValue => {
      const first = text[at] ?? '';
      if (first === '"') return string();
      const word = WORDS[first];
      if (word === undefined) return number();
      const whole = TEXTS[first] ?? '';
      if (!text.startsWith(whole, at)) {
        at += 1;
        throw unexpected();
      }
      at += whole.length;
      return word;
    },
    /** The name of a field, and the colon after it. */
    key: (): string => {
      blanks();
      if (text[at] !== '"') {
        at += 1;
        throw unexpected();
      }
      const name = string();
      blanks();
      at += 1;
      if (text[at - 1] !== ':') throw unexpected();
      return name;
    },
    end: (): void => {
      blanks();
      at += 1;
      if (at <= text.length) throw unexpected();
    },
    unexpected,
    /** Long strings that were read since this was asked last, in parts. */
    spent: (): number => {
      const since = spent;
      spent = 0;
      return since;
    },
  };
}
