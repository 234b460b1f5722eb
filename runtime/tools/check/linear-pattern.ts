import { RE2JS } from 're2js';

/** Characters of a pattern, which is compiled into a program several times as long. */
const MOST_CHARACTERS = 1_000;

interface Pattern {
  test(text: string): boolean;
  /** By it ajv tells patterns apart: two of the same text are one. */
  toString(): string;
}

/**
 * A pattern of a schema, matched in time linear in the text: a schema and what it is matched with may both be a stranger's.
 * @throws {RangeError} for one that is too long. @throws {Error} for one that cannot be matched so: look-around, back references.
 */
function linearPattern(source: string): Pattern {
  if (source.length > MOST_CHARACTERS)
    throw new RangeError(`pattern has ${source.length} characters, over ${MOST_CHARACTERS}`);
  const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  return { test: (text) => compiled.matcher(text).find(), toString: () => `linear:${source}` };
}

/** In the form in which ajv takes an engine; the code is for what is written to a file, which nothing here is. */
export const LINEAR_ENGINE = Object.assign((source: string) => linearPattern(source), { code: '' });
