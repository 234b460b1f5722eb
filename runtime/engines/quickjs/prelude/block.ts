import { define, defineProperty, getPrototypeOf, hasOwn, indexOf, slice } from './primordials.ts';

/**
 * Takes globals away by name: what is left of each throws when it is used. `Function` and `eval` go with every other way to compile text.
 * Depth, not the boundary: the instance is that.
 */
export const blockNames = (names: readonly string[]): void => {
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string; // within its length
    const refused = refuser(name);
    if (name === 'Function') {
      const kinds = [() => {}, async () => {}, function* () {}, async function* () {}];
      for (let kind = 0; kind < kinds.length; kind++) {
        define(getPrototypeOf(kinds[kind]) as object, 'constructor', refused); // every function has a prototype object
        lock(getPrototypeOf(kinds[kind]) as object, 'constructor', refused); // likewise
      }
    }
    const dot = indexOf(name, '.');
    const owner = dot < 0 ? globalThis : (globalThis as Record<string, unknown>)[slice(name, 0, dot)];
    const member = slice(name, dot + 1);
    if (typeof owner === 'object' && owner !== null && hasOwn(owner, member)) lock(owner, member, refused);
  }
};

const lock = (target: object, name: string, value: unknown): void => {
  defineProperty(target, name, {
    __proto__: null,
    value,
    writable: false,
    configurable: false,
    enumerable: false,
  } as PropertyDescriptor);
};

const refuser = (name: string): unknown =>
  function blocked(): never {
    throw new EvalError(`Cannot use ${name}: options.block takes it away`);
  };
