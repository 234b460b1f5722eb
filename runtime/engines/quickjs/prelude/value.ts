import { begin } from './begin-value.ts';
import { NONE, takeLeaves } from './leaves.ts';
import { type Frame, type OutWalk, openWalk, put, Refuse, spend } from './out-walk.ts';
import { jsonStringify, toWellFormed } from './primordials.ts';
import { joinedBytes, specialsText } from './specials.ts';

/** A value on its way out: JSON text, with what JSON cannot say beside it. */
export interface Outgoing {
  /**
   * `j` plain JSON; `s` JSON with specials; `c` how many letters the long texts have, a comma, then such JSON; `u` undefined; `x` cannot
   * leave; `l` over the size limit.
   */
  readonly text: string;
  readonly bytes: ArrayBuffer | undefined;
  /** Texts that leave as they are, one after the other. */
  readonly long: string;
}

/**
 * Copies a value out of the guest. As `JSON.stringify` does: `toJSON` is respected, functions, symbols and `undefined` are left out (`null` in
 * arrays). Beyond it: `bigint`, bytes and numbers that are not finite stay what they are, a Map is an object (a list of pairs if
 * a key is not a string), a Set an array, an error `{ name, message }`, a RegExp its text. A cycle or nesting over 128 cannot leave.
 */
export const convert = (value: unknown, maxBytes: number): Outgoing => {
  const walk = openWalk(maxBytes);
  try {
    const text = write(walk, value);
    if (text === undefined) return { text: 'u', bytes: undefined, long: '' };
    if (walk.specials.length === 0) return { text: `j${text}`, bytes: undefined, long: '' };
    const whole = `{"json":${text},"specials":[${specialsText(walk)}]}`;
    const { long } = walk;
    return {
      text: long === '' ? `s${whole}` : `c${long.length},${whole}`,
      bytes: joinedBytes(walk),
      long,
    };
  } catch (error) {
    if (error instanceof Refuse)
      return { text: `${error.kind}${toWellFormed(error.message)}`, bytes: undefined, long: '' };
    throw error;
  }
};

/** Adds an item to the innermost container and moves on to its next one. */
const add = (walk: OutWalk, frame: Frame, text: string | undefined): void => {
  if (frame.keys === undefined) frame.text += `${frame.at > 0 ? ',' : ''}${text ?? put(walk, 'null')}`;
  else if (text !== undefined) {
    const { quotedKeys } = walk;
    const key = frame.keys[frame.at] as string; // within its length
    const quoted = quotedKeys[key] ?? jsonStringify(key);
    quotedKeys[key] = quoted;
    frame.text += `${frame.text === '' ? '' : ','}${put(walk, quoted)}:${text}`;
  }
  walk.spent += 1;
  if (walk.spent > walk.maxBytes) spend(walk, 0); // throws
  frame.at += 1;
};
const write = (walk: OutWalk, value: unknown): string | undefined => {
  const { open } = walk;
  let begun = begin(walk, value, '');
  for (;;) {
    if (typeof begun === 'object') {
      open[open.length] = begun;
      spend(walk, 2);
    } else {
      const holder = open[open.length - 1];
      if (holder === undefined) return begun;
      add(walk, holder, begun);
    }
    let frame = open[open.length - 1] as Frame; // one was put there, or found there
    let item: unknown = NONE;
    while (item === NONE) {
      while (frame.at >= frame.length) {
        const text = frame.keys === undefined ? `[${frame.text}]` : `{${frame.text}}`;
        open.length -= 1;
        const holder = open[open.length - 1];
        if (holder === undefined) return text;
        add(walk, holder, text);
        frame = holder;
      }
      item = frame.items === undefined ? frame.item(frame.at) : takeLeaves(walk, frame, frame.items);
    }
    const key = frame.keys === undefined ? frame.at : (frame.keys[frame.at] as string); // within its length
    begun = begin(walk, item, key);
  }
};
