import { createFsHostFunction } from '../host-functions/fs/fs.ts';
import { createNodeBackend } from '../host-functions/fs/node-backend.ts';
import { createHttpHostFunction } from '../host-functions/http/index.ts';
import type { Runtime, RuntimeOptions } from './api.ts';
import { createComponentEngine } from './engines/component/engine.ts';
import { createPreview1Engine, createWasmerEngine } from './engines/preview1/engine.ts';
import { createQuickjsEngine } from './engines/quickjs/engine.ts';
import { nodePlatform } from './platform/node.ts';
import { loadWasmFile } from './platform/node-module.ts';
import { createNodePyodideEngine } from './platform/pyodide-engine.ts';
import { createRuntimeOn } from './runtime.ts';

/**
 * A runtime on Node with every engine and host function that ships: JavaScript, TypeScript, Python, components and WASI preview1 modules; `fs`
 * and `http`.
 *
 * @throws {TypeError | RangeError} on an unknown option or a value out of range. @throws {Error} when an engine's file is missing.
 * @example
 * await using runtime = createRuntime();
 * const outcome = await runtime.run({ language: 'javascript', code: '6 * 7' });
 * if (outcome.ok) console.log(outcome.value); // 42
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return createRuntimeOn(
    {
      ...nodePlatform,
      engines: [
        createQuickjsEngine({
          loadModule: loadWasmFile(new URL('./engines/quickjs/quickjs.wasm', import.meta.url)),
        }),
        createNodePyodideEngine(),
        createComponentEngine(),
        createPreview1Engine(),
        createWasmerEngine(),
      ],
      hostFunctions: [createFsHostFunction({ backend: createNodeBackend() }), createHttpHostFunction()],
    },
    options,
  );
}

export type {
  AuditLine,
  CellOptions,
  EngineInfo,
  OutputChunk,
  PlatformInfo,
  RunHandle,
  RunOptions,
  Runtime,
  RuntimeOptions,
  Session,
  SessionApi,
  SessionOptions,
  SessionRunOptions,
} from './api.ts';
export { type GuestValue, type JsonObject, type JsonValue, toJsonForm } from './codec.ts';
export type {
  CellGuest,
  Engine,
  Execute,
  Executor,
  GuestHost,
  GuestResult,
  GuestSource,
  HostAnswer,
  OpenGuest,
  PrebuiltComponent,
  PrepareContext,
  PreparedGuest,
  RunSpec,
} from './engine.ts';
export { ERROR_CODES, type ErrorCode, exitCodeOf, type RunError, SandglassError } from './errors.ts';
export type { FsAccess, FsGrant, Grant, HttpGrant } from './grant.ts';
export type {
  HostContext,
  HostFunction,
  HostReply,
  HostRequest,
  HostSession,
  Secret,
} from './host-function.ts';
export { LEVELS } from './levels.ts';
export { LIMITS, type LimitInfo, type LimitName, type Limits } from './limits.ts';
export type { Failure, IsolationLevel, Outcome, OutcomeMeta, Success } from './outcome.ts';
export type { Usage } from './usage.ts';
