import type { OutputChunk, RunHandle, RunOptions } from '../contracts/api/run.ts';
import { narrowCaller, type RunIdentity } from '../vocabulary/caller.ts';
import { type CheckedGrant, checkGrant } from '../vocabulary/check-grant.ts';
import { copyJson } from '../vocabulary/copy-json.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { guarded } from '../vocabulary/guarded.ts';
import { type IsolationLevel, stricter } from '../vocabulary/levels.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { abortWith } from '../vocabulary/signals.ts';
import type { OfTool } from '../vocabulary/telling.ts';
import type { KnownModules } from './known-modules.ts';
import type { LiveRun, LiveRuns } from './live-runs.ts';
import { createNests, type Nest } from './nests.ts';
import { observeRun } from './observe.ts';
import type { OutputQueue } from './output-queue.ts';
import { type RunRequest, readRunOptions } from './read-run-options.ts';
import { runInSandbox } from './sandbox.ts';
import type { SandboxContext, SandboxRun } from './sandbox-context.ts';
import type { OpenSession, Sessions } from './session/sessions.ts';
import { createRunTeller } from './tell.ts';
import { traceRun } from './trace-run.ts';
import { watchFuel } from './watch-fuel.ts';

export type Begun = Omit<RunHandle, 'output'>;

export interface RunStarterOptions {
  readonly context: SandboxContext;
  readonly sessions: Sessions;
  readonly modules: KnownModules;
  readonly lives: LiveRuns;
  /** The level of a run that asks for this one, or for none. */
  readonly levelOf: (asked: IsolationLevel | undefined) => IsolationLevel;
  /** Told of every outcome. */
  readonly onOutcome: (outcome: Outcome) => void;
}

/** Begins the runs of one runtime, and ends those that go on when it closes. */
export interface RunStarter {
  /**
   * @param own The session that the run goes to, whatever has its name by now.
   * @param of.ceiling What it may have at most, where that is not the policy for every run.
   * @param of.ofTool The call of a tool that it is for.
   * @param of.waiting Gives up the wait for the session's turn, and ends nothing that has it.
   * @throws {TypeError | RangeError} on misuse.
   */
  begin(
    options: RunOptions,
    queue?: OutputQueue,
    own?: OpenSession,
    of?: {
      readonly ceiling?: () => CheckedGrant | undefined;
      readonly ofTool?: OfTool;
      readonly waiting?: AbortSignal;
    },
  ): Begun;
  /** A run that goes on. @throws {TypeError} when it is not one of this runtime, or has not begun. */
  find(identity: RunIdentity): Nest;
  /** Begins no more, cancels all that goes on and waits for its end. */
  close(): Promise<void>;
}

