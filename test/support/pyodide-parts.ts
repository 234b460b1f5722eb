import type {
  CellGuest,
  Engine,
  GuestResult,
  PrepareContext,
  RunSpec,
} from '../../runtime/contracts/engine.ts';
import { createPyodideExecutor } from '../../runtime/engines/pyodide/execute.ts';
import { openFileCache } from '../../runtime/platform/node-cache.ts';
import { openNodeRealm } from '../../runtime/platform/python/node-realm.ts';
import {
  createNodePyodideEngine,
  type NodePyodideOptions,
} from '../../runtime/platform/python/pyodide-engine.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { type Limits, mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from './fake-host.ts';
import { TEST_CACHE } from './test-cache.ts';

export const PYTHON_MEMORY = 512 * 1024 * 1024;

export const pythonContext = (limits: Partial<Limits> = {}): PrepareContext => ({
  limits: mergeLimits([limits], { memoryBytes: PYTHON_MEMORY }),
  compile: (bytes) => WebAssembly.compile(bytes),
  cache: openFileCache(TEST_CACHE),
});

export interface PythonRun {
  readonly result: GuestResult;
  readonly host: FakeHost;
}

export interface PythonBench {
  readonly engine: Engine;
  readonly shared: CellGuest;
  run(
    code: string,
    options?: {
      readonly host?: FakeHostOptions | FakeHost;
      readonly spec?: Partial<RunSpec>;
      readonly limits?: Partial<Limits>;
      readonly modules?: Readonly<Record<string, string>>;
    },
  ): Promise<PythonRun>;
}

/** Python in the thread of the tests: the same executor as in a worker, without the worker around it. */
export async function openPython(options: NodePyodideOptions = {}): Promise<PythonBench> {
  const nodeEngine = createNodePyodideEngine(options);
  const executor = createPyodideExecutor(openNodeRealm);
  const parts = await nodeEngine.shared?.(pythonContext());
  if (parts === undefined) throw new Error('the engine shares nothing');
  const shared: CellGuest = {
    data: parts.data,
    modules: Object.fromEntries(Object.entries(parts.modules).map(([name, { module }]) => [name, module])),
  };
  await executor.warmUp?.(shared);
  // This thread is the one cell there is: a run that would have cells of its own brings its parts, as in a cell that has a guest already.
  const engine: Engine = {
    ...nodeEngine,
    prepare: (source, context) =>
      nodeEngine.prepare(source, context.deterministic === true ? { ...context, keptCell: true } : context),
    execute: executor.execute,
  };
  return {
    engine,
    shared,
    run: async (code, { host = {}, spec = {}, limits = {}, modules = {} } = {}) => {
      const context = pythonContext(limits);
      const prepared = await engine.prepare(
        { kind: 'script', language: 'python', code, filename: 'main.py', modules, form: 'auto' },
        {
          ...context,
          ...defined({ options: spec.options }),
          ...(spec.deterministic === undefined ? {} : { deterministic: true }),
        },
      );
      const fake =
        'callSync' in host ? host : createFakeHost({ outputBytes: context.limits.outputBytes, ...host });
      const guest: CellGuest = {
        data: structuredClone(prepared.data),
        modules: Object.fromEntries(
          Object.entries(prepared.modules).map(([name, { module }]) => [name, module]),
        ),
      };
      const result = await engine.execute(guest, runSpec({ limits: context.limits, ...spec }), fake);
      return { result, host: fake };
    },
  };
}
