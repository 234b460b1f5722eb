import type { OutputChunk } from '../contracts/api/run.ts';
import type { Cell } from '../contracts/cell.ts';
import type { Engine, GuestSource, PrepareContext, RunSpec } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import type { AnyHostFunction, Secret } from '../contracts/host-function.ts';
import { openGate } from '../gate/open-gate.ts';
import { UnusablePart } from '../gate/open-services.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import type { GuestValue } from '../vocabulary/codec.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { AuditLine } from '../vocabulary/events.ts';
import { type IsolationLevel, LEVEL_POLICIES } from '../vocabulary/levels.ts';
import { type Limits, mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { classify, type Verdict } from './classify.ts';
import type { TakenModule } from './known-modules.ts';
import type { LiveRun } from './live-runs.ts';
import { limitsFor } from './run-limits.ts';
import type { RunRequest } from './run-request.ts';
import { checkFits, firstHandleOf, sessionEnd } from './session/session-run.ts';
import type { OpenSession, SessionTurn } from './session/sessions.ts';

/** What one run needs of its runtime. */
export interface SandboxContext {
  readonly engines: readonly Engine[];
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  /** The cell for a level and an engine; a level the platform cannot give throws UNSUPPORTED. */
  readonly cellFor: (level: IsolationLevel, engine: Engine) => Cell;
  readonly prepare: Omit<PrepareContext, 'limits'>;
  /** Reads and takes a module of the embedder's own. */
  readonly readModule: (path: string | URL) => Promise<TakenModule>;
  readonly secret: (name: string) => Secret | undefined;
  /** The runtime's own ceilings. */
  readonly limits: Partial<Limits>;
  /** The grant every run gets at most, part by part; absent: no ceiling. */
  readonly policy: CheckedGrant | undefined;
  readonly onAudit: ((line: AuditLine) => void) | undefined;
  /** Told the cause of every INTERNAL error. */
  readonly onError: (error: unknown, runId: string) => void;
  readonly monotonic: () => number;
  readonly now: () => number;
  /** Told how long a run waited for a cell that had to be started. */
  readonly onColdStart: (engine: Engine, ms: number) => void;
}

export interface SandboxRun {
  readonly runId: string;
  readonly request: RunRequest;
  readonly level: IsolationLevel;
  readonly signal: AbortSignal;
  readonly onOutput: ((chunk: OutputChunk) => void) | undefined;
  /** Told how the run is going. */
  readonly live: LiveRun;
  /** The session that the run asks for, or why it cannot run in it. */
  readonly session?: OpenSession | SandglassError | undefined;
}

/**
 * One run: grant ∩ policy, limits, engine, cell, guest; then the outcome with its usage, whatever happened.
 * @throws {TypeError | RangeError} when a host function cannot open its part of the grant, e.g. a folder that is not there.
 */
export async function runInSandbox(run: SandboxRun, context: SandboxContext): Promise<Outcome> {
  const { request, level, signal } = run;
  const session = run.session instanceof SandglassError ? undefined : run.session;
  const policy = LEVEL_POLICIES[level];
  const asked = context.monotonic();
  const output = collectOutput(run.onOutput);
  let started = asked;
  let ended = asked;
  let engine: Engine | undefined;
  let gate: Gate | undefined;
  let limits = mergeLimits([context.limits, request.limits, request.grant.limits]);
  let cpuMs: number | null = null;
  let memoryBytes = 0;
  let fuel: number | null = null;
  let coldStart = false;
  let turn: SessionTurn | undefined;
  /** Why the guest of a session must not run again. */
  let ending: string | undefined;
  let verdict: Verdict;
  /** Faults of host functions that the embedder has been told of: a guest may live on after them. */
  const told = new Set<unknown>();

  try {
    if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot run: cancelled before it started');
    if (run.session instanceof SandglassError) throw run.session;
    if (session !== undefined) checkFits(request, session);
    turn = await session?.take(signal);
    const source = await readSource(request, turn?.number, context);
    engine = session?.engine ?? chooseEngine(request, source, context.engines);
    limits = limitsFor(engine, level, context, [
      request.limits,
      request.grant.limits,
      ...(session === undefined ? [] : [session.limits, session.grant?.limits ?? {}]),
    ]);
    const cell = turn?.cell ?? context.cellFor(level, engine);
    if (limits.cpuShare < 1 && cell.kind === 'inline') {
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot hold the guest to a cpuShare of ${limits.cpuShare} at level ${level}: it has no thread of its own`,
        { hint: 'Use level standard or stricter, where the platform gives it, or leave cpuShare out' },
      );
    }
    const grant = narrow(
      request.grantGiven ? request.grant : (session?.grant ?? request.grant),
      context,
      session,
    );
    gate = await openGate({
      runId: run.runId,
      limits,
      parts: grant.parts,
      hostFunctions: context.hostFunctions,
      noNetwork: policy.noNetwork,
      level,
      context: {
        readOnlyFiles: policy.readOnlyFiles,
        noHostFiles: policy.noHostFiles,
        secret: context.secret,
        now: context.now,
        ...(turn === undefined ? {} : { firstHandle: firstHandleOf(turn.number) }),
      },
      monotonic: context.monotonic,
      ...(context.onAudit === undefined ? {} : { onAudit: context.onAudit }),
      onFault: (error) => {
        told.add(error);
        context.onError(error, run.runId);
      },
    });
    run.live.engine = engine;
    run.live.gate = gate;
    const guest = await engine.prepare(source, {
      ...context.prepare,
      limits,
      options: session?.options ?? request.options,
      sharesThread: cell.kind === 'inline',
      keptCell: turn !== undefined,
      deterministic: request.deterministic !== undefined,
    });
    if (guest.local !== undefined && cell.kind !== 'inline') {
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot run it at level ${level}: a prebuilt component cannot leave the host's own thread`,
        { hint: 'Use level minimal, or pass the component itself' },
      );
    }
    if (guest.wantsFolders === true) await gate.openFolders();
    if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot run: cancelled before it started');
    started = context.monotonic();
    ending = 'INTERNAL'; // unless the cell tells how the guest ended
    const result = await cell.run({
      engine: guest.cellsOf ?? engine,
      guest,
      spec: specOf(run, gate, limits, grant.env),
      gate,
      signal,
      onOutput: output.take,
      onStart: (probe) => {
        started = context.monotonic();
        run.live.startedAt = context.now();
        run.live.probe = probe;
      },
    });
    ended = context.monotonic();
    ({ cpuMs, coldStart } = result);
    if (coldStart) context.onColdStart(engine, started - asked);
    ({ memoryBytes, fuel } = result.end);
    // A run that was cancelled, or is over its deadline, is that, whatever its guest managed to answer meanwhile.
    verdict = signal.aborted
      ? { ok: false, error: new SandglassError('CANCELLED', 'Stopped the guest: the run was cancelled') }
      : classify(result.end, gate, limits, output.bytes());
    ending = sessionEnd(result.end, verdict);
  } catch (error) {
    ended = context.monotonic();
    if (error instanceof UnusablePart) throw error.reason; // misuse, not an outcome
    verdict = { ok: false, error: error instanceof SandglassError ? error : internal(error) };
  } finally {
    await gate?.close();
    turn?.release(ending); // not before: the next run must find nothing of this one's grant
  }

  if (!verdict.ok && verdict.error.code === 'INTERNAL') {
    const cause = verdict.error.cause ?? verdict.error;
    if (!told.has(cause)) context.onError(cause, run.runId);
  }
  const value: GuestValue = verdict.ok ? verdict.value : undefined;
  const { stdout, stderr } = output.end();
  const base = {
    stdout,
    stderr,
    ...(verdict.exitCode === undefined ? {} : { exitCode: verdict.exitCode }),
    usage: {
      fuel,
      durationMs: ended - started,
      cpuMs,
      memoryBytes,
      outputBytes: output.bytes() + (verdict.ok ? verdict.valueBytes : 0),
      ...(gate?.usage() ?? { hostCalls: {}, egressBytes: 0, ingressBytes: 0 }),
      coldStart,
    },
    meta: {
      runId: run.runId,
      engine: engine?.name ?? null,
      engineVersion: engine?.version ?? null,
      level,
      limits,
      queuedMs: started - asked,
      attempts: 1,
      cached: false,
      truncated: !verdict.ok && verdict.error.code === 'OUTPUT_EXCEEDED',
      ...(request.session === undefined ? {} : { session: request.session }),
      ...(turn === undefined || ending === undefined ? {} : { sessionEnded: true as const }),
    },
  };
  return verdict.ok ? { ok: true, value, ...base } : { ok: false, error: verdict.error.toJSON(), ...base };
}

