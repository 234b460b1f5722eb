import { construct, define, defineProperty, promiseThen, publish, setPrototypeOf } from './primordials.ts';

/**
 * A `WeakRef` whose target lives at least until the program's present turn is over, as the language has it: the engine counts references, and
 * would let go of an object that nobody else holds at once.
 */
export const installWeakRefs = (): void => {
  const Native = WeakRef;
  const { prototype } = Native;
  const settled = Promise.resolve();
  let kept: unknown[] = [];
  const keep = (target: unknown): void => {
    if (kept.length === 0)
      promiseThen(settled, () => {
        kept = [];
      });
    kept[kept.length] = target;
  };
  const own = function (target: object): object {
    if (new.target === undefined) throw new TypeError("Constructor WeakRef requires 'new'");
    const made = construct(Native, [target], new.target) as object;
    keep(target);
    return made;
  };
  setPrototypeOf(own, Function.prototype);
  defineProperty(own, 'prototype', { value: prototype, writable: false });
  define(prototype, 'constructor', own);
  publish('WeakRef', own);
};
