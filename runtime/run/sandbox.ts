import type { CellResult } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import { UnusablePart } from '../gate/open-services.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { filesByPath, type GuestFile } from '../vocabulary/guest-file.ts';
import { mergeLimits } from '../vocabulary/limits.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { outcomeOf, type Verdict } from '../vocabulary/outcome-of.ts';
import { within } from '../vocabulary/within.ts';
import { collectOutput } from './collect-output.ts';
import { internal, judge, outOfFuel, STOPPED, toldToStop } from './judge.ts';
import { openRunGate } from './open-run-gate.ts';
import { planRun, prepareGuest, specOf } from './plan-run.ts';
import { withInputs } from './read-run-options.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';
import { collectFiles, putFiles } from './scratch.ts';
import { sessionEnd, takeTurn } from './session/session-run.ts';
import type { SessionTurn } from './session/sessions.ts';
import { refuseCancelled, stopOf } from './stop-of.ts';
import type { RunTeller } from './tell.ts';
import { toolInput } from './tool-input.ts';
import { usageOf } from './usage-of.ts';

/**
 * One run: plan, gate, guest, cell, verdict; then the outcome with its usage, whatever happened.
 * @throws {TypeError | RangeError} when a host function cannot open its part of the grant, e.g. a folder that is not there.
 */
export async function runInSandbox(
  begun: SandboxRun,
  context: SandboxContext,
  tell: RunTeller,
): Promise<Outcome> {
  const request = await withInputs(begun.request);
  const run: SandboxRun = { ...begun, request };
  const { live, nest, signal } = run;
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
  /** From then on nobody looks at what its guest burns. */
  let endWatch = (): void => undefined;
  let files: readonly GuestFile[] = [];
  /** Why the guest of a session must not run again. */
  let ending: string | undefined;
  const stop = stopOf(signal);

  try {
    refuseCancelled(signal);
    turn = await takeTurn(run);
    const plan = await planRun(run, turn, context, (...known) => {
      [engine, limits] = known;
    });
    gate = await openRunGate(run, plan, context, tell, stop.now);
    live.engine = plan.engine;
    live.gate = gate;
    const guest = await prepareGuest(run, plan, context);
    if (guest.wantsFolders === true) await gate.openFolders();
    const inputs = await toolInput(request, guest, { check: context.checkInput, job: context.prepare.job });
    const scratch = await putFiles(request, guest, gate);
    refuseCancelled(signal);
    started = context.monotonic();
    ending = 'INTERNAL'; // unless the cell tells how the guest ended
    result = await plan.cell.run({
      engine: guest.cellsOf ?? plan.engine,
      guest,
      spec: { ...specOf(run, plan, gate, context), inputs, ...scratch },
      gate,
      signal: stop.signal,
      depth: run.identity.depth,
      onOutput: output.take,
      onStart: (probe, fuel) => {
        started = context.monotonic();
        plan.budget.begin();
        endWatch = nest.fuel.begin({ budget: plan.budget, burnt: fuel, over: stop.outspent });
        live.startedAt = context.now();
        live.probe = probe;
        tell.started(plan, started - asked);
      },
    });
    ended = context.monotonic();
    endWatch();
    plan.budget.spendFuel(result.end.fuel ?? 0);
    files = await collectFiles(request, guest, gate, result.end);
    if (result.coldStart) tell.coldStart(plan, started - asked);
    await nest.close(); // what they have spent is this run's
    if (signal.aborted) verdict = STOPPED;
    else
      verdict = stop.isOutspent()
        ? outOfFuel(plan.budget)
        : await judge(result, gate, plan.budget, output.bytes());
    ending = sessionEnd(result.end, verdict, toldToStop(gate, stop));
  } catch (error) {
    ended = context.monotonic();
    if (error instanceof UnusablePart) throw error.reason; // misuse, not an outcome
    verdict = { ok: false, error: error instanceof SandglassError ? error : internal(error) };
  } finally {
    endWatch();
    stop.release();
    await nest.close();
    if (gate !== undefined) await within(gate.close(), CLOSING_MS);
    turn?.release(ending); // not before: the next run must find nothing of this one's grant
  }

  tell.reason(verdict, result !== undefined);
  const outputBytes = output.bytes();
  return outcomeOf(verdict, {
    runId: run.identity.runId,
    level: run.level,
    limits,
    engine,
    queuedMs: started - asked,
    attempts: 1,
    ...output.end(),
    usage: { ...usageOf(result, nest.budget), durationMs: ended - started, outputBytes },
    files: request.collect.length === 0 ? undefined : filesByPath(files),
    session: request.session,
    ...nest.called.told(),
    sessionEnded: turn !== undefined && ending !== undefined,
  });
}

/** How long an outcome waits for what a host function has under way, ms; what takes longer ends by itself, and nothing of it reaches a guest. */
const CLOSING_MS = 100;
