import { define, getPrototypeOf, isArray, jsonStringify, objectKeys } from './primordials.ts';

const SAID = 'Converting circular structure to JSON';
/** Whether it is what the engine says of a value that holds itself. */
export const isCircle = (error: TypeError): boolean => error.message === SAID;
/** Objects on the way that are told before and behind the dots. */
const [FIRST, LAST] = [1, 1];
/** A path deeper than this is not looked for. */
const MOST_DEPTH = 400;

interface Step {
  readonly value: object;
  /** Under which it is found in the object before. */
  readonly key: string;
}

const named = (value: object): string => {
  const prototype = getPrototypeOf(value) as { readonly constructor?: { readonly name?: unknown } } | null;
  const name = prototype?.constructor?.name;
  return `object with constructor '${typeof name === 'string' && name !== '' ? name : 'Object'}'`;
};

/** The first way from an object back to itself: what is on it, and the key that closes it. */
const circleIn = (
  whole: object,
): { readonly steps: readonly Step[]; readonly closing: string } | undefined => {
  const open: Step[] = [];
  const done = new Set<object>();
  const walk = (value: object, key: string): { steps: readonly Step[]; closing: string } | undefined => {
    for (let at = 0; at < open.length; at++)
      if ((open[at] as Step).value === value) return { steps: open.slice(at), closing: key };
    if (done.has(value) || open.length > MOST_DEPTH) return undefined;
    open.push({ value, key });
    for (const name of objectKeys(value)) {
      const item = (value as Record<string, unknown>)[name];
      if (typeof item !== 'object' || item === null) continue;
      const found = walk(item, isArray(value) ? `index ${name}` : `property '${name}'`);
      if (found !== undefined) return found;
    }
    open.pop();
    done.add(value);
    return undefined;
  };
  return walk(whole, '');
};

const told = (whole: unknown): string | undefined => {
  const circle = typeof whole === 'object' && whole !== null ? circleIn(whole) : undefined;
  if (circle === undefined) return undefined;
  const [start, ...rest] = circle.steps as [Step, ...Step[]];
  const line = ({ key, value }: Step): string => `\n    |     ${key} -> ${named(value)}`;
  const dots = rest.length > FIRST + LAST;
  const shown = dots
    ? `${rest.slice(0, FIRST).map(line).join('')}\n    |     ...${rest.slice(-LAST).map(line).join('')}`
    : rest.map(line).join('');
  return `${SAID}\n    --> starting at ${named(start.value)}${shown}\n    --- ${circle.closing} closes the circle`;
};

/** `JSON.stringify` that tells on which way a value holds itself, as V8's does. */
export const installCircles = (): void =>
  define(JSON, 'stringify', function stringify(value: unknown, replacer?: never, space?: never): unknown {
    try {
      return jsonStringify(value, replacer, space);
    } catch (error) {
      const { message } = error as { readonly message?: unknown };
      if (!(error instanceof TypeError) || message !== SAID) throw error;
      const said = told(value);
      if (said === undefined) throw error;
      throw new TypeError(said);
    }
  });
