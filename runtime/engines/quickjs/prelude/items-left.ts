import { apply, define, getPrototypeOf, isArray, weakGet, weakSet } from './primordials.ts';

/** What an iterator has still to give. */
export interface Left {
  /** As Node tells it. */
  readonly label: string;
  readonly pairs: boolean;
  readonly values: readonly unknown[];
}

interface Taken extends Left {
  at: number;
}

type Step = { readonly done?: boolean; readonly value: unknown };

const maps: object = getPrototypeOf(new Map().keys()) as object;
const sets: object = getPrototypeOf(new Set().keys()) as object;
const next = {
  Map: (maps as { readonly next: () => Step }).next,
  Set: (sets as { readonly next: () => Step }).next,
};
/** The language's own: a program's takes note of what it refers to. */
const Weak = WeakRef;
const { deref } = Weak.prototype;
const taken = new WeakMap<object, Taken>();
const replayed: Record<'Map' | 'Set', boolean> = { Map: false, Set: false };

/**
 * What an iterator of a map or a set has not given yet. The language tells nobody without taking it, so it is taken, and given again from what
 * was kept: from the first time on that an iterator is shown.
 */
export const itemsLeft = (object: object): Left | undefined => {
  const prototype = getPrototypeOf(object);
  if (prototype !== maps && prototype !== sets) return undefined;
  const kind = prototype === maps ? 'Map' : 'Set';
  const before = weakGet(taken, object);
  if (before !== undefined) {
    const values: unknown[] = [];
    for (let at = before.at; at < before.values.length; at++) values[values.length] = before.values[at];
    return { label: before.label, pairs: before.pairs, values };
  }
  let pairs: boolean | undefined;
  const values: unknown[] = [];
  try {
    replay(kind); // throws where a program has frozen what it would change: nothing is taken then
    for (;;) {
      pairs ??= nextIsPair(object, kind, values);
      if (pairs === undefined) break;
      const step = apply(next[kind], object, []) as Step;
      if (step.done === true) break;
      values[values.length] = pairs
        ? [(step.value as unknown[])[0], (step.value as unknown[])[1]]
        : step.value;
    }
  } catch {
    return undefined; // it only has the prototype of one, or could not give again what is taken
  }
  const found: Taken = {
    label: `[${kind} ${pairs === true ? 'Entries' : 'Iterator'}]`,
    pairs: pairs === true,
    values,
    at: 0,
  };
  weakSet(taken, object, found);
  return found;
};

/**
 * Takes one item. It is a pair of the iterator's own making if nobody holds it once it is let go; a value that is a list lives on in its map.
 * @returns `undefined` where nothing is left.
 */
const nextIsPair = (object: object, kind: 'Map' | 'Set', values: unknown[]): boolean | undefined => {
  const made = firstOf(object, kind, values);
  if (made === undefined || typeof made === 'boolean') return made;
  const held: unknown = apply(deref, made, []);
  if (held === undefined) return true;
  values[0] = held;
  return false;
};

/** The first item, kept; a reference to it where it may be a pair. */
const firstOf = (
  object: object,
  kind: 'Map' | 'Set',
  values: unknown[],
): WeakRef<object> | false | undefined => {
  const { done, value } = apply(next[kind], object, []) as Step;
  if (done === true) return undefined;
  if (!isArray(value) || value.length !== 2) {
    values[0] = value;
    return false;
  }
  values[0] = [value[0], value[1]];
  return new Weak(value);
};

/** Lets the iterators of a kind that were shown give what was taken of them. */
const replay = (kind: 'Map' | 'Set'): void => {
  if (replayed[kind]) return;
  const own = {
    next(this: object): Step {
      const kept = typeof this === 'object' && this !== null ? weakGet(taken, this) : undefined;
      if (kept === undefined) return apply(next[kind], this, []) as Step;
      if (kept.at >= kept.values.length) return { value: undefined, done: true };
      const value = kept.values[kept.at++];
      return { value: kept.pairs ? [(value as unknown[])[0], (value as unknown[])[1]] : value, done: false };
    },
  };
  define(kind === 'Map' ? maps : sets, 'next', own.next);
  replayed[kind] = true;
};
