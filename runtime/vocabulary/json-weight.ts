/** What a text of JSON may become. */
export interface JsonBounds {
  /** UTF-16 units of the text. */
  readonly length: number;
  /** Lists and objects in one another. */
  readonly depth: number;
  /** Bytes that the lists and objects themselves take when it is parsed; its texts and names take what they have in the text. */
  readonly weight: number;
}

/** About what V8 takes for each, bytes. */
const [LIST_WEIGHT, OBJECT_WEIGHT, ITEM_WEIGHT] = [40, 64, 8];
const [QUOTE, COMMA, LIST, BACKSLASH, LIST_END, OBJECT, OBJECT_END] = [
  0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d,
];

/**
 * Looks at a text that nobody trusts before `JSON.parse` does, in one pass: a parser can neither be stopped nor told how much it may make, and a list
 * of over 134 million items ends the process. Says nothing of whether it is JSON.
 */
export function fitsJson(text: string, bounds: JsonBounds): boolean {
  if (text.length > bounds.length) return false;
  let depth = 0;
  let weight = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        for (at++; at < text.length && text.charCodeAt(at) !== QUOTE; at++)
          if (text.charCodeAt(at) === BACKSLASH) at++;
        break;
      case COMMA:
        weight += ITEM_WEIGHT;
        break;
      case LIST:
        depth++;
        weight += LIST_WEIGHT;
        break;
      case OBJECT:
        depth++;
        weight += OBJECT_WEIGHT;
        break;
      case LIST_END:
      case OBJECT_END:
        depth--;
        break;
    }
    if (depth > bounds.depth || weight > bounds.weight) return false;
  }
  return true;
}
