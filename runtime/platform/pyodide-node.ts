// The executor that worker and process cells import for Python.
import process from 'node:process';
import type { Execute, Executor, OpenGuest } from '../engine.ts';
import { createPyodideExecutor } from '../engines/pyodide/execute.ts';
import { openNodeRealm } from './node-realm.ts';
import { widenStacks } from './node-stacks.ts';

const executor: Executor = createPyodideExecutor(openNodeRealm);

export const execute: Execute = executor.execute;
export const open: OpenGuest = async () => {
  if (executor.open === undefined) throw new Error('the executor of Python keeps no guest');
  return executor.open();
};
export const warmUp: NonNullable<Executor['warmUp']> = async (shared) => {
  // Only cells warm up. Promises of the guest's realm that nobody waits for must not end the cell before it has answered.
  process.on('unhandledRejection', () => undefined);
  widenStacks();
  await executor.warmUp?.(shared);
};