const internal = (error: unknown): SandglassError =>
  new SandglassError('INTERNAL', 'Cannot finish the run: the runtime failed', { cause: error });

/** @param turn Which run of its session it is: programs of one session have names of their own, so that their errors can be told apart. */
async function readSource(
  request: RunRequest,
  turn: number | undefined,
  context: SandboxContext,
): Promise<GuestSource> {
  const { source } = request;
  if (source.kind === 'script') {
    const { language, code, form } = source;
    const ending = { javascript: 'js', typescript: 'ts', python: 'py' }[language] ?? 'txt';
    return {
      kind: 'script',
      language,
      code,
      form,
      modules: request.modules,
      filename: request.filename ?? `${turn === undefined ? 'main' : `run-${turn}`}.${ending}`,
    };
  }
  const name = request.filename ?? 'module.wasm';
  if (source.kind === 'prebuilt') {
    return { kind: 'wasm', bytes: new Uint8Array(), hash: '', name, prebuilt: source.component };
  }
  const taken = source.kind === 'file' ? await context.readModule(source.path) : source;
  return { kind: 'wasm', bytes: taken.bytes, hash: await taken.hash, name };
}

/** A component says so in its header: layer 1 in the upper half of the version field (component-model binary format). */
const isComponent = (bytes: Uint8Array): boolean => bytes[6] === 1 && bytes[7] === 0;

