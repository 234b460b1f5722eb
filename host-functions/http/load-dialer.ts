/// <reference path="./undici-parts.d.ts" />
import { others } from '../../runtime/vocabulary/in-slices.ts';

/** What the dialer stands on, in the order in which it needs it: in one go, loading it would hold the thread for tens of milliseconds. */
const PARTS: readonly (() => Promise<unknown>)[] = [
  () => import('node:tls'),
  () => import('node:http'),
  () => import('undici/lib/core/util.js'),
  () => import('undici/lib/dispatcher/client.js'),
];

let loaded: Promise<typeof import('./dialer.ts')> | undefined;

/** The dialer, loaded with turns for others between its parts. To be asked for once a grant has let the guest go there. */
export function loadDialer(): Promise<typeof import('./dialer.ts')> {
  loaded ??= (async () => {
    for (const load of PARTS) {
      await load();
      await others();
    }
    return import('./dialer.ts');
  })();
  loaded.catch(() => {
    loaded = undefined; // no file could be opened, for one: the next call tries again
  });
  return loaded;
}
