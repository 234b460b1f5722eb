import { ErrorType, jsonStringify, objectCreate } from './primordials.ts';

/** A container that is being written. It lives in a list, not on the stack: nesting must not depend on how much stack there is. */
export interface Frame {
  readonly container: object;
  /** Names of a record; a list has none. */
  readonly keys: readonly string[] | undefined;
  readonly length: number;
  readonly item: (at: number) => unknown;
  /** An array of the guest's, or a copy of it. */
  readonly items: readonly unknown[] | undefined;
  at: number;
  text: string;
}

/** What has been read of a record: no field is read twice. */
export interface Reading {
  readonly object: object;
  readonly keys: readonly string[];
  readonly read: readonly unknown[];
}

/** One value on its way out. */
export interface OutWalk {
  readonly maxBytes: number;
  spent: number;
  /** The containers that are being written, the innermost last. */
  readonly open: Frame[];
  reading: Reading | undefined;
  /** What JSON cannot say, an entry of a JSON list each. */
  readonly specials: string[];
  readonly chunks: Uint8Array<ArrayBuffer>[];
  byteCount: number;
  /** Texts that leave as they are, one after the other. */
  long: string;
  /** Lists of records have the same keys again and again. */
  readonly quotedKeys: Record<string, string>;
}

export const openWalk = (maxBytes: number): OutWalk => ({
  maxBytes,
  spent: 0,
  open: [],
  reading: undefined,
  specials: [],
  chunks: [],
  byteCount: 0,
  long: '',
  quotedKeys: objectCreate(null) as Record<string, string>,
});

/** Why a value cannot leave the guest. */
export class Refuse extends ErrorType {
  readonly kind: 'x' | 'l';
  constructor(kind: 'x' | 'l', message: string) {
    super(message);
    this.kind = kind;
  }
}

const tooLong = (): Refuse => new Refuse('l', 'over the output limit');

/** @throws {Refuse} over what one value may take. */
export const spend = (walk: OutWalk, count: number): void => {
  walk.spent += count;
  if (walk.spent > walk.maxBytes) throw tooLong();
};

/** Pays for a text: what `spend` does, without another call for each leaf. */
export const put = (walk: OutWalk, text: string): string => {
  walk.spent += text.length;
  if (walk.spent > walk.maxBytes) throw tooLong();
  return text;
};

/** A text as JSON. */
export const quote = (walk: OutWalk, text: string): string => {
  walk.spent += text.length + 2;
  if (walk.spent > walk.maxBytes) throw tooLong();
  return jsonStringify(text);
};
