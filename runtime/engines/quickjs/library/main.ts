import type { Internals } from '../prelude/internals.ts';
import { installGlobals } from './globals.ts';
import { setInner } from './inner.ts';
import { builtin, moduleNames } from './registry.ts';
import { installRequire } from './require.ts';

/**
 * Puts the library under a guest. Nothing of it is evaluated yet but this: each module is, when it is first named.
 * @returns what tells the build the names of all modules and of what they export.
 */
export const install = (internals: Internals): (() => string) => {
  setInner(internals);
  installGlobals();
  installRequire();
  return () => {
    const names: Record<string, readonly string[]> = {};
    for (const name of moduleNames()) names[name] = Object.keys(Object(builtin(name)));
    return JSON.stringify(names);
  };
};
