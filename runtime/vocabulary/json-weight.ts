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

/** The same for a text that comes as bytes of UTF-8, one after the other. */
export interface JsonWeigher {
  take(byte: number): void;
  /** Whether what was taken since the beginning is within the bounds. */
  fits(): boolean;
  /** Another text begins. */
  begin(): void;
}

/** @param bounds But for the length, which whoever counts the bytes knows. */
export function weighJson(bounds: Omit<JsonBounds, 'length'>): JsonWeigher {
  let depth = 0;
  let deepest = 0;
  let weight = 0;
  let quoted = false;
  let escaped = false;
  const open = (bytes: number): void => {
    depth += 1;
    deepest = Math.max(deepest, depth);
    weight += bytes;
  };
  return {
    take(byte) {
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) quoted = false;
      } else if (byte === QUOTE) quoted = true;
      else if (byte === COMMA) weight += ITEM_WEIGHT;
      else if (byte === LIST) open(LIST_WEIGHT);
      else if (byte === OBJECT) open(OBJECT_WEIGHT);
      else if (byte === LIST_END || byte === OBJECT_END) depth -= 1;
    },
    fits: () => deepest <= bounds.depth && weight <= bounds.weight,
    begin() {
      depth = 0;
      deepest = 0;
      weight = 0;
      quoted = false;
      escaped = false;
    },
  };
}
