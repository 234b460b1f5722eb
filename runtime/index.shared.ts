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
  SnapshotInfo,
} from './engine.ts';
export { ERROR_CODES, type ErrorCode, exitCodeOf, type RunError, SandglassError } from './errors.ts';
export type { FsAccess, FsGrant, Grant, HttpGrant, WsGrant } from './grant.ts';
export type {
  FsEvent,
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
