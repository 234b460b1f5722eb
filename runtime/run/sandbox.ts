import type { CellResult } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import { openGate } from '../gate/open-gate.ts';
import { UnusablePart } from '../gate/open-services.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { filesByPath, type GuestFile } from '../vocabulary/guest-file.ts';
import { LEVEL_POLICIES } from '../vocabulary/levels.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { NOTHING_USED, outcomeOf, type Verdict } from '../vocabulary/outcome-of.ts';
import { classify } from './classify.ts';
import { collectOutput } from './collect-output.ts';
import { planRun, prepareGuest, type RunPlan, specOf } from './plan-run.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';
import { collectFiles, putFiles } from './scratch.ts';
import { checkFits, firstHandleOf, sessionEnd } from './session/session-run.ts';
import type { SessionTurn } from './session/sessions.ts';

/**
 * One run: plan, gate, guest, cell, verdict; then the outcome with its usage, whatever happened.
 * @throws {TypeError | RangeError} when a host function cannot open its part of the grant.
 */
export async function runInSandbox(run: SandboxRun, context: SandboxContext): Promise<Outcome> {
  const { live, request, signal } = run;
  const output = collectOutput(run.onOutput);
  const asked = context.monotonic();
  let started = asked;
  let ended: number;
  let engine: Engine | undefined;
  let limits = mergeLimits([context.limits, request.limits, request.grant.limits]);
  let turn: SessionTurn | undefined;
  let gate: Gate | undefined;
  let result: CellResult | undefined;
  let verdict: Verdict;
  let files: readonly GuestFile[] = [];
  /** Why the guest of a session must not run again. */
  let ending: string | undefined;
  const faults = createFaults(run, context);

  try {
    refuseCancelled(signal);
    turn = await takeTurn(run);
    const plan = await planRun(run, turn, context, (...known) => {
      [engine, limits] = known;
    });
    gate = await openGateFor(run, plan, context, faults.tell);
    live.engine = plan.engine;
    live.gate = gate;
    const guest = await prepareGuest(run, plan, context);
    if (guest.wantsFolders === true) await gate.openFolders();
    const scratch = await putFiles(request, guest, gate);
    refuseCancelled(signal);
    started = context.monotonic();
    ending = 'INTERNAL'; // unless the cell tells how the guest ended
    result = await plan.cell.run({
      engine: guest.cellsOf ?? plan.engine,
      guest,
      spec: { ...specOf(run, plan, gate, context), ...scratch },
      gate,
      signal,
      onOutput: output.take,
      onStart: (probe) => {
        started = context.monotonic();
        live.startedAt = context.now();
        live.probe = probe;
      },
    });
    ended = context.monotonic();
    files = await collectFiles(request, guest, gate, result.end);
    if (result.coldStart) context.onColdStart(plan.engine, started - asked);
    // A run that was cancelled, or is over its deadline, is that, whatever its guest managed to answer meanwhile.
    verdict = signal.aborted ? STOPPED : classify(result.end, gate, limits, output.bytes());
    ending = sessionEnd(result.end, verdict);
  } catch (error) {
    ended = context.monotonic();
    if (error instanceof UnusablePart) throw error.reason; // misuse, not an outcome
    verdict = { ok: false, error: error instanceof SandglassError ? error : internal(error) };
  } finally {
    await gate?.close();
    turn?.release(ending); // not before: the next run must find nothing of this one's grant
  }

  faults.tellUntold(verdict);
  const outputBytes = output.bytes();
  return outcomeOf(verdict, {
    runId: run.runId,
    level: run.level,
    limits,
    engine,
    queuedMs: started - asked,
    attempts: 1,
    ...output.end(),
    usage: {
      ...NOTHING_USED,
      ...gate?.usage(),
      ...(result === undefined ? {} : usageOf(result)),
      durationMs: ended - started,
      outputBytes,
    },
    files: request.collect.length === 0 ? undefined : filesByPath(files),
    session: request.session,
    sessionEnded: turn !== undefined && ending !== undefined,
  });
}

const STOPPED: Verdict = {
  ok: false,
  error: new SandglassError('CANCELLED', 'Stopped the guest: the run was cancelled'),
};

const internal = (error: unknown): SandglassError =>
  new SandglassError('INTERNAL', 'Cannot finish the run: the runtime failed', { cause: error });

function refuseCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot run: cancelled before it started');
}

/** Waits for the guest of the session that the run asks for; at once where it asks for none. */
async function takeTurn({ request, session, signal }: SandboxRun): Promise<SessionTurn | undefined> {
  if (session instanceof SandglassError) throw session;
  if (session === undefined) return undefined;
  checkFits(request, session);
  return session.take(signal);
}

function openGateFor(
  { runId, level }: SandboxRun,
  { limits, grant, turn }: RunPlan,
  context: SandboxContext,
  onFault: (error: unknown) => void,
): Promise<Gate> {
  const { noNetwork, readOnlyFiles, noHostFiles } = LEVEL_POLICIES[level];
  return openGate({
    runId,
    limits,
    parts: grant.parts,
    hostFunctions: context.hostFunctions,
    noNetwork,
    level,
    context: {
      readOnlyFiles,
      noHostFiles,
      secret: context.secret,
      now: context.now,
      ...(turn === undefined ? {} : { firstHandle: firstHandleOf(turn.number) }),
    },
    monotonic: context.monotonic,
    ...(context.onAudit === undefined ? {} : { onAudit: context.onAudit }),
    onFault,
  });
}

const usageOf = ({ end, cpuMs, coldStart }: CellResult) => ({
  fuel: end.fuel,
  memoryBytes: end.memoryBytes,
  cpuMs,
  coldStart,
});

/** Tells the embedder of the faults of one run, of each once: a guest may live on after one. */
function createFaults({ runId }: SandboxRun, { onError }: SandboxContext) {
  const told = new Set<unknown>();
  const tell = (error: unknown): void => {
    told.add(error);
    onError(error, runId);
  };
  return {
    tell,
    /** What ended the run, if it was a fault of which nothing has been told yet. */
    tellUntold(verdict: Verdict): void {
      if (verdict.ok || verdict.error.code !== 'INTERNAL') return;
      const cause = verdict.error.cause ?? verdict.error;
      if (!told.has(cause)) tell(cause);
    },
  };
}
