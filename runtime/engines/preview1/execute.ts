import type { Execute, OpenGuest } from '../../contracts/engine.ts';
import { keepModule } from './keep-module.ts';
import { runModule } from './run-module.ts';
import { openShimHost } from './shim-host.ts';

/** Runs a prepared module over `@bjorn3/browser_wasi_shim`. */
export const execute: Execute = (guest, run, host) => runModule(guest, run, host, openShimHost);

/** One instance, kept for the calls of a session. */
export const open: OpenGuest = async () => keepModule(openShimHost);
