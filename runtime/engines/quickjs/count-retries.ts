/// <reference path="./sucrase-state.d.ts" />
import exported from 'sucrase/dist/parser/tokenizer/state.js';

const { prototype } = 'default' in exported ? exported.default : exported;
const restore = prototype.restoreFromSnapshot;

/** Tokens that may still be read in vain. */
let left = Number.POSITIVE_INFINITY;

/** The text can be read in too many ways: a few nested brackets are enough to have each level read twice. */
export class TooManyRetries extends Error {}

// The parser tries what a text may be, and goes back where it was something else. What is read in vain is the only work that grows faster
// than the text.
prototype.restoreFromSnapshot = function (snapshot) {
  left -= this.tokens.length - snapshot.tokensLength;
  if (left < 0) throw new TooManyRetries();
  restore.call(this, snapshot);
};

/** Reads a text by the type remover, which may read so many tokens in vain. @throws {TooManyRetries} where it would read more */
export function withRetries<T>(most: number, read: () => T): T {
  left = most;
  try {
    return read();
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}