function chooseEngine(request: RunRequest, source: GuestSource, engines: readonly Engine[]): Engine {
  if (source.kind === 'script') {
    const found = engines.find((engine) => engine.languages.includes(source.language));
    if (found !== undefined) return found;
    const known = engines.flatMap((engine) => engine.languages);
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot run ${source.language}: no engine here takes its source, only what it was compiled to, a .wasm`,
      {
        hint: `Known languages: ${known.join(', ')}. Compile any other to a .wasm and pass module`,
        details: { languages: known },
      },
    );
  }
  const wanted =
    request.engine ?? (source.prebuilt !== undefined || isComponent(source.bytes) ? 'component' : 'preview1');
  const found = engines.find((engine) => engine.name === wanted && engine.languages.length === 0);
  if (found !== undefined) return found;
  const known = engines.filter((engine) => engine.languages.length === 0).map((engine) => engine.name);
  throw new SandglassError('UNSUPPORTED', `Cannot run ${source.name}: no engine "${wanted}" here`, {
    hint: `Known wasm engines: ${known.join(', ') || 'none'}`,
  });
}

/** Grant ∩ policy. What the policy does not cover is refused by name, never dropped in silence. */
function narrow(
  grant: GrantParts,
  { policy, hostFunctions }: SandboxContext,
  session: OpenSession | undefined,
): GrantParts {
  const within =
    session?.grant === undefined ? grant : cover(grant, session.grant, hostFunctions, 'grant of its session');
  return policy === undefined ? within : cover(within, policy, hostFunctions, 'policy of this runtime');
}

type GrantParts = Pick<CheckedGrant, 'env' | 'parts'>;

/** @throws {SandglassError} CAPABILITY_DENIED naming the first part that the ceiling does not cover. */
function cover(
  grant: GrantParts,
  ceiling: GrantParts,
  hostFunctions: SandboxContext['hostFunctions'],
  what: string,
): GrantParts {
  const parts = new Map<string, unknown>();
  for (const [name, part] of grant.parts) {
    const host = hostFunctions.get(name);
    if (host?.narrow === undefined) {
      throw new SandglassError('CAPABILITY_DENIED', `Cannot grant ${name}: the ${what} does not cover it`);
    }
    parts.set(name, host.narrow(part, ceiling.parts.get(name)));
  }
  for (const [name, value] of Object.entries(grant.env)) {
    if (ceiling.env[name] !== value) {
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot grant env ${name}: the ${what} does not cover it`,
      );
    }
  }
  return { parts, env: grant.env };
}

function specOf(run: SandboxRun, gate: Gate, limits: Limits, env: Readonly<Record<string, string>>): RunSpec {
  const { request } = run;
  return {
    runId: run.runId,
    argv: request.argv,
    env,
    cwd: request.cwd ?? gate.mounts.find((mount) => mount.scratch !== true)?.path ?? '/',
    stdin: request.stdin,
    inputs: request.inputs,
    ...(request.invoke === undefined ? {} : { invoke: request.invoke }),
    args: request.args,
    limits,
    mounts: gate.mounts,
    granted: gate.granted,
    ...(gate.base === undefined ? {} : { base: gate.base }),
    ...(request.deterministic === undefined ? {} : { deterministic: request.deterministic }),
    options: run.session instanceof SandglassError ? {} : (run.session?.options ?? request.options),
  };
}

/** Gathers both streams as text, and passes their bytes on as they come. */
function collectOutput(onOutput: ((chunk: OutputChunk) => void) | undefined): {
  readonly take: (stream: 'stdout' | 'stderr', bytes: Uint8Array) => void;
  readonly bytes: () => number;
  readonly end: () => { readonly stdout: string; readonly stderr: string };
} {
  const streams = {
    stdout: { decoder: new TextDecoder(), parts: [] as string[] },
    stderr: { decoder: new TextDecoder(), parts: [] as string[] },
  };
  let total = 0;
  const emit = (stream: 'stdout' | 'stderr', text: string, bytes: Uint8Array): void => {
    if (text === '' && bytes.byteLength === 0) return;
    streams[stream].parts.push(text);
    onOutput?.({ stream, text, bytes });
  };
  return {
    take: (stream, bytes) => {
      total += bytes.byteLength;
      emit(stream, streams[stream].decoder.decode(bytes, { stream: true }), bytes);
    },
    bytes: () => total,
    end: () => {
      emit('stdout', streams.stdout.decoder.decode(), new Uint8Array());
      emit('stderr', streams.stderr.decoder.decode(), new Uint8Array());
      return { stdout: streams.stdout.parts.join(''), stderr: streams.stderr.parts.join('') };
    },
  };
}
