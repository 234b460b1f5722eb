import { describeWith } from './catalog/describe-with.ts';
import type { Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import type { AnyHostFunction } from './contracts/host-function.ts';
import type { CellPools, Platform, PolicyFile } from './contracts/platform.ts';
import { createRunStarter, type RunStarter } from './run/begin-run.ts';
import { readCells } from './run/cell-options.ts';
import { CREATE, checkRuntimeOptions } from './run/check-runtime-options.ts';
import { chooseCell } from './run/choose-cell.ts';
import { describeEngine } from './run/engine-info.ts';
import { createKnownModules } from './run/known-modules.ts';
import { createLevelOf } from './run/level-of.ts';
import { listen, tellerOf } from './run/listeners.ts';
import { createLiveRuns } from './run/live-runs.ts';
import { openPolicy } from './run/open-policy.ts';
import { createOutputQueue } from './run/output-queue.ts';
import { readPrepare } from './run/prepare-options.ts';
import { readModules } from './run/read-modules.ts';
import { createRunPort } from './run/run-port.ts';
import type { SandboxContext } from './run/sandbox-context.ts';
import { secretsOf } from './run/secrets-of.ts';
import { createSessionOpener } from './run/session/open-session.ts';
import { createSessions } from './run/session/sessions.ts';
import { createInterpretedValidators } from './tools/check/interpreted-validators.ts';
import type { Validators } from './tools/check/validator.ts';
import { modelAsker } from './tools/guide/ask-model.ts';
import { createGuide } from './tools/guide/guide.ts';
import { lateTools } from './tools/late-tools.ts';
import { remoteHealth } from './tools/remote/remote-health.ts';
import { createTools } from './tools/tools.ts';
import type { ToolsContext } from './tools/tools-context.ts';
import { byName, uniqueByName } from './vocabulary/by-name.ts';
import { NO_RUN } from './vocabulary/caller.ts';
import { checkGrant } from './vocabulary/check-grant.ts';
import { createEventStream } from './vocabulary/event-stream.ts';
import { checkLimits, mergeLimits } from './vocabulary/limits.ts';
import { readModuleBytes } from './vocabulary/module-size.ts';
import type { PolicySource } from './vocabulary/policy.ts';
import { readLevel } from './vocabulary/read-options.ts';
import { sleep } from './vocabulary/sleep.ts';
import { createKeptOutput } from './work/kept-output.ts';

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
  checkRuntimeOptions(options, platform.ownOptions);
  const engines = uniqueByName([...platform.engines, ...(options.engines ?? [])], 'engine');
  /** The tools call runs, and runs call tools: what guests reach is bound once both are there. */
  const port = lateTools();
  const lives = createLiveRuns();
  const hostFunctions = byName<AnyHostFunction>(
    [
      ...platform.hostFunctions,
      ...(platform.createToolsFunction === undefined ? [] : [platform.createToolsFunction(port.tools)]),
      ...(platform.createRunFunctions?.(createRunPort(() => runs, lives)) ?? []),
      ...(options.hostFunctions ?? []),
    ],
    'host function',
  );
  const events = createEventStream();
  listen(events, options); // before anything that may have something to tell
  const tell = tellerOf(events, options, platform.now);
  const ownFiles = options.hostFunctions?.some(({ name }) => name === 'fs') === true;
  const policy = openPolicy({
    given: options.policy,
    file: policyFile,
    hostFunctions,
    tell,
    missingFolders: ownFiles ? undefined : platform.missingFolders,
  });
  const ceiling = readLevel(options.level, CREATE);
  const cellOptions = readCells(options.cells, platform.processors);
  const prepare = readPrepare(platform, options, tell);
  const modules = createKnownModules(platform.sameBytes, platform.sha256Hex);
  const maxModuleBytes = readModuleBytes(options.maxModuleBytes);
  const sessions = createSessions(cellOptions.maxSessions);
  const kept = createKeptOutput(platform.monotonic);
  const coldStarts = new Map<string, number>();
  let pools: CellPools | undefined;
  let closed: Promise<void> | undefined;

  const levelOf = createLevelOf(platform.info.levels, ceiling, () => policy.source.current.level);
  const openPools = (): CellPools | undefined => {
    pools ??= platform.openPools?.(cellOptions, { ...prepare, limits: mergeLimits([]) });
    return pools;
  };
  const context: SandboxContext = {
    engines,
    hostFunctions,
    cellFor: (level, engine) => chooseCell(level, engine, platform, openPools),
    prepare,
    readModule: readModules(platform, modules, maxModuleBytes),
    maxModuleBytes,
    checkInput: platform.checkInput,
    secret: secretsOf(options.secrets, (error, identity) =>
      events.emit({ kind: 'fault', time: platform.now(), identity, error }),
    ),
    limits: checkLimits(options.limits),
    get policy() {
      return policy.source.current.base;
    },
    events,
    monotonic: platform.monotonic,
    now: platform.now,
    openTurns: platform.openTurns,
  };
  events.on('cell.started', ({ engine, waitedMs }) => coldStarts.set(engine, waitedMs));
  const runs = createRunStarter({ context, sessions, modules, lives, levelOf, onOutcome: kept.keep });
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
    runs: { list: lives.list, get: lives.get, cancel: lives.cancel, output: kept.get },
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
