import { createBrowserHostFunction, openBrowserServer } from '../host-functions/browser/browser.ts';
import { createFsHostFunction } from '../host-functions/fs/fs.ts';
import { createNodeBackend } from '../host-functions/fs/node-backend.ts';
import {
  type GrantWatch,
  type WatchOptions,
  watchGrant as watchFiles,
} from '../host-functions/fs/watch-grant.ts';
import { createHttpHostFunction } from '../host-functions/http/http.ts';
import { createOriginRules } from '../host-functions/http/origin-rules.ts';
import { createWsHostFunction } from '../host-functions/http/ws.ts';
import { createKvHostFunction } from '../host-functions/kv/kv.ts';
import { createSessionStore } from '../host-functions/kv/session-store.ts';
import { createPictureHostFunction } from '../host-functions/picture/picture.ts';
import { createRunHostFunction } from '../host-functions/run/run.ts';
import { readDatabases, type SqlDatabases } from '../host-functions/sql/databases.ts';
import { createSqlHostFunction } from '../host-functions/sql/sql.ts';
import { createTabularHostFunction } from '../host-functions/tabular/tabular.ts';
import { createToolsHostFunction } from '../host-functions/tools/tools.ts';
import type { Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import type {
  BrowserOptions,
  BrowserServerOptions,
  RunningBrowserServer,
} from './contracts/operations/browser.ts';
import type { KvOptions } from './contracts/operations/kv.ts';
import type { OpenSqlite } from './contracts/operations/sql.ts';
import { createPreview1Engine, createWasmerEngine } from './engines/preview1/engine.ts';
import { createShellEngine } from './engines/preview1/shell-engine.ts';
import { createQuickjsEngine } from './engines/quickjs/engine.ts';
import { type AuditOptions, audited } from './observe/audit/audited.ts';
import { createNodeComponentEngine } from './platform/component/component-engine.ts';
import { nodePlatform } from './platform/node.ts';
import { loadWasmFile } from './platform/node-module.ts';
import { packedModule } from './platform/packed-module.ts';
import { openPolicyFile } from './platform/policy-file.ts';
import { checkPackageOptions, type PythonPackageOptions } from './platform/python/packages/options.ts';
import { createNodePyodideEngine } from './platform/python/pyodide-engine.ts';
import { locateFile } from './platform/sqlite/locate-file.ts';
import { createOpenSqlite } from './platform/sqlite/open-sqlite.ts';
import { tabularWire } from './platform/sqlite/tabular-wire.ts';
import { createRuntimeOn } from './runtime.ts';
import { createValidators } from './tools/check/validators.ts';
import { runtimeOptions } from './vocabulary/check-fields.ts';
import { SandglassError } from './vocabulary/errors.ts';
import type { FsGrant } from './vocabulary/grants/fs.ts';
import { guarded } from './vocabulary/guarded.ts';
import { madeOnce } from './vocabulary/made-once.ts';
import { nodeIsTooOld } from './vocabulary/node-floor.ts';

/** Options of a runtime on Node: those of every runtime, and its own. */
export interface NodeRuntimeOptions extends RuntimeOptions {
  /** Where packages of Python guests come from. @default none: a run that needs one is refused */
  readonly packages?: PythonPackageOptions;
  /**
   * Databases by the names that grants give: `{ kind: 'postgres', connectionString }`, or one URL, `postgresql://…`. Package `pg` and two more are
   * needed for it: a call says which.
   * @default none
   */
  readonly sql?: SqlDatabases;
  /** The browser of grants with `browser`: package `playwright-core` and a Chromium are needed for it, and a call says which is not there. */
  readonly browser?: BrowserOptions;
  /** What the stores of grants with `kv` hold at most. */
  readonly kv?: KvOptions;
  /** A policy document as JSON, or a grant, in place of `policy`. It is read again when it changes; what cannot be read changes nothing. */
  readonly policyFile?: string | URL;
  /** Folder of an append-only audit, hash-chained: a line for each run, tool call, host call and refusal. @default none */
  readonly audit?: AuditOptions;
}

/**
 * A runtime on Node with every engine and host function that ships: JavaScript, TypeScript, Python, shell scripts, components and WASI
 * preview1 modules; `fs`, `http`, `ws`, `sql`, `kv`, `session`, `browser` and `run`.
 *
 * @throws {TypeError | RangeError} on an unknown option or a value out of range. @throws {SandglassError} UNSUPPORTED on a Node before 24;
 * INTERNAL when an engine's file is missing or cut off, naming it and the command that brings it back.
 * @example
 * await using runtime = createRuntime();
 * const outcome = await runtime.run({ language: 'javascript', code: '6 * 7' });
 * if (outcome.ok) console.log(outcome.value); // 42
 */
export function createRuntime(given: NodeRuntimeOptions = {}): Runtime {
  const { packages, policyFile, sql = {}, browser = {}, audit, kv, ...options } = runtimeOptions(given);
  const { name, version } = nodePlatform.info;
  const tooOld = name === 'node' ? nodeIsTooOld(version) : undefined;
  if (tooOld !== undefined) throw new SandglassError('UNSUPPORTED', `Cannot create a runtime: ${tooOld}`);
  const shell = packedModule(new URL('../guest-tools/shell/', import.meta.url), 'shell');
  const picture = madeOnce(packedModule(new URL('../guest-tools/picture/', import.meta.url), 'picture').load);
  const sqlite = madeOnce(packedModule(new URL('../guest-tools/sqlite/', import.meta.url), 'sqlite').load);
  const runtime = createRuntimeOn(
    {
      ...nodePlatform,
      ownOptions: [
        'packages',
        'policyFile',
        'sql',
        'browser',
        'audit',
        'kv',
      ] satisfies (keyof NodeRuntimeOptions)[],
      engines: [
        createQuickjsEngine({
          loadModule: loadWasmFile(new URL('./engines/quickjs/quickjs.wasm', import.meta.url)),
        }),
        createNodePyodideEngine({
          ...(packages === undefined ? {} : { packages: checkPackageOptions(packages) }),
        }),
        createNodeComponentEngine(),
        createPreview1Engine(),
        createShellEngine({ module: shell, version: () => shell.from }),
        createWasmerEngine(),
      ],
      hostFunctions: [
        createFsHostFunction({ backend: createNodeBackend() }),
        createHttpHostFunction(),
        createWsHostFunction(),
        createBrowserHostFunction(createOriginRules(), browser),
        createKvHostFunction(kv),
        createSessionStore(kv),
        createSqlHostFunction({ databases: readDatabases(sql), openSqlite: openGuestDatabases(sqlite) }),
      ],
      servers: {
        ...nodePlatform.servers,
        // What dials is large: it is loaded with the first server.
        connect: async (target) =>
          (await import('../host-functions/http/server-requests.ts')).connectServer(target),
      },
      createToolsFunction: createToolsHostFunction,
      createRunFunctions: (port) => [
        createRunHostFunction(port),
        createPictureHostFunction(port, picture),
        createTabularHostFunction(port, sqlite, tabularWire),
      ],
    },
    options,
    createValidators(),
    policyFile === undefined ? undefined : openPolicyFile(policyFile),
  );
  const fault = options.onError ?? ((error: unknown, id: string) => console.error(`sandglass ${id}:`, error));
  return audit === undefined
    ? runtime
    : audited(
        runtime,
        audit,
        guarded(
          (error: unknown) => fault(error, 'audit'),
          () => undefined,
        ),
      );
}

/** Queries of SQLite are guests of a runtime of their own, which knows folders and nothing else. */
function openGuestDatabases(load: () => Promise<Uint8Array>): OpenSqlite {
  return createOpenSqlite({
    load,
    locate: locateFile,
    openRuntime: () =>
      createRuntimeOn({
        ...nodePlatform,
        engines: [createPreview1Engine()],
        hostFunctions: [createFsHostFunction({ backend: createNodeBackend() })],
      }),
  });
}

/**
 * Watches the folder of a grant for the embedder, on this machine unless `files` says otherwise.
 * See `host-functions/fs/watch-grant.ts` for what it tells and throws.
 * @example for await (const { path, kind } of watchGrant({ host: './data' })) console.log(kind, path);
 */
export function watchGrant(grant: FsGrant, options: WatchOptions = {}): GrantWatch {
  return watchFiles(grant, { files: createNodeBackend(), ...options });
}

/**
 * Lets runtimes of other processes use a browser of this one: `createRuntime({ browser: { driver: 'remote', url, token } })`. Whoever has
 * the token may open sessions. What their pages load goes through the proxies of those runtimes, which hold it to their grants.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 * @example
 * const server = await serveBrowser({ token: process.env.BROWSER_TOKEN, port: 9300 });
 */
export function serveBrowser(options: BrowserServerOptions): Promise<RunningBrowserServer> {
  return openBrowserServer(createOriginRules(), options);
}

export type { GrantWatch, WatchOptions } from '../host-functions/fs/watch-grant.ts';
export type { SqlDatabases } from '../host-functions/sql/databases.ts';
export type { BrowserServerOptions, RunningBrowserServer } from './contracts/operations/browser.ts';
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
export type { AuditOptions } from './observe/audit/audited.ts';
export type { AuditEnd } from './observe/audit/chain.ts';
export { type AuditAnswer, type AuditQuery, queryAudit } from './observe/audit/query.ts';
export {
  type AuditBreach,
  type AuditReport,
  type VerifyAuditOptions,
  verifyAudit,
} from './observe/audit/verify.ts';
export { inspectUpload } from './platform/inspect-upload.ts';
export type { PythonPackageOptions } from './platform/python/packages/options.ts';
