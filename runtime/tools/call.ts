import type { ToolCallOptions, ToolOutcome } from '../contracts/api/tool-call.ts';
import { type CalledTool, createCalledTools } from '../vocabulary/called-tools.ts';
import { narrowCaller } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { stricter } from '../vocabulary/levels.ts';
import { shownText } from '../vocabulary/nearest.ts';
import type { HookList } from './hook-list.ts';
import type { Rules } from './permissions.ts';
import { compose, type Stage } from './pipeline.ts';
import { createPlaces } from './places.ts';
import { readCallOptions } from './read-call-options.ts';
import type { ToolSettings } from './read-tools-options.ts';
import type { Servers } from './remote/servers.ts';
import type { ArtifactStore } from './result/artifacts.ts';
import { createCallRules } from './rules-of-call.ts';
import { accountStage, identityOf } from './stages/account.ts';
import { cacheStage } from './stages/cache.ts';
import { checkOutputStage } from './stages/check-output.ts';
import { confirmStage } from './stages/confirm.ts';
import { findStage } from './stages/find.ts';
import { afterHooks, beforeHooks } from './stages/hooks.ts';
import { permitStage } from './stages/permit.ts';
import { rateStage } from './stages/rate.ts';
import { retryStage } from './stages/retry.ts';
import { runStage } from './stages/run.ts';
import { shapeStage } from './stages/shape.ts';
import { validateStage } from './stages/validate.ts';
import { waitStage } from './stages/wait.ts';
import { type Gate, type Stopped, tellStopped } from './tell-stopped.ts';
import type { Tool } from './tool.ts';
import type { ToolCall } from './tool-call.ts';
import { failureOf } from './tool-outcome.ts';
import type { ToolsContext } from './tools-context.ts';

/** Calls nested in each other, at most. */
const MOST_NESTED = 8;

export interface ToolCaller {
  /** @throws {TypeError | RangeError} on misuse of the options. */
  call(name: unknown, args: unknown, options: ToolCallOptions): Promise<ToolOutcome>;
  /** What decides over a call with these options. */
  rulesOf(options: ToolCallOptions, tool: Tool): Rules;
  /** The call whose guest this run is. */
  frame(runId: string): ToolCall | undefined;
  /** Calls a tool within another call: its caller, its grant, its end. */
  nested(outer: ToolCall, name: string, args: unknown, signal: AbortSignal): Promise<ToolOutcome>;
}

