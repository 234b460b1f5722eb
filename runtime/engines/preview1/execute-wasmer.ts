import type { Execute, Executor } from '../../contracts/engine.ts';
import { runModule } from './run-module.ts';
import { init } from './wasmer.ts';
import { openWasmerHost } from './wasmer-host.ts';

/** Runs a prepared module over `@wasmer/wasi`. */
export const execute: Execute = (guest, run, host) => runModule(guest, run, host, openWasmerHost);

/** Brings up the host's own wasm. */
export const warmUp: Executor['warmUp'] = async () => {
  await init();
};
