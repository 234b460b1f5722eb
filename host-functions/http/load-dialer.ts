/// <reference path="./undici-parts.d.ts" />
import { others } from '../../runtime/vocabulary/in-slices.ts';
import { madeOnce } from '../../runtime/vocabulary/made-once.ts';

/** What the dialer stands on, in the order in which it needs it: in one go, loading it would hold the thread for tens of milliseconds. */
const PARTS: readonly (() => Promise<unknown>)[] = [
  () => import('node:tls'),
  () => import('node:http'),
  () => import('undici/lib/core/util.js'),
  () => import('undici/lib/dispatcher/client.js'),
];

/** The dialer, loaded with turns for others between its parts. To be asked for once a grant has let the guest go there. */
export const loadDialer = madeOnce(async () => {
  for (const load of PARTS) {
    await load();
    await others();
  }
  return import('./dialer.ts');
});
