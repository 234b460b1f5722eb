/** What every entry exports, whatever the platform. Each entry names all of it: a test says so. */

export type { ArtifactPage, ArtifactPart, Artifacts } from './contracts/api/artifacts.ts';
export type {
  GuideApi,
  GuidedOutcome,
  GuideOptions,
  GuideRunOptions,
  ModelEndpoint,
  Recommendation,
  Selection,
} from './contracts/api/guide.ts';
export type { CellCounts, RuntimeHealth } from './contracts/api/health.ts';
export type { EngineInfo, PlatformInfo } from './contracts/api/info.ts';
export type { PolicyApi } from './contracts/api/policy.ts';
export type {
  KeptOutput,
  Language,
  LiveRunInfo,
  LooseRunOptions,
  ModuleRun,
  OutputChunk,
  RunBase,
  RunHandle,
  RunOptions,
  Runs,
  ScriptRun,
  SessionRun,
} from './contracts/api/run.ts';
export type { CellOptions, Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
export type {
  ModuleSession,
  ModuleSessionOptions,
  ModuleSessionRunOptions,
  Session,
  SessionApi,
  SessionMemory,
  SessionOptions,
  SessionRunOptions,
} from './contracts/api/session.ts';
export type { CachedResult, ToolCacheStore } from './contracts/api/tool-cache.ts';
export type {
  ArgumentFault,
  ConfirmTool,
  StageTrace,
  ToolCallOptions,
  ToolCallRequest,
  ToolCallView,
  ToolFacts,
  ToolOutcome,
  Validation,
} from './contracts/api/tool-call.ts';
export type { ToolCheck, ToolExplanation } from './contracts/api/tool-check.ts';
export type { DiscoverOptions, ToolFileKind } from './contracts/api/tool-discover.ts';
export type {
  ModuleHandler,
  RegisterOptions,
  ScriptHandler,
  ToolHandler,
  TrustedContext,
  TrustedHandler,
  TrustedTool,
} from './contracts/api/tool-handler.ts';
export type { ToolHook, ToolHooks, ToolResultView } from './contracts/api/tool-hooks.ts';
export type {
  LoadReport,
  ToolFilter,
  ToolInfo,
  ToolRegistry,
  ToolUses,
} from './contracts/api/tool-registry.ts';
export type {
  ForModelOptions,
  ModelFormat,
  ModelTool,
  SignatureOptions,
  ToolMatch,
  ToolSearchOptions,
} from './contracts/api/tool-select.ts';
export type {
  CommandServer,
  Routing,
  ServerSignIn,
  SignInStore,
  ToolServer,
  ToolServerChange,
  ToolServerInfo,
  ToolServersApi,
  UrlServer,
} from './contracts/api/tool-servers.ts';
export type {
  ToolValidator,
  ValidatedCall,
  ValidatorAnswer,
  ValidatorFault,
} from './contracts/api/tool-validator.ts';
export type { ToolsApi, ToolsOptions } from './contracts/api/tools.ts';
export type { ArgumentsOf } from './contracts/arguments-of.ts';
export {
  type CallAnswer,
  type CallContext,
  defineHostFunction,
  type HostFunctionDefinition,
  type OperationDefinition,
} from './contracts/define-host-function.ts';
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
  SnapshotInfo,
} from './contracts/engine.ts';
export type {
  AnyHostFunction,
  HostContext,
  HostFuel,
  HostFunction,
  HostReply,
  HostRequest,
  HostService,
  HostSession,
  OperationInfo,
  Secret,
  SecretSource,
} from './contracts/host-function.ts';
export type { BrowserOptions } from './contracts/operations/browser.ts';
export type { FsEvent } from './contracts/operations/fs.ts';
export type { KvOptions } from './contracts/operations/kv.ts';
export type { SqlDatabaseOptions } from './contracts/operations/sql.ts';
export {
  type DefinedTool,
  defineTool,
  type TypedHandler,
  type TypedManifest,
} from './tools/define-tool.ts';
export { createToolRegistry } from './tools/registry.ts';
export type { CalledTool } from './vocabulary/called-tools.ts';
export type { Caller, RunIdentity } from './vocabulary/caller.ts';
export {
  ERROR_CODES,
  type ErrorCode,
  exitCodeOf,
  type RunError,
  SandglassError,
} from './vocabulary/errors.ts';
export type { EventListener, Unsubscribe } from './vocabulary/event-stream.ts';
export type { AuditLine, EventKind, EventOf, Resource, RuntimeEvent } from './vocabulary/events.ts';
export type { Grant } from './vocabulary/grant.ts';
export type { BrowserAction, BrowserGrant } from './vocabulary/grants/browser.ts';
export type { FsAccess, FsGrant } from './vocabulary/grants/fs.ts';
export type { HttpGrant } from './vocabulary/grants/http.ts';
export type { KvAccess, KvGrant, KvWhenFull } from './vocabulary/grants/kv.ts';
export type { RunGrant } from './vocabulary/grants/run.ts';
export type { SessionAccess, SessionGrant } from './vocabulary/grants/session.ts';
export type { SqlAccess, SqlGrant } from './vocabulary/grants/sql.ts';
export type { ToolsGrant } from './vocabulary/grants/tools.ts';
export type { WsGrant } from './vocabulary/grants/ws.ts';
export type { GuestValue } from './vocabulary/guest-value.ts';
export type { JsonObject, JsonValue } from './vocabulary/json.ts';
export { toJsonForm } from './vocabulary/json-form.ts';
export { LEVELS } from './vocabulary/levels.ts';
export { LIMITS, type LimitInfo, type LimitName, type Limits } from './vocabulary/limits.ts';
export type {
  JsonSchema,
  ParameterMap,
  ScopedCapability,
  StandardSchema,
  TextRules,
  ToolExample,
  ToolManifest,
} from './vocabulary/manifest.ts';
export { HOST_FOLDER, type MergeOptions, mergeGrants } from './vocabulary/merge-grants.ts';
export type { IsolationLevel, Outcome, OutcomeMeta, RunFailure, RunSuccess } from './vocabulary/outcome.ts';
export { type OutcomeJson, outcomeToJson } from './vocabulary/outcome-json.ts';
export type {
  CallerRule,
  CategoryRule,
  PolicyDocument,
  Profile,
  Rate,
  ToolRule,
  ToolRules,
} from './vocabulary/policy.ts';
export { PROFILES } from './vocabulary/profiles.ts';
export { unwrap } from './vocabulary/unwrap.ts';
export type { Usage } from './vocabulary/usage.ts';
