import type { JsonBounds } from '../../vocabulary/json-weight.ts';

/** The longest texts of an error, characters; the runner keeps to the same. */
export const ERROR_TEXTS = Object.freeze({
  name: 200,
  message: 10_000,
  stack: 20_000,
  file: 200,
  missing: 100,
});

/** What JSON makes of a character at most: two escapes of six each. */
const ESCAPED = 12;
const ERRORS_LENGTH = ESCAPED * Object.values(ERROR_TEXTS).reduce((sum, length) => sum + length, 0) + 4096;
/**
 * A character that a value is charged one byte for takes six in a report. Beside the value, the places of what JSON lacks, as the runner
 * bounds them.
 */
const [VALUE_TIMES, PLACES_TIMES] = [6, 4];
/** What the runner's values nest at most, and what is around them. */
const DEPTH = 110;
/** Lists and objects of the smallest kinds, for each byte that they are charged. */
const WEIGHT_TIMES = 40;

/**
 * What the runner's report of a run with so many bytes of output can be at most. Whatever is larger was not written by the runner, or does
 * not fit the output.
 */
export const reportBounds = (outputBytes: number): JsonBounds => ({
  length: (VALUE_TIMES + PLACES_TIMES) * outputBytes + ERRORS_LENGTH,
  depth: DEPTH,
  weight: WEIGHT_TIMES * outputBytes + 4096,
});
