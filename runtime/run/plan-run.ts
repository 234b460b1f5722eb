import type { Cell, HeldCell } from '../contracts/cell.ts';
import type { Engine, GuestSource, PreparedGuest, RunSpec } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import { type Budget, createBudget } from '../vocabulary/budget.ts';
import { permits } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Limits } from '../vocabulary/limits.ts';
import { chooseEngine } from './choose-engine.ts';
import { guestSourceOf } from './guest-source.ts';
import { type GrantParts, narrowGrant } from './narrow-grant.ts';
import type { Nest } from './nests.ts';
import { programName } from './program-name.ts';
import { limitsFor } from './run-limits.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';
import { workingFolder } from './scratch.ts';
import type { OpenSession, SessionTurn } from './session/sessions.ts';
import { withinDeadline } from './within-deadline.ts';

/** What is settled before anything of a run is opened. */
export interface RunPlan {
  readonly source: GuestSource;
  readonly engine: Engine;
  readonly limits: Limits;
  /** Made of the limits. */
  readonly budget: Budget;
  readonly cell: Cell | HeldCell;
  readonly grant: GrantParts;
  /** The engine's own options. */
  readonly options: RunSpec['options'];
  readonly turn: SessionTurn | undefined;
}

/**
 * Source, engine, limits, cell and grant of a run.
 * @param onEngine Told as soon as both are known: a run that is refused after that names them.
 * @throws {SandglassError} UNSUPPORTED, CAPABILITY_DENIED, or why the module cannot be read.
 */
export async function planRun(
  { request, identity, level, nest, outer, ceiling, callerGrants, session: asked }: SandboxRun,
  turn: SessionTurn | undefined,
  context: SandboxContext,
  onEngine: (engine: Engine, limits: Limits) => void,
): Promise<RunPlan> {
  const session: OpenSession | undefined = asked instanceof SandglassError ? undefined : asked;
  const source = await guestSourceOf(request, turn?.number, context);
  const engine = session?.engine ?? chooseEngine(source, request.engine, context.engines);
  const policy = ceiling();
  const wanted = limitsFor(engine, level, { limits: context.limits, policy }, [
    request.limits,
    request.grant.limits,
    ...callerGrants.map(({ limits }) => limits),
    // The memory of a session's guest was settled when it was opened.
    ...(session === undefined ? memoryOf(outer) : [session.limits, session.grant?.limits ?? {}]),
  ]);
  onEngine(engine, wanted);
  outer?.fuel.share();
  const budget = outer?.budget?.child(wanted) ?? createBudget(wanted, context.monotonic);
  const { limits } = budget;
  onEngine(engine, limits);
  nest.budget = budget;
  nest.memoryBytes = limits.memoryBytes === engine.memoryBytes ? undefined : limits.memoryBytes;
  const cell = turn?.cell ?? context.cellFor(level, engine);
  if (limits.cpuShare < 1 && cell.kind === 'inline') {
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot hold the guest to a cpuShare of ${limits.cpuShare} at level ${level}: it has no thread of its own`,
      { hint: 'Use level standard or stricter, where the platform gives it, or leave cpuShare out' },
    );
  }
  const grant = narrowGrant(
    request.grantGiven ? request.grant : (session?.grant ?? request.grant),
    [
      { what: 'grant of its session', grant: session?.grant },
      { what: 'policy of this runtime', grant: policy },
      ...callerGrants.map((grant) => ({ what: 'grant of the caller', grant, decidedBy: 'caller' as const })),
    ],
    context.hostFunctions,
  );
  if (!permits(identity.caller, 'env') && Object.keys(grant.env).length > 0) {
    throw new SandglassError('CAPABILITY_DENIED', 'Cannot grant env: the caller has no permission for it', {
      details: { capability: 'env' },
      hint: 'Give the caller the permission env; do not retry',
    });
  }
  return { source, engine, limits, budget, cell, grant, options: session?.options ?? request.options, turn };
}

const memoryOf = (outer: Nest | undefined): readonly Partial<Limits>[] =>
  outer?.memoryBytes === undefined ? [] : [{ memoryBytes: outer.memoryBytes }];

/**
 * The guest, made ready for the cell of the plan.
 * @throws {SandglassError} whatever the engine refuses, and UNSUPPORTED for a guest that cannot leave this thread.
 */
export async function prepareGuest(
  { identity, request, level, signal }: SandboxRun,
  { source, engine, limits, cell, options, turn }: RunPlan,
  context: SandboxContext,
): Promise<PreparedGuest> {
  const preparing = engine.prepare(source, {
    ...context.prepare,
    limits,
    options,
    signal,
    ...defined({ caller: identity.caller?.id }),
    sharesThread: cell.kind === 'inline',
    keptCell: turn !== undefined,
    deterministic: request.deterministic !== undefined,
  });
  const name = source.kind === 'wasm' ? source.name : source.filename;
  // What a script needs first is our own: only of a binary does the guest decide how long it takes.
  const guest = await withinDeadline(preparing, {
    signal,
    name,
    ...(source.kind === 'wasm' ? { timeoutMs: limits.timeoutMs } : {}),
  });
  if (guest.local !== undefined && cell.kind !== 'inline') {
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot run it at level ${level}: a prebuilt component cannot leave the host's own thread`,
      { hint: 'Pass the component itself, not its prebuilt form' },
    );
  }
  return guest;
}

/** What the guest is told. */
export function specOf(
  { identity, request }: SandboxRun,
  plan: RunPlan,
  gate: Gate,
  { hostFunctions }: SandboxContext,
): RunSpec {
  return {
    runId: identity.runId,
    argv: request.argv,
    ...(request.source.kind === 'script' ? {} : { program: programName(request) }),
    env: plan.grant.env,
    cwd: workingFolder(request.cwd, gate, hostFunctions),
    stdin: request.stdin,
    inputs: request.inputs,
    ...defined({ invoke: request.invoke }),
    args: request.args,
    limits: plan.limits,
    mounts: gate.mounts,
    granted: gate.granted,
    ...defined({ base: gate.base, deterministic: request.deterministic }),
    options: plan.options,
  };
}
