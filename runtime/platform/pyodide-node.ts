// The executor that worker and process cells import for Python.
import type { Execute, Executor } from '../engine.ts';
import { createPyodideExecutor } from '../engines/pyodide/execute.ts';
import { openNodeRealm } from './node-realm.ts';

const executor: Executor = createPyodideExecutor(openNodeRealm);

export const execute: Execute = executor.execute;
export const warmUp: NonNullable<Executor['warmUp']> = async (shared) => executor.warmUp?.(shared);
