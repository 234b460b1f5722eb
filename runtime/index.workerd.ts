import type { FsBackend } from '../host-functions/fs/backend.ts';
import { createFsHostFunction } from '../host-functions/fs/fs.ts';
import { createMemoryBackend } from '../host-functions/fs/memory-backend.ts';
import type { Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import { createPrebuiltComponentEngine } from './engines/component/prebuilt.ts';
import { createQuickjsEngine } from './engines/quickjs/engine.ts';
import { loadWasm } from './platform/load-wasm.ts';
import { workerdPlatform } from './platform/workerd.ts';
import { createRuntimeOn } from './runtime.ts';

export interface WorkerdRuntimeOptions extends RuntimeOptions {
  readonly wasm: {
    /** The engine for JavaScript, as the deployment imports it: `import quickjs from 'sandglass/quickjs.wasm'`. */
    readonly quickjs: WebAssembly.Module;
  };
  /** Where the folders of `grant.fs` live. @default an empty file system in memory, shared by all runs of this runtime */
  readonly files?: FsBackend;
}

/**
 * A runtime in workerd: JavaScript, TypeScript and prebuilt components, all inline, at level `minimal`. Host function `fs` works on memory; there
 * is no `http`, as in browsers.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 * @example
 * import quickjs from 'sandglass/quickjs.wasm';
 * const runtime = createRuntime({ wasm: { quickjs } });
 */
export function createRuntime({ wasm, files, ...options }: WorkerdRuntimeOptions): Runtime {
  return createRuntimeOn(
    {
      ...workerdPlatform,
      engines: [createQuickjsEngine({ loadModule: loadWasm(wasm.quickjs) }), createPrebuiltComponentEngine()],
      hostFunctions: [createFsHostFunction({ backend: files ?? createMemoryBackend() })],
    },
    options,
  );
}

export type { FsBackend } from '../host-functions/fs/backend.ts';
export { createMemoryBackend, type MemoryBackendOptions } from '../host-functions/fs/memory-backend.ts';
export { type GrantWatch, type WatchOptions, watchGrant } from '../host-functions/fs/watch-grant.ts';
export {
  type AnyHostFunction,
  type AuditLine,
  type CallAnswer,
  type CallContext,
  type Caller,
  type CellGuest,
  type CellOptions,
  defineHostFunction,
  type Engine,
  type EngineInfo,
  ERROR_CODES,
  type ErrorCode,
  type EventKind,
  type EventListener,
  type EventOf,
  type Execute,
  type Executor,
  exitCodeOf,
  type Failure,
  type FsAccess,
  type FsEvent,
  type FsGrant,
  type Grant,
  type GuestHost,
  type GuestResult,
  type GuestSource,
  type GuestValue,
  HOST_FOLDER,
  type HostAnswer,
  type HostContext,
  type HostFunction,
  type HostFunctionDefinition,
  type HostReply,
  type HostRequest,
  type HostService,
  type HttpGrant,
  type IsolationLevel,
  type JsonObject,
  type JsonValue,
  type KeptOutput,
  type Language,
  LEVELS,
  LIMITS,
  type LimitInfo,
  type LimitName,
  type Limits,
  type LiveRunInfo,
  type LooseRunOptions,
  type MergeOptions,
  type ModuleRun,
  mergeGrants,
  type OpenGuest,
  type OperationDefinition,
  type OperationInfo,
  type Outcome,
  type OutcomeJson,
  type OutcomeMeta,
  type OutputChunk,
  outcomeToJson,
  type PlatformInfo,
  type PrebuiltComponent,
  type PrepareContext,
  type PreparedGuest,
  type Resource,
  type RunBase,
  type RunError,
  type RunHandle,
  type RunIdentity,
  type RunOptions,
  type RunSpec,
  type Runs,
  type Runtime,
  type RuntimeEvent,
  type RuntimeOptions,
  SandglassError,
  type ScriptRun,
  type Secret,
  type Session,
  type SessionApi,
  type SessionOptions,
  type SessionRun,
  type SessionRunOptions,
  type SnapshotInfo,
  type Success,
  toJsonForm,
  type Unsubscribe,
  type Usage,
  unwrap,
  type WsGrant,
} from './index.shared.ts';
