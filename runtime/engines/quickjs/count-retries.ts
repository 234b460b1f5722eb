/// <reference path="./sucrase-state.d.ts" />
import exported from 'sucrase/dist/parser/tokenizer/state.js';

const { prototype } = 'default' in exported ? exported.default : exported;
const restore = prototype.restoreFromSnapshot;

/** Characters that may still be read in vain. */
let left = Number.POSITIVE_INFINITY;
/** How far the text was read that turned out to be something else: the parser itself forgets it, and stands at the end from then on. */
let failedAt = 0;
const errors = new WeakMap<object, unknown>();

/** The text can be read in too many ways: a few nested brackets are enough to have each level read twice. */
export class TooManyRetries extends Error {}

Object.defineProperty(prototype, 'error', {
  get(this: typeof prototype) {
    return errors.get(this);
  },
  set(this: typeof prototype, error: unknown) {
    if (error !== null) failedAt = this.pos;
    errors.set(this, error);
  },
});

// The parser tries what a text may be, and goes back where it was something else. What is read in vain is the only work that grows faster
// than the text. It is counted in characters: a comment is no token, and a literal is one, however long they are.
prototype.restoreFromSnapshot = function (snapshot) {
  left -= (this.error === null ? this.pos : failedAt) - snapshot.pos;
  if (left < 0) throw new TooManyRetries();
  restore.call(this, snapshot);
};

/** Reads a text by the type remover, which may read so many characters in vain. @throws {TooManyRetries} where it would read more */
export function withRetries<T>(most: number, read: () => T): T {
  left = most;
  try {
    return read();
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}
