import type { GuestValue } from '../vocabulary/guest-value.ts';
import { setOwn } from '../vocabulary/json.ts';

/**
 * A piece of a large value on its way to the host, which takes one at a time. `kinds` says what comes in which order; leaves and the names of
 * fields are taken from `leaves` in turn.
 */
export interface ValuePart {
  readonly kinds: Uint8Array;
  readonly leaves: readonly unknown[];
}

const KIND = Object.freeze({ leaf: 0, list: 1, object: 2, key: 3, end: 4 });
/** Steps in one part: a few milliseconds for who takes it. */
export const PART_STEPS = 2_000;
/** A value of so many parts at least goes in pieces. */
const LARGE = 5_000;

/**
 * The pieces of a large value; `undefined` for a small one, and for what holds anything but plain data, which goes as it is and is refused by
 * whoever takes it.
 * @param most Steps after which nothing more is told: the host would not take it.
 */
export function toParts(value: unknown, most: number): readonly ValuePart[] | undefined {
  const parts: ValuePart[] = [];
  const pieces = eachPart(value, most);
  let next = pieces.next();
  for (; next.done !== true; next = pieces.next()) parts.push(next.value);
  return next.value < LARGE ? undefined : parts;
}

/** The pieces one by one: each is made when it is asked for. Answers their steps in the end, 0 for what is not plain data. */
export function* eachPart(value: unknown, most: number): Generator<ValuePart, number, void> {
  let kinds: number[] = [];
  let leaves: unknown[] = [];
  let steps = 0;
  const add = (kind: number, leaf?: unknown): void => {
    kinds.push(kind);
    if (kind === KIND.leaf || kind === KIND.key) leaves.push(leaf);
    steps += 1;
  };
  const piece = (): ValuePart => {
    const part = { kinds: Uint8Array.from(kinds), leaves };
    kinds = [];
    leaves = [];
    return part;
  };
  const stack: { readonly holder: object; readonly items: Items }[] = [];
  /** What is being told of: a value that refers to itself goes as it is. */
  const open = new Set<object>();
  const push = (kind: number, holder: object, items: Items): void => {
    add(kind);
    open.add(holder);
    stack.push({ holder, items });
  };
  const enter = (item: unknown): boolean => {
    if (isLeaf(item)) add(KIND.leaf, item);
    else if (open.has(item as object))
      return false; // what is not a leaf is an object, or was never added
    else if (Array.isArray(item)) push(KIND.list, item, elements(item));
    else if (isPlain(item)) push(KIND.object, item, fields(item));
    else return false;
    return true;
  };
  if (isLeaf(value) || !enter(value)) return 0;
  while (steps <= most) {
    if (kinds.length >= PART_STEPS - 1) yield piece(); // the next turn may add two
    const top = stack.at(-1);
    if (top === undefined) break;
    const next = top.items.next();
    if (next.done === true) {
      stack.pop();
      open.delete(top.holder);
      add(KIND.end);
      continue;
    }
    const [key, item] = next.value;
    if (key !== undefined) add(KIND.key, key);
    if (!enter(item)) return 0;
  }
  if (kinds.length > 0) yield piece();
  return steps;
}

/** Puts a value together again. Nothing that comes in is trusted. */
export interface ValueTaker {
  /** @returns Whether it was a piece that may come here. */
  take(part: ValuePart): boolean;
  /** Steps and characters that have come so far. */
  readonly weight: number;
  /** The value, as far as it came. */
  value(): GuestValue;
}

export function createValueTaker(): ValueTaker {
  const stack: Holder[] = [];
  let root: GuestValue;
  let begun = false;
  let weight = 0;
  const put = (value: GuestValue): boolean => {
    const holder = stack.at(-1);
    if (holder === undefined) {
      if (begun) return false;
      begun = true;
      root = value;
    } else if (holder.list !== undefined) holder.list.push(value);
    else if (holder.key !== undefined) {
      setOwn(holder.fields, holder.key, value);
      holder.key = undefined;
    } else return false;
    return true;
  };
  const step = (kind: number | undefined, leaves: Iterator<unknown>): boolean => {
    switch (kind) {
      case KIND.leaf: {
        const { value } = leaves.next();
        if (!isLeaf(value)) return false;
        weight +=
          typeof value === 'string' ? value.length : value instanceof Uint8Array ? value.byteLength : 0;
        return put(value);
      }
      case KIND.list: {
        const list: GuestValue[] = [];
        if (!put(list)) return false;
        stack.push({ list, fields: {}, key: undefined });
        return true;
      }
      case KIND.object: {
        const fields: Record<string, GuestValue> = {};
        if (!put(fields)) return false;
        stack.push({ list: undefined, fields, key: undefined });
        return true;
      }
      case KIND.key: {
        const holder = stack.at(-1);
        const { value } = leaves.next();
        if (holder === undefined || holder.list !== undefined || holder.key !== undefined) return false;
        if (typeof value !== 'string') return false;
        weight += value.length;
        holder.key = value;
        return true;
      }
      case KIND.end: {
        const ended = stack.pop();
        return ended !== undefined && ended.key === undefined;
      }
      default:
        return false;
    }
  };
  return {
    take: ({ kinds, leaves }) => {
      if (kinds.length > PART_STEPS || leaves.length > kinds.length) return false;
      const given = leaves.values();
      weight += kinds.length;
      for (const kind of kinds) if (!step(kind, given)) return false;
      return true;
    },
    get weight() {
      return weight;
    },
    value: () => root,
  };
}

type Items = Iterator<readonly [key: string | undefined, item: unknown]>;

interface Holder {
  readonly list: GuestValue[] | undefined;
  readonly fields: Record<string, GuestValue>;
  key: string | undefined;
}

type Leaf = null | undefined | boolean | number | string | bigint | Uint8Array;

function isLeaf(value: unknown): value is Leaf {
  switch (typeof value) {
    case 'object':
      return value === null || value instanceof Uint8Array;
    case 'function':
    case 'symbol':
      return false;
    default:
      return true;
  }
}

const isPlain = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

function* fields(holder: object): Generator<readonly [key: string, unknown], void, undefined> {
  for (const name of Object.keys(holder)) yield [name, (holder as Readonly<Record<string, unknown>>)[name]];
}

function* elements(list: readonly unknown[]): Generator<readonly [undefined, unknown], void, undefined> {
  for (const item of list) yield [undefined, item];
}
