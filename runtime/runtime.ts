import type { EngineInfo } from './contracts/api/info.ts';
import type { KeptOutput, OutputChunk, RunHandle, RunOptions } from './contracts/api/run.ts';
import type { CellOptions, Runtime, RuntimeOptions } from './contracts/api/runtime.ts';
import type { Session, SessionOptions } from './contracts/api/session.ts';
import type { Engine, PrepareContext } from './contracts/engine.ts';
import type { CellPools, Platform } from './contracts/platform.ts';
import { createKnownModules } from './run/known-modules.ts';
import { createLiveRuns, type LiveRun } from './run/live-runs.ts';
import { createOutputQueue, type OutputQueue } from './run/output-queue.ts';
import { readLevel, readRunOptions } from './run/run-request.ts';
import { runInSandbox, type SandboxContext } from './run/sandbox.ts';
import { readSessionOptions } from './run/session/session-options.ts';
import { planSession } from './run/session/session-plan.ts';
import { createSessions, type OpenSession } from './run/session/sessions.ts';
import { checkGrant } from './vocabulary/check-grant.ts';
import { SandglassError } from './vocabulary/errors.ts';
import { type IsolationLevel, LEVEL_POLICIES, LEVELS, stricter } from './vocabulary/levels.ts';
import { checkLimits, LIMIT_NAMES, mergeLimits } from './vocabulary/limits.ts';
import type { Outcome } from './vocabulary/outcome.ts';
import { refuseUnknown } from './vocabulary/read-options.ts';
import { createRunStore } from './work/run-store.ts';

const KNOWN: Readonly<Record<keyof RuntimeOptions, true>> = {
  level: true,
  limits: true,
  policy: true,
  secrets: true,
  engines: true,
  hostFunctions: true,
  cells: true,
  cache: true,
  onAudit: true,
  onError: true,
};

/**
 * A runtime on one platform; the entry files bind it to theirs.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 */
