import type { FsBackend } from '../host-functions/fs/backend.ts';
import { createFsHostFunction } from '../host-functions/fs/fs.ts';
import { createMemoryBackend } from '../host-functions/fs/memory-backend.ts';
import { createKvHostFunction } from '../host-functions/kv/kv.ts';
import { createSessionStore } from '../host-functions/kv/session-store.ts';
import { createRunHostFunction } from '../host-functions/run/run.ts';
import { createToolsHostFunction } from '../host-functions/tools/tools.ts';
import type { Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import type { KvOptions } from './contracts/operations/kv.ts';
import { createPrebuiltComponentEngine } from './engines/component/prebuilt.ts';
import { createPreview1Engine } from './engines/preview1/engine.ts';
import { createQuickjsEngine } from './engines/quickjs/engine.ts';
import { browserPlatform } from './platform/browser.ts';
import { loadWasm } from './platform/load-wasm.ts';
import { createRuntimeOn } from './runtime.ts';
import { createInterpretedValidators } from './tools/check/interpreted-validators.ts';
import { runtimeOptions } from './vocabulary/check-fields.ts';

export interface BrowserRuntimeOptions extends RuntimeOptions {
  readonly wasm?: {
    /**
     * The engine for JavaScript, `sandglass/quickjs.wasm`: where it is served, or compiled already. @default beside the package's own files,
     * which bundlers that understand `new URL(…, import.meta.url)` copy
     */
    readonly quickjs?: URL | WebAssembly.Module;
  };
  /** Where the folders of `grant.fs` live. @default an empty file system in memory, shared by all runs of this runtime */
  readonly files?: FsBackend;
  /** What the stores of grants with `kv` hold at most. */
  readonly kv?: KvOptions;
}

/**
 * A runtime in a browser's page or worker: JavaScript, TypeScript, prebuilt components and preview1 modules, all inline, at level `minimal`. Host
 * function `fs` works on memory. There is no `http`: the platform's `fetch` cannot be held to checked addresses, so an embedder who wants
 * network brings a host function that asks a server of theirs.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 * @example
 * await using runtime = createRuntime();
 * const outcome = await runtime.run({ language: 'javascript', code: '6 * 7' });
 */
export function createRuntime(given: BrowserRuntimeOptions = {}): Runtime {
  const { wasm = {}, files, kv, ...options } = runtimeOptions(given);
  const quickjs = wasm.quickjs ?? new URL('./engines/quickjs/quickjs.wasm', import.meta.url);
  return createRuntimeOn(
    {
      ...browserPlatform,
      ownOptions: ['wasm', 'files', 'kv'] satisfies (keyof BrowserRuntimeOptions)[],
      engines: [
        createQuickjsEngine({ loadModule: loadWasm(quickjs) }),
        createPrebuiltComponentEngine(),
        createPreview1Engine(),
      ],
      hostFunctions: [
        createFsHostFunction({ backend: files ?? createMemoryBackend() }),
        createKvHostFunction(kv),
        createSessionStore(kv),
      ],
      createToolsFunction: createToolsHostFunction,
      createRunFunctions: (port) => [createRunHostFunction(port)],
    },
    options,
    createInterpretedValidators(),
  );
}

export type { FsBackend } from '../host-functions/fs/backend.ts';
export { createMemoryBackend, type MemoryBackendOptions } from '../host-functions/fs/memory-backend.ts';
export { type GrantWatch, type WatchOptions, watchGrant } from '../host-functions/fs/watch-grant.ts';
export {
  type AnyHostFunction,
  type ArgumentFault,
  type ArgumentsOf,
  type ArtifactPage,
  type ArtifactPart,
  type Artifacts,
  type AuditLine,
  type BrowserAction,
  type BrowserGrant,
  type BrowserOptions,
  type CachedResult,
  type CallAnswer,
  type CallContext,
  type CalledTool,
  type Caller,
  type CallerRule,
  type CategoryRule,
  type CellCounts,
  type CellGuest,
  type CellOptions,
  type CommandServer,
  type ConfirmTool,
  createToolRegistry,
  type DefinedTool,
  type DiscoverOptions,
  defineHostFunction,
  defineTool,
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
  type ForModelOptions,
  type FsAccess,
  type FsEvent,
  type FsGrant,
  type Grant,
  type GuestHost,
  type GuestResult,
  type GuestSource,
  type GuestValue,
  type GuideApi,
  type GuidedOutcome,
  type GuideOptions,
  type GuideRunOptions,
  HOST_FOLDER,
  type HostAnswer,
  type HostContext,
  type HostFuel,
  type HostFunction,
  type HostFunctionDefinition,
  type HostReply,
  type HostRequest,
  type HostService,
  type HostSession,
  type HttpGrant,
  type IsolationLevel,
  type JsonObject,
  type JsonSchema,
  type JsonValue,
  type KeptOutput,
  type KvAccess,
  type KvGrant,
  type KvOptions,
  type KvWhenFull,
  type Language,
  LEVELS,
  LIMITS,
  type LimitInfo,
  type LimitName,
  type Limits,
  type LiveRunInfo,
  type LoadReport,
  type LooseRunOptions,
  type MergeOptions,
  type ModelEndpoint,
  type ModelFormat,
  type ModelTool,
  type ModuleHandler,
  type ModuleRun,
  type ModuleSession,
  type ModuleSessionOptions,
  type ModuleSessionRunOptions,
  mergeGrants,
  type OpenGuest,
  type OperationDefinition,
  type OperationInfo,
  type Outcome,
  type OutcomeJson,
  type OutcomeMeta,
  type OutputChunk,
  outcomeToJson,
  type ParameterMap,
  type PlatformInfo,
  type PolicyApi,
  type PolicyDocument,
  PROFILES,
  type PrebuiltComponent,
  type PrepareContext,
  type PreparedGuest,
  type Profile,
  type Rate,
  type Recommendation,
  type RegisterOptions,
  type Resource,
  type Routing,
  type RunBase,
  type RunError,
  type RunFailure,
  type RunGrant,
  type RunHandle,
  type RunIdentity,
  type RunOptions,
  type RunSpec,
  type RunSuccess,
  type Runs,
  type Runtime,
  type RuntimeEvent,
  type RuntimeHealth,
  type RuntimeOptions,
  SandglassError,
  type ScopedCapability,
  type ScriptHandler,
  type ScriptRun,
  type Secret,
  type SecretSource,
  type Selection,
  type ServerSignIn,
  type Session,
  type SessionAccess,
  type SessionApi,
  type SessionGrant,
  type SessionMemory,
  type SessionOptions,
  type SessionRun,
  type SessionRunOptions,
  type SignatureOptions,
  type SignInStore,
  type SnapshotInfo,
  type SqlAccess,
  type SqlDatabaseOptions,
  type SqlGrant,
  type StageTrace,
  type StandardSchema,
  type TextRules,
  type ToolCacheStore,
  type ToolCallOptions,
  type ToolCallRequest,
  type ToolCallView,
  type ToolCheck,
  type ToolExample,
  type ToolExplanation,
  type ToolFacts,
  type ToolFileKind,
  type ToolFilter,
  type ToolHandler,
  type ToolHook,
  type ToolHooks,
  type ToolInfo,
  type ToolManifest,
  type ToolMatch,
  type ToolOutcome,
  type ToolRegistry,
  type ToolResultView,
  type ToolRule,
  type ToolRules,
  type ToolSearchOptions,
  type ToolServer,
  type ToolServerChange,
  type ToolServerInfo,
  type ToolServersApi,
  type ToolsApi,
  type ToolsGrant,
  type ToolsOptions,
  type ToolUses,
  type ToolValidator,
  type TrustedContext,
  type TrustedHandler,
  type TrustedTool,
  type TypedHandler,
  type TypedManifest,
  toJsonForm,
  type Unsubscribe,
  type UrlServer,
  type Usage,
  unwrap,
  type ValidatedCall,
  type Validation,
  type ValidatorAnswer,
  type ValidatorFault,
  type WsGrant,
} from './index.shared.ts';
