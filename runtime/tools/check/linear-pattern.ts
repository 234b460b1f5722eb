import { RE2JS } from 're2js';

/** Characters of a pattern, which is compiled into a program several times as long. */
const MOST_CHARACTERS = 1_000;
/** Instructions that all patterns of a schema come to: to compile so many takes some tens of milliseconds. */
const MOST_INSTRUCTIONS = 20_000;
/** Characters times instructions of one check: what is linear in the text may still go through a whole pattern for each character of it. */
const MOST_STEPS = 2_000_000;

/** To begin with a text costs as much as so many characters of it. */
const BEGIN = 4;

interface Pattern {
  test(text: string): boolean;
  /** By it ajv tells patterns apart: two of the same text are one. */
  toString(): string;
}

/** The patterns of one schema. */
export interface Patterns {
  /** In the form in which ajv takes an engine; the code is for what is written to a file, which nothing here is. */
  readonly engine: ((source: string) => Pattern) & { readonly code: string };
  /** Another value is checked from here on. */
  begin(): void;
  /** The value has come to more steps than may be taken: whatever its check says is worth nothing. */
  readonly exceeded: boolean;
}

/**
 * Compiles patterns, which are matched in time linear in the text: a schema and what it is matched with may both be a stranger's.
 * Over the steps that may be taken in one go nothing is matched any more.
 */
export function createPatterns(): Patterns {
  let instructions = 0;
  let steps = 0;
  /** @throws {RangeError} for one that is too long. @throws {Error} for one that cannot be matched so: look-around, back references. */
  const compile = (source: string): Pattern => {
    if (source.length > MOST_CHARACTERS)
      throw new RangeError(`pattern has ${source.length} characters, over ${MOST_CHARACTERS}`);
    const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
    const size = compiled.programSize();
    instructions += size;
    if (instructions > MOST_INSTRUCTIONS)
      throw new RangeError(`its patterns come to over ${MOST_INSTRUCTIONS} steps a character`);
    return {
      test: (text) => {
        steps += (text.length + BEGIN) * size;
        return steps <= MOST_STEPS && compiled.matcher(text).find();
      },
      toString: () => `linear:${source}`,
    };
  };
  return {
    get exceeded() {
      return steps > MOST_STEPS;
    },
    engine: Object.assign(compile, { code: '' }),
    begin: () => {
      steps = 0;
    },
  };
}
