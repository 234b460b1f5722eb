// The executor that worker and process cells import for Python.
import process from 'node:process';
import type { Executor } from '../../contracts/engine.ts';
import { createPyodideExecutor } from '../../engines/pyodide/execute.ts';
import { openNodeRealm } from './node-realm.ts';
import { widenStacks } from './node-stacks.ts';

const executor = createPyodideExecutor(openNodeRealm);

export const { execute, open, rehearse, renew, heldBytes }: Required<Executor> = executor;
export const warmUp: Required<Executor>['warmUp'] = async (shared) => {
  // Only cells warm up. Promises of the guest's realm that nobody waits for must not end the cell before it has answered.
  process.on('unhandledRejection', () => undefined);
  widenStacks();
  await executor.warmUp(shared);
};
