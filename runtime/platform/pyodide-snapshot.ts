// Makes a snapshot in a worker of its own: it takes seconds, and the host's thread has other things to do.
import { type PyodideAssets, packSnapshot, type Snapshot } from '../engines/pyodide/assets.ts';
import { INSTALL_SOURCE } from '../engines/pyodide/python/install.ts';
import { openInterpreter } from '../engines/pyodide/realm.ts';
import { openNodeRealm } from './node-realm.ts';

export interface SnapshotJob {
  readonly assets: PyodideAssets;
  readonly module: WebAssembly.Module;
  readonly maxMemoryBytes: number;
  readonly hashSeed: number;
}

/** Starts an interpreter from nothing, loads what every program gets, and takes its memory. Runs no guest. */
export async function job(input: unknown): Promise<Snapshot> {
  const { assets, module, maxMemoryBytes, hashSeed } = input as SnapshotJob; // given by `loadPyodide`
  const interpreter = await openInterpreter({
    openRealm: openNodeRealm,
    assets,
    module,
    maxMemoryBytes,
    hashSeed,
    makeSnapshot: true,
  });
  const report = await interpreter.ask((id) => interpreter.api.prepare(id, INSTALL_SOURCE));
  if (!report.ok) throw new Error(`Cannot set up Python: ${report.text}`);
  const whole = new Uint8Array(interpreter.api.snapshot());
  if (whole.length === 0) throw new Error('Cannot take a snapshot of Python');
  interpreter.api.save(whole.buffer);
  return packSnapshot(whole);
}