export function createRuntimeOn(platform: Platform, options: RuntimeOptions = {}): Runtime {
  refuseUnknown(options, KNOWN, 'create a runtime');
  const engines = uniqueByName([...platform.engines, ...(options.engines ?? [])], 'engine');
  const hostFunctions = new Map(
    uniqueByName([...platform.hostFunctions, ...(options.hostFunctions ?? [])], 'host function').map(
      (host) => [host.name, host],
    ),
  );
  const modules = createKnownModules(platform.sameBytes);
  const ceiling = readLevel(options.level, 'create a runtime');
  const cellOptions = readCells(options.cells, platform.processors);
  const cache = options.cache === false ? undefined : platform.openCache?.(options.cache);
  const prepare: Omit<PrepareContext, 'limits'> = {
    compile: platform.compile,
    ...(cache === undefined ? {} : { cache }),
    ...(platform.job === undefined ? {} : { job: platform.job }),
  };
  const sessions = createSessions(cellOptions.maxSessions);
  /** Runs that go on, and what cancels each. */
  const running = new Map<Promise<Outcome>, () => void>();
  const lives = createLiveRuns();
  const cut = createRunStore<KeptOutput>({ maxRuns: 64, now: platform.monotonic });
  const coldStarts = new Map<Engine, number>();
  /** Sessions that are being opened. */
  const opening = new Set<AbortController>();
  let pools: CellPools | undefined;
  let closed: Promise<void> | undefined;

  const fallback: IsolationLevel = platform.info.levels.includes('standard') ? 'standard' : 'minimal';
  const levelOf = (asked: IsolationLevel | undefined): IsolationLevel =>
    ceiling === undefined ? (asked ?? fallback) : stricter(ceiling, asked ?? ceiling);

  const context: SandboxContext = {
    engines,
    hostFunctions,
    cellFor: (level, engine) => {
      if (!givesLevel(level, engine, platform)) {
        const can = levelsOf(engine, platform).join(', ') || 'none';
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot run ${engine.name} at level ${level}: ${platform.info.name} cannot give it`,
          {
            hint: `Levels that it can give: ${can}`,
            details: { level, levels: levelsOf(engine, platform) },
          },
        );
      }
      const wanted = LEVEL_POLICIES[level].cell;
      if (wanted === 'inline' && engine.inline) return platform.inline;
      pools ??= platform.openPools?.(cellOptions, { ...prepare, limits: mergeLimits([]) });
      const cell = wanted === 'process' ? pools?.process : pools?.worker;
      if (cell === undefined)
        throw new SandglassError('UNSUPPORTED', `Cannot run at level ${level}: no cells here`);
      return cell;
    },
    prepare,
    readModule: async (path) => {
      if (platform.readModule === undefined) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot read a module by its path: ${platform.info.name} has no files`,
          {
            hint: 'Pass its bytes',
          },
        );
      }
      return modules.take(await platform.readModule(path));
    },
    secret: (name) => {
      const secrets = options.secrets ?? {};
      return Object.hasOwn(secrets, name) ? secrets[name] : undefined;
    },
    limits: checkLimits(options.limits),
    policy: options.policy === undefined ? undefined : checkGrant(options.policy, hostFunctions, 'policy'),
    onAudit: options.onAudit,
    onError: options.onError ?? ((error, runId) => console.error(`sandglass ${runId}:`, error)),
    monotonic: platform.monotonic,
    now: platform.now,
    onColdStart: (engine, ms) => void coldStarts.set(engine, ms),
  };

  /** @param own The session that the run goes to, whatever has its name by now. */
  const begin = (runOptions: RunOptions, queue?: OutputQueue, own?: OpenSession): Begun => {
    if (closed !== undefined) throw new TypeError('Cannot run: this runtime is closed');
    const request = readRunOptions(runOptions, hostFunctions, modules, (name) => {
      const found = own ?? sessions.find(name);
      return found instanceof SandglassError ? undefined : found.language;
    });
    const session =
      request.session === undefined ? undefined : (own?.ended ?? own ?? sessions.find(request.session));
    const held = session instanceof SandglassError ? undefined : session;
    const id = request.runId ?? `run-${crypto.randomUUID()}`;
    const abort = new AbortController();
    const cancel = (): void => abort.abort();
    const live: LiveRun = {
      id,
      level: held?.level ?? levelOf(request.level),
      session: request.session,
      askedAt: platform.now(),
      cancel,
    };
    lives.add(live);
    const dispose = abortWith(abort, [runOptions.signal, held?.signal]);
    const onOutput =
      queue === undefined && runOptions.onOutput === undefined
        ? undefined
        : (chunk: OutputChunk): void => {
            queue?.push(chunk);
            runOptions.onOutput?.(chunk);
          };
    const outcome = runInSandbox(
      {
        runId: id,
        request,
        level: live.level,
        live,
        signal: abort.signal,
        onOutput,
        session,
      },
      context,
    ).finally(() => {
      dispose();
      queue?.end();
      running.delete(outcome);
      lives.delete(live);
    });
    running.set(outcome, cancel);
    void outcome.then(keepCut, () => undefined); // whoever asked for the run sees why it is rejected
    return { id, outcome, cancel };
  };

  const keepCut = ({ ok, meta, stdout, stderr, usage }: Outcome): void => {
    if (ok || !meta.truncated) return;
    cut.add(meta.runId, { stdout, stderr });
    cut.ended(meta.runId, usage.outputBytes);
  };

  const openSession = async (sessionOptions: SessionOptions): Promise<Session> => {
    if (closed !== undefined) throw new TypeError('Cannot open a session: this runtime is closed');
    const request = readSessionOptions(sessionOptions, hostFunctions);
    const plan = planSession(request, levelOf(request.level), context);
    const cell = context.cellFor(plan.level, plan.engine);
    const abort = new AbortController();
    const dispose = abortWith(abort, [sessionOptions.signal]);
    opening.add(abort);
    try {
      const session = await sessions.open(plan, () => cell.hold(plan.engine, abort.signal));
      return {
        name: plan.name,
        run: async (given) => begin({ ...given, session: plan.name }, undefined, session).outcome,
        close: session.close,
        [Symbol.asyncDispose]: session.close,
      };
    } finally {
      opening.delete(abort);
      dispose();
    }
  };

  const close = (): Promise<void> => {
    closed ??= (async () => {
      for (const cancel of running.values()) cancel();
      for (const abort of opening) abort.abort();
      await Promise.allSettled(running.keys()); // whoever asked for a run sees how it ended
      await sessions.closeAll();
      await pools?.close();
    })();
    return closed;
  };

  return {
    run: async (runOptions) => begin(runOptions).outcome,
    start: (runOptions) => {
      const output = createOutputQueue();
      return { ...begin(runOptions, output), output };
    },
    sessions: {
      open: openSession,
      close: async (name) => sessions.close(name),
    },
    runs: { list: lives.list, get: lives.get, cancel: lives.cancel, output: cut.get },
    engines: () => engines.map((engine) => describeEngine(engine, platform, coldStarts.get(engine) ?? null)),
    platform: () => platform.info,
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Begun = Omit<RunHandle, 'output'>;

function describeEngine(engine: Engine, platform: Platform, startupMs: number | null): EngineInfo {
  const { name, version, languages, realm, memoryBytes } = engine;
  const levels = levelsOf(engine, platform);
  const cells = new Set(levels.map((level) => cellOf(level, engine)));
  return {
    name,
    version,
    languages,
    languageVersion: engine.languageVersion ?? `${name} ${version}`,
    realm,
    levels,
    memoryBytes,
    cells: [...cells],
    limits: LIMIT_NAMES.filter(
      (limit) => limit !== 'cpuShare' || cells.has('worker') || cells.has('process'),
    ),
    network: 'host functions only',
    setup: engine.setup ?? 'nothing',
    options: engine.options ?? [],
    snapshots: engine.snapshots?.() ?? [],
    startupMs,
  };
}

const cellOf = (level: IsolationLevel, { inline }: Engine): 'inline' | 'worker' | 'process' => {
  const { cell } = LEVEL_POLICIES[level];
  return cell === 'inline' && !inline ? 'worker' : cell;
};

/** Python has no inline cell: at `minimal` it gets a worker, where the platform has one. */
const givesLevel = (level: IsolationLevel, engine: Engine, { info }: Platform): boolean =>
  info.levels.includes(level) && (LEVEL_POLICIES[level].cell !== 'inline' || engine.inline || info.workers);

const levelsOf = (engine: Engine, platform: Platform): readonly IsolationLevel[] =>
  LEVELS.filter((level) => givesLevel(level, engine, platform));

function uniqueByName<T extends { readonly name: string }>(items: readonly T[], what: string): readonly T[] {
  const names = new Set<string>();
  for (const { name } of items) {
    if (names.has(name)) throw new TypeError(`Cannot create a runtime: two of ${what} "${name}"`);
    names.add(name);
  }
  return items;
}

const CELL_RANGES: Readonly<Record<keyof CellOptions, readonly [minimum: number, maximum: number]>> = {
  maxCells: [1, 256],
  maxSessions: [0, 255],
  warm: [0, 64],
  idleMemoryBytes: [0, 2 ** 40],
  maxReuse: [1, 100_000],
};

function readCells(cells: CellOptions | undefined, processors: number): Required<CellOptions> {
  const given = cells ?? {};
  refuseUnknown(given, CELL_RANGES, 'create a runtime: cells');
  const read = (name: keyof CellOptions, fallback: number): number => {
    const value = given[name] ?? fallback;
    const [minimum, maximum] = CELL_RANGES[name];
    if (!Number.isInteger(value) || value < minimum || value > maximum) {
      throw new RangeError(
        `Cannot create a runtime: cells.${name} ${value} is not a whole number from ${minimum} to ${maximum}`,
      );
    }
    return value;
  };
  const maxCells = read('maxCells', Math.max(4, 2 * processors));
  const maxSessions = read('maxSessions', Math.floor(maxCells / 2));
  if (maxSessions >= maxCells) {
    throw new RangeError(
      `Cannot create a runtime: cells.maxSessions ${maxSessions} leaves none of ${maxCells} cells for other runs`,
    );
  }
  return {
    maxCells,
    maxSessions,
    warm: read('warm', 1),
    idleMemoryBytes: read('idleMemoryBytes', 4 * 2 ** 30),
    maxReuse: read('maxReuse', 200),
  };
}

/** Aborts with the first of several signals; what it answers takes its listeners back. */
function abortWith(abort: AbortController, signals: readonly (AbortSignal | undefined)[]): () => void {
  const follow = (): void => abort.abort();
  for (const signal of signals) {
    if (signal?.aborted) follow();
    else signal?.addEventListener('abort', follow, { once: true });
  }
  return () => {
    for (const signal of signals) signal?.removeEventListener('abort', follow);
  };
}
