import { describeTool } from './catalog/describe-tool.ts';
import type { RuntimeHealth } from './contracts/api/health.ts';
import type { KeptOutput } from './contracts/api/run.ts';
import type { Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import type { ToolServerInfo } from './contracts/api/tool-servers.ts';
import type { Described } from './contracts/described-tool.ts';
import type { Engine, PrepareContext } from './contracts/engine.ts';
import type { AnyHostFunction } from './contracts/host-function.ts';
import type { ToolsPort } from './contracts/operations/tools.ts';
import type { CellPools, Platform, PolicyFile } from './contracts/platform.ts';
import { createRunStarter, type RunStarter } from './run/begin-run.ts';
import { readCells } from './run/cell-options.ts';
import { chooseCell } from './run/choose-cell.ts';
import { describeEngine } from './run/engine-info.ts';
import { createKnownModules } from './run/known-modules.ts';
import { createLiveRuns } from './run/live-runs.ts';
import { openPolicy } from './run/open-policy.ts';
import { createOutputQueue } from './run/output-queue.ts';
import { createRunPort } from './run/run-port.ts';
import type { SandboxContext } from './run/sandbox-context.ts';
import { createSessionOpener } from './run/session/open-session.ts';
import { createSessions } from './run/session/sessions.ts';
import { createInterpretedValidators } from './tools/check/interpreted-validators.ts';
import type { Validators } from './tools/check/validator.ts';
import { modelAsker } from './tools/guide/ask-model.ts';
import { createGuide } from './tools/guide/guide.ts';
import { createTools } from './tools/tools.ts';
import type { ToolsContext } from './tools/tools-context.ts';
import { NO_RUN } from './vocabulary/caller.ts';
import { checkField, checkFields, type FieldKind } from './vocabulary/check-fields.ts';
import { checkGrant } from './vocabulary/check-grant.ts';
import { SandglassError } from './vocabulary/errors.ts';
import { createEventStream, type EventStream } from './vocabulary/event-stream.ts';
import { auditLineOf } from './vocabulary/events.ts';
import { guarded } from './vocabulary/guarded.ts';
import { type IsolationLevel, stricter } from './vocabulary/levels.ts';
import { checkLimits, mergeLimits } from './vocabulary/limits.ts';
import { readModuleBytes } from './vocabulary/module-size.ts';
import type { TellNotice } from './vocabulary/notice.ts';
import type { Outcome } from './vocabulary/outcome.ts';
import type { PolicySource } from './vocabulary/policy.ts';
import { readLevel } from './vocabulary/read-options.ts';
import { sleep } from './vocabulary/sleep.ts';
import { createRunStore } from './work/run-store.ts';

const WHERE = 'create a runtime';
const FIELDS: Readonly<Record<keyof RuntimeOptions, FieldKind>> = {
  level: 'any',
  limits: 'any',
  policy: 'any',
  secrets: 'object',
  engines: 'list',
  hostFunctions: 'list',
  cells: 'any',
  maxModuleBytes: 'any',
  tools: 'any',
  model: 'any',
  cache: 'any',
  onAudit: 'function',
  onNotice: 'function',
  onError: 'function',
};

/**
 * A runtime on one platform; the entry files bind it to theirs.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 */
export function createRuntimeOn(
  platform: Platform,
  options: RuntimeOptions = {},
  validators: Validators = createInterpretedValidators(),
  policyFile?: PolicyFile,
): Runtime {
  checkFields(options, FIELDS, WHERE);
  for (const host of options.hostFunctions ?? []) checkHostFunction(host);
  const engines = uniqueByName([...platform.engines, ...(options.engines ?? [])], 'engine');
  /** The tools call runs, and runs call tools: what guests reach is bound once both are there. */
  const port = lateTools();
  const lives = createLiveRuns();
  const hostFunctions = byName([
    ...platform.hostFunctions,
    ...(platform.createToolsFunction === undefined ? [] : [platform.createToolsFunction(port.tools)]),
    ...(platform.createRunFunction === undefined
      ? []
      : [platform.createRunFunction(createRunPort(() => runs, lives))]),
    ...(options.hostFunctions ?? []),
  ]);
  const events = createEventStream();
  const tell = guarded(options.onNotice ?? warnOnConsole, (error) =>
    events.emit({ kind: 'fault', time: platform.now(), identity: NO_RUN, error }),
  );
  const policy = openPolicy({ given: options.policy, file: policyFile, hostFunctions, tell });
  const ceiling = readLevel(options.level, WHERE);
  const cellOptions = readCells(options.cells, platform.processors);
  const prepare = readPrepare(platform, options, tell);
  const modules = createKnownModules(platform.sameBytes);
  const maxModuleBytes = readModuleBytes(options.maxModuleBytes);
  const sessions = createSessions(cellOptions.maxSessions);
  const cut = createRunStore<KeptOutput>({ maxRuns: 64, now: platform.monotonic });
  const coldStarts = new Map<string, number>();
  let pools: CellPools | undefined;
  let closed: Promise<void> | undefined;

  const fallback: IsolationLevel = platform.info.levels.includes('standard') ? 'standard' : 'minimal';
  const levelOf = (asked: IsolationLevel | undefined): IsolationLevel => {
    const { level: least } = policy.source.current;
    const most = ceiling === undefined ? least : least === undefined ? ceiling : stricter(ceiling, least);
    return most === undefined ? (asked ?? fallback) : stricter(most, asked ?? most);
  };
  const openPools = (): CellPools | undefined => {
    pools ??= platform.openPools?.(cellOptions, { ...prepare, limits: mergeLimits([]) });
    return pools;
  };
  const keepCut = ({ ok, meta, stdout, stderr, usage }: Outcome): void => {
    if (ok || !meta.truncated) return;
    cut.add(meta.runId, { stdout, stderr });
    cut.ended(meta.runId, usage.outputBytes);
  };

  const context: SandboxContext = {
    engines,
    hostFunctions,
    cellFor: (level, engine) => chooseCell(level, engine, platform, openPools),
    prepare,
    readModule: async (path) => {
      if (platform.readModule === undefined) throw noFiles(platform.info.name);
      return modules.take(await platform.readModule(path, maxModuleBytes));
    },
    maxModuleBytes,
    checkInput: platform.checkInput,
    secret: (name, identity) => {
      const secrets = options.secrets ?? {};
      const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
      return typeof secret === 'function' ? secret(identity) : secret;
    },
    limits: checkLimits(options.limits),
    get policy() {
      return policy.source.current.base;
    },
    events,
    monotonic: platform.monotonic,
    now: platform.now,
    openTurns: platform.openTurns,
  };
  listen(events, options);
  events.on('cell.started', ({ engine, waitedMs }) => coldStarts.set(engine, waitedMs));
  const runs = createRunStarter({ context, sessions, modules, lives, levelOf, onOutcome: keepCut });
  const opener = createSessionOpener({ context, sessions, begin: runs.begin, levelOf });

  const tools = createTools(
    toolsContext(platform, context, runs, levelOf, policy.source),
    options.tools,
    validators,
  );
  port.bind(tools.port);

  const ask =
    options.model === undefined ? undefined : modelAsker(options.model, (url, init) => fetch(url, init));
  const close = (): Promise<void> => {
    closed ??= (async () => {
      policy.close();
      await tools.close();
      opener.stop();
      await runs.close();
      await sessions.closeAll();
      await pools?.close();
      await Promise.allSettled([...hostFunctions.values()].map(async (host) => host.close?.()));
    })();
    return closed;
  };

  return {
    run: async (runOptions) => runs.begin(runOptions).outcome,
    start: (runOptions) => {
      const output = createOutputQueue();
      return { ...runs.begin(runOptions, output), output };
    },
    sessions: { open: opener.open, close: async (name) => sessions.close(name) },
    runs: { list: lives.list, get: lives.get, cancel: lives.cancel, output: cut.get },
    tools: tools.api,
    guide: createGuide(tools.api, ask),
    policy: policy.api,
    artifacts: tools.artifacts,
    engines: () =>
      engines.map((engine) => describeEngine(engine, platform, coldStarts.get(engine.name) ?? null)),
    health: () => ({
      status: closed === undefined && engines.length > 0 ? 'healthy' : 'unhealthy',
      time: platform.now(),
      engines: engines.map(({ name }) => name),
      runs: lives.count(),
      cells: pools?.counts() ?? NO_CELLS,
      remote: remoteHealth(tools.api.servers.list()),
    }),
    platform: () => platform.info,
    on: events.on,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function remoteHealth(servers: readonly ToolServerInfo[]): RuntimeHealth['remote'] {
  if (servers.length === 0) return 'disabled';
  return servers.some(({ state }) => state === 'failed' || state === 'held') ? 'degraded' : 'healthy';
}

const NO_CELLS = Object.freeze({ starting: 0, idle: 0, busy: 0 });

/** What the tools are handed of a runtime. */
const toolsContext = (
  platform: Platform,
  context: SandboxContext,
  runs: RunStarter,
  levelOf: ToolsContext['levelOf'],
  policy: PolicySource,
): ToolsContext => ({
  run: async (runOptions, of) => runs.begin(runOptions, undefined, undefined, of).outcome,
  describe: (bytes) => describeWith(context.engines, bytes),
  readTools: platform.readTools,
  readShippedTools: platform.readShippedTools,
  watchFolder: platform.watchFolder,
  servers: platform.servers ?? {},
  secret: (name) => context.secret(name, NO_RUN),
  tell: context.prepare.tell,
  levelOf,
  outer: runs.find,
  policy,
  limits: context.limits,
  hostFunctions: context.hostFunctions,
  checkGrant: (grant) => void checkGrant(grant, context.hostFunctions),
  events: context.events,
  monotonic: context.monotonic,
  now: context.now,
  sleep,
  random: Math.random,
});

/** What a binary says of itself as a tool; of a component's exports its engine knows the types. */
function describeWith(engines: readonly Engine[], bytes: Uint8Array): Described {
  const own = new Uint8Array(bytes);
  const described = describeTool(own);
  const engine = engines.find(({ toolExports }) => toolExports !== undefined);
  const offered = described.kind === 'component' ? engine?.toolExports?.(own) : undefined;
  return { ...described, isTool: offered?.isTool ?? false, exports: offered?.exports ?? [] };
}

/** The port that is handed out before there are tools behind it. */
function lateTools(): { readonly tools: ToolsPort; bind(port: ToolsPort): void } {
  let bound: ToolsPort | undefined;
  const there = (): ToolsPort => {
    if (bound === undefined) throw new TypeError('Cannot call tools: the runtime is not ready');
    return bound;
  };
  return {
    tools: {
      call: (...call) => there().call(...call),
      search: (...search) => there().search(...search),
      describe: (...asked) => there().describe(...asked),
    },
    bind: (port) => {
      bound = port;
    },
  };
}

/** The options that are listeners. */
function listen(events: EventStream, { onAudit, onError = toConsole }: RuntimeOptions): void {
  events.on('fault', ({ error, identity }) => onError(error, identity.runId));
  if (onAudit !== undefined) events.on('host.called', (event) => onAudit(auditLineOf(event)));
}

const toConsole = (error: unknown, runId: string): void => console.error(`sandglass ${runId}:`, error);

const warnOnConsole: TellNotice = ({ kind, message }) => {
  if (
    kind === 'not-kept' ||
    kind === 'policy-refused' ||
    kind === 'tools-refused' ||
    kind === 'server-changed' ||
    kind === 'server-failed'
  )
    console.warn(`sandglass: ${message}`);
};

function readPrepare(
  platform: Platform,
  options: RuntimeOptions,
  tell: TellNotice,
): Omit<PrepareContext, 'limits'> {
  const cache = options.cache === false ? undefined : platform.openCache?.(options.cache, tell);
  return {
    tell,
    compile: platform.compile,
    ...(cache === undefined ? {} : { cache }),
    ...(platform.job === undefined ? {} : { job: platform.job }),
  };
}

/** What an embedder implements itself may have more fields than these. */
function checkHostFunction(host: AnyHostFunction): void {
  checkField(host, 'a host function', 'object!', WHERE);
  checkField(host.name, 'name of a host function', 'text!', WHERE);
  const where = `${WHERE}: host function "${host.name}"`;
  checkField(host.operations, 'operations', 'object!', where);
  checkField(host.open, 'open', 'function!', where);
}

const noFiles = (platform: string): SandglassError =>
  new SandglassError('UNSUPPORTED', `Cannot read a module by its path: ${platform} has no files`, {
    hint: 'Pass its bytes',
  });

const byName = (hosts: readonly AnyHostFunction[]): ReadonlyMap<string, AnyHostFunction> =>
  new Map(uniqueByName(hosts, 'host function').map((host) => [host.name, host]));

function uniqueByName<T extends { readonly name: string }>(items: readonly T[], what: string): readonly T[] {
  const names = new Set<string>();
  for (const { name } of items) {
    if (names.has(name)) throw new TypeError(`Cannot create a runtime: two of ${what} "${name}"`);
    names.add(name);
  }
  return items;
}
