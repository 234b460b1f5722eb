import { construct, define, defineProperty, publish, weakGet, weakSet } from './primordials.ts';

type Made = readonly [target: object, handler: object];
const made = new WeakMap<object, Made>();
const Native = Proxy;

/** Target and handler of a proxy, which the language itself tells nobody: without them whatever shows a value would run its traps. */
export const proxied = (value: object): Made | undefined => weakGet(made, value);

const isObject = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

const noted = (proxy: object, target: object, handler: object): object => {
  weakSet(made, proxy, [target, handler]);
  return proxy;
};

/** A `Proxy` that keeps note of what it makes. */
export const installProxies = (): void => {
  const own = function (target: object, handler: object): object {
    if (new.target === undefined) throw new TypeError("Constructor Proxy requires 'new'");
    if (!isObject(target) || !isObject(handler))
      throw new TypeError('Cannot create proxy with a non-object as target or handler');
    return noted(construct(Native, [target, handler]) as object, target, handler);
  };
  defineProperty(own, 'prototype', { value: undefined, writable: false });
  define(own, 'revocable', function revocable(target: object, handler: object): object {
    const pair = Native.revocable(target, handler);
    noted(pair.proxy, target, handler);
    return pair;
  });
  publish('Proxy', own);
};
