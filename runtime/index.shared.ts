/** What every entry exports, whatever the platform. */
export type {
  AuditLine,
  CellOptions,
  EngineInfo,
  KeptOutput,
  LiveRunInfo,
  OutputChunk,
  PlatformInfo,
  RunHandle,
  RunOptions,
  Runs,
  Runtime,
  RuntimeOptions,
  Session,
  SessionApi,
  SessionOptions,
  SessionRunOptions,
} from './contracts/api.ts';
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
  FsEvent,
  HostContext,
  HostFunction,
  HostReply,
  HostRequest,
  HostSession,
  Secret,
} from './contracts/host-function.ts';
export { type GuestValue, type JsonObject, type JsonValue, toJsonForm } from './vocabulary/codec.ts';
export {
  ERROR_CODES,
  type ErrorCode,
  exitCodeOf,
  type RunError,
  SandglassError,
} from './vocabulary/errors.ts';
export type { FsAccess, FsGrant, Grant, HttpGrant, WsGrant } from './vocabulary/grant.ts';
export { LEVELS } from './vocabulary/levels.ts';
export { LIMITS, type LimitInfo, type LimitName, type Limits } from './vocabulary/limits.ts';
export type { Failure, IsolationLevel, Outcome, OutcomeMeta, Success } from './vocabulary/outcome.ts';
export type { Usage } from './vocabulary/usage.ts';
