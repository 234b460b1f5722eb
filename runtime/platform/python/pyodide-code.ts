// Compiles the scripts of a realm, in a worker of its own: starts an interpreter as every cell will, and takes what V8 has compiled by then.
import type { CompiledScripts, PyodideAssets } from '../../engines/pyodide/assets.ts';
import { openRehearsed } from '../../engines/pyodide/execute.ts';
import { openNodeRealm } from './node-realm.ts';
import { widenStacks } from './node-stacks.ts';

export interface CompileJob {
  readonly assets: PyodideAssets;
  readonly module: WebAssembly.Module;
  readonly maxMemoryBytes: number;
}

export async function job(input: unknown): Promise<CompiledScripts> {
  const { assets, module, maxMemoryBytes } = input as CompileJob; // given by `loadPyodide`
  widenStacks();
  const interpreter = await openRehearsed(openNodeRealm, { assets, maxMemoryBytes }, module);
  return interpreter.realm.compiled();
}