/** Makes calls of names: the pipeline and all that its stages share. */
export function createCaller(
  context: ToolsContext,
  settings: ToolSettings,
  hooks: HookList,
  artifacts: ArtifactStore,
  servers: Pick<Servers, 'twin' | 'reread'>,
): ToolCaller {
  const { monotonic, now, sleep, events } = context;
  const { store } = settings;
  const frames = new Map<string, ToolCall>();
  const places = createPlaces({ ...settings, monotonic });
  const onFault = (error: unknown, call: ToolCall): void => {
    if (events.wants('fault')) events.emit({ kind: 'fault', time: now(), identity: identityOf(call), error });
  };
  const { rulesOf, limitsOf } = createCallRules(context);
  const nested: ToolCaller['nested'] = (outer, name, args, signal) => {
    const { options, parent, caller, metadata, level } = outer;
    const { confirm, grant, sessionId } = options;
    return begin(
      name,
      args,
      {
        signal,
        level,
        metadata,
        ...defined({ parent, caller, grant, sessionId }),
        // An answer that was given for the outer call says nothing of this one.
        ...(typeof confirm === 'function' ? { confirm } : {}),
      },
      { depth: outer.depth + 1, called: outer.called },
    );
  };
  const tellDenied = (call: ToolCall, error: Stopped['error'], gate: Gate): void =>
    tellStopped(context, {
      name: call.tool?.manifest.name ?? call.name,
      identity: identityOf(call),
      error,
      gate,
    });
  const validate = {
    validators: settings.validators,
    onDenied: (call: ToolCall, error: SandglassError) => tellDenied(call, error, 'execution'),
    onFault,
  };
  const hookOptions = { hooks, sleep, onFault, monotonic, validate };
  /** The order of a call. What acts on the way out stands outside of what it acts on. */
  const stages: readonly Stage<ToolOutcome>[] = [
    accountStage({ events, monotonic, now }),
    shapeStage(settings.text, artifacts),
    findStage(store, servers.reread),
    validateStage(validate),
    permitStage({
      names: settings.names,
      rulesOf: ({ caller, level, parent, options: { grant } }, tool) =>
        rulesOf({ caller, level, parent, grant }, tool),
      limitsOf: (call, rules, tool) => limitsOf(call.options, rules, tool),
      onDenied: validate.onDenied,
    }),
    confirmStage(settings.confirm),
    rateStage(settings.rate, monotonic),
    cacheStage({ ...settings.cache, now, onFault }),
    checkOutputStage(),
    afterHooks(hookOptions),
    beforeHooks(hookOptions),
    waitStage(places, monotonic),
    retryStage({ sleep, random: context.random }),
    runStage({ context, frames, artifacts, nested, twin: servers.twin }),
  ];
  const run = compose(stages, { monotonic, failure: failureOf, onFault });
  const never = new AbortController().signal;
  const begin = async (
    name: unknown,
    given: unknown,
    options: ToolCallOptions,
    within: Pick<ToolCall, 'depth' | 'called'> | undefined,
  ): Promise<ToolOutcome> => {
    const outer = options.parent === undefined ? undefined : context.outer(options.parent);
    const depth =
      within?.depth ??
      (outer === undefined ? 0 : (frames.get(outer.identity.runId)?.depth ?? outer.identity.depth) + 1);
    const level = context.levelOf(options.level);
    const call: ToolCall = {
      id: options.callId ?? `call-${crypto.randomUUID()}`,
      runId: options.runId ?? `run-${crypto.randomUUID()}`,
      name: typeof name === 'string' ? name : '',
      shownName: shownText(typeof name === 'string' ? name : String(typeof name)),
      options,
      caller: narrowCaller(outer?.identity.caller, options.caller),
      parent: outer?.identity,
      depth,
      level: outer === undefined ? level : stricter(outer.level, level),
      signal: options.signal ?? never,
      time: now(),
      started: monotonic(),
      metadata: options.metadata ?? {},
      trace: [],
      given,
      args: {},
      tool: undefined,
      held: undefined,
      grant: {},
      limits: {},
      attempts: 0,
      queuedMs: 0,
      called: createCalledTools(),
      ranAt: undefined,
    };
    const outcome: ToolOutcome = depth > MOST_NESTED ? failureOf(call, tooDeep(call)) : await run(call);
    if (!outcome.ok && isStopped(call)) tellDenied(call, outcome.error, 'output');
    (within ?? outer)?.called.add(calledOf(outcome, monotonic() - call.started));
    return outcome;
  };

  return {
    call: (name, args, options) => {
      const read = readCallOptions(options, context.checkGrant);
      return begin(name, args, read, undefined);
    },
    rulesOf: (options, tool) => {
      const outer = options.parent === undefined ? undefined : context.outer(options.parent);
      const level = context.levelOf(options.level);
      return rulesOf(
        {
          caller: narrowCaller(outer?.identity.caller, options.caller),
          level: outer === undefined ? level : stricter(outer.level, level),
          parent: outer?.identity,
          grant: options.grant,
        },
        tool,
      );
    },
    frame: (runId) => frames.get(runId),
    nested,
  };
}

/** What a run tells of a call. */
const calledOf = (outcome: ToolOutcome, durationMs: number): CalledTool => ({
  tool: outcome.tool,
  callId: outcome.callId,
  ok: outcome.ok,
  ...(outcome.ok ? undefined : { code: outcome.error.code }),
  durationMs,
  fuel: outcome.usage.fuel,
  outputBytes: outcome.usage.outputBytes,
  ...(outcome.meta.cached ? { cached: true as const } : undefined),
  ...(outcome.meta.calls === undefined ? undefined : { calls: outcome.meta.calls }),
});

/** What it answered was refused. */
const isStopped = ({ trace }: ToolCall): boolean =>
  trace.some(({ stage, code }) => code !== undefined && (stage === 'check' || stage === 'shape'));

const tooDeep = ({ shownName }: ToolCall): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot call ${shownName}: calls are nested ${MOST_NESTED} deep at most`,
    {
      details: { limit: MOST_NESTED },
      hint: 'Do the work in a call that is nested less deeply',
    },
  );