export function createRunStarter(options: RunStarterOptions): RunStarter {
  const { context, sessions, modules, lives, levelOf, onOutcome } = options;
  /** Runs that go on, and what cancels each. */
  const running = new Map<Promise<Outcome>, () => void>();
  const nests = createNests();
  let closed = false;

  return {
    begin(runOptions, queue, own, { ceiling = () => context.policy, ofTool, waiting } = {}) {
      if (closed) throw new TypeError('Cannot run: this runtime is closed');
      const { policy, events } = context;
      const wanted: RunOptions =
        runOptions?.observe === true && runOptions.grant === undefined && policy !== undefined
          ? { ...runOptions, grant: policy.given }
          : runOptions;
      const read = readRunOptions(wanted, context.hostFunctions, modules, (name) => {
        const found = own ?? sessions.find(name);
        return found instanceof SandglassError ? undefined : found.language;
      });
      const outer = read.parent === undefined ? undefined : nests.find(read.parent);
      const request =
        outer === undefined ? read : { ...read, level: stricter(outer.level, read.level ?? outer.level) };
      const session =
        request.session === undefined ? undefined : (own?.ended ?? own ?? sessions.find(request.session));
      const held = session instanceof SandglassError ? undefined : session;
      const abort = new AbortController();
      const cancel = (): void => abort.abort();
      const belongsTo = held?.shown ?? outer?.session;
      const identity = identify(request, outer?.identity, belongsTo?.name);
      const callerGrants = (identity.caller?.grants ?? []).map((grant) =>
        checkGrant(grant, context.hostFunctions, 'caller.grants'),
      );
      const level = held?.level ?? levelOf(request.level);
      const live: LiveRun = {
        id: identity.runId,
        level,
        session: request.session,
        caller: identity.caller?.id,
        askedAt: context.now(),
        cancel,
      };
      lives.add(live);
      const dispose = abortWith(abort, [runOptions.signal, held?.signal]);
      if (outer?.closed === true) cancel();
      const run: SandboxRun = {
        identity,
        request,
        level,
        live,
        nest: nests.open({
          identity,
          level,
          grant: grantOf(request, held),
          session: belongsTo,
          conversation: ofTool?.sessionId ?? outer?.conversation,
          fuel: outer?.fuel ?? watchFuel(),
        }),
        outer,
        ceiling,
        callerGrants,
        ofTool,
        signal: abort.signal,
        waiting,
        onOutput: outputTo(queue, runOptions.onOutput, (error) =>
          events.emit({ kind: 'fault', time: context.now(), identity, error }),
        ),
        session,
      };
      const watchers = [
        ...(request.observe ? [observeRun(live.id, copyGrant(wanted.grant), events)] : []),
        ...(request.trace ? [traceRun(live.id, live.askedAt, context.now, events)] : []),
      ];
      const told = tellOf(run, context);
      const seen = watchers.reduce((before, watcher) => before.then(watcher.ended), told);
      const outcome = seen.finally(() => {
        for (const watcher of watchers) watcher.release();
        dispose();
        queue?.end();
        running.delete(outcome);
        lives.delete(live);
      });
      running.set(outcome, cancel);
      outer?.add(outcome, cancel);
      void outcome.then(onOutcome, () => undefined); // whoever asked for the run sees why it is rejected
      return { id: live.id, outcome, cancel };
    },
    find: nests.find,
    async close() {
      closed = true;
      for (const cancel of running.values()) cancel();
      await Promise.allSettled(running.keys()); // whoever asked for a run sees how it ended
    },
  };
}

/** The run, and what it tells of its beginning and its end. */
async function tellOf(run: SandboxRun, context: SandboxContext): Promise<Outcome> {
  const tell = createRunTeller(run, context);
  tell.queued();
  try {
    const outcome = await runInSandbox(run, context, tell);
    tell.ended(outcome);
    return outcome;
  } catch (error) {
    tell.misused();
    throw error;
  }
}

/** A turn of a session that names no grant has the session's. */
const grantOf = ({ grantGiven, grant }: RunRequest, session: OpenSession | undefined): Grant =>
  (grantGiven ? grant : (session?.grant ?? grant)).given;

/** It was read already, so it is one. */
const copyGrant = (grant: Grant = {}): Grant => copyJson(grant, 'grant') as Grant;

/** @param outer The run that it is nested in. */
function identify(
  { runId, caller: asked, traceparent }: RunRequest,
  outer: RunIdentity | undefined,
  session: string | undefined,
): RunIdentity {
  const caller = narrowCaller(outer?.caller, asked);
  return Object.freeze({
    runId: runId ?? `run-${crypto.randomUUID()}`,
    ...(outer === undefined ? {} : { parent: outer.runId }),
    depth: outer === undefined ? 0 : outer.depth + 1,
    ...defined({ caller, session, traceparent }),
  });
}

function outputTo(
  queue: OutputQueue | undefined,
  onOutput: RunOptions['onOutput'],
  blame: (error: unknown) => void,
): ((chunk: OutputChunk) => void) | undefined {
  const listener = onOutput === undefined ? undefined : guarded(onOutput, blame);
  if (queue === undefined) return listener;
  return (chunk) => {
    queue.push(chunk);
    listener?.(chunk);
  };
}
