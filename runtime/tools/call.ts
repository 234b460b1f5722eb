import type { ToolCallOptions, ToolOutcome } from '../contracts/api/tools.ts';
import { type CalledTool, createCalledTools } from '../vocabulary/called-tools.ts';
import { narrowCaller } from '../vocabulary/caller.ts';
import { defined } from '../vocabulary/defined.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import type { Grant } from '../vocabulary/grant.ts';
import { stricter } from '../vocabulary/levels.ts';
import { shownText } from '../vocabulary/nearest.ts';
import { limitSources, tightest } from './explain.ts';
import type { HookList } from './hook-list.ts';
import type { Rules } from './permissions.ts';
import { compose, type Stage } from './pipeline.ts';
import { createPlaces } from './places.ts';
import { readCallOptions } from './read-call-options.ts';
import type { ToolSettings } from './read-tools-options.ts';
import type { ArtifactStore } from './result/artifacts.ts';
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
  rulesOf(options: ToolCallOptions): Rules;
  limitsOf(options: ToolCallOptions, tool: Tool): ToolCall['limits'];
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
): ToolCaller {
  const { monotonic, now, sleep, events } = context;
  const { store } = settings;
  const frames = new Map<string, ToolCall>();
  const places = createPlaces({ ...settings, monotonic });
  const onFault = (error: unknown, call: ToolCall): void => {
    if (events.wants('fault')) events.emit({ kind: 'fault', time: now(), identity: identityOf(call), error });
  };
  /** Without a grant of its own a call has what the policy has, narrowed part by part by the grant of the run that it is nested in; without a policy, the latter. */
  const rulesOf = ({
    caller,
    level,
    grant,
    parent,
  }: Pick<ToolCall, 'caller' | 'level' | 'parent'> & { readonly grant: Grant | undefined }): Rules => ({
    caller,
    level,
    grant: grant ?? laidOver(context.policy, parent === undefined ? {} : context.outer(parent).grant),
    giver: grant === undefined && (context.policy !== undefined || parent === undefined) ? 'policy' : 'call',
    hostFunctions: context.hostFunctions,
  });
  const limitsOf = (options: ToolCallOptions, level: ToolCall['level'], tool: Tool): ToolCall['limits'] =>
    tightest(
      limitSources(tool.manifest, level, context.limits, context.policy, options)
        // A level's own figures differ by engine: the run applies them.
        .filter(([source]) => source !== 'level')
        .map(([, limits]) => limits),
    );
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
        ...(parent === undefined ? {} : { parent }),
        ...(caller === undefined ? {} : { caller }),
        ...(grant === undefined ? {} : { grant }),
        ...(sessionId === undefined ? {} : { sessionId }),
        // An answer that was given for the outer call says nothing of this one.
        ...(typeof confirm === 'function' ? { confirm } : {}),
      },
      { depth: outer.depth + 1, called: outer.called },
    );
  };
  const hookOptions = { hooks, sleep, onFault, monotonic };
  /** The order of a call. What acts on the way out stands outside of what it acts on. */
  const stages: readonly Stage<ToolOutcome>[] = [
    accountStage({ events, monotonic, now }),
    shapeStage(settings.text, artifacts),
    findStage(store),
    validateStage(),
    permitStage({
      names: settings.names,
      rulesOf: (call) => rulesOf({ ...call, grant: call.options.grant }),
      limitsOf: (call, tool) => limitsOf(call.options, call.level, tool),
      onDenied: (call, error) => tellDenied(call, error, context),
    }),
    confirmStage(settings.confirm),
    rateStage(settings.rate, monotonic),
    cacheStage(settings.cache, monotonic),
    checkOutputStage(),
    afterHooks(hookOptions),
    beforeHooks(hookOptions),
    waitStage(places, monotonic),
    retryStage({ sleep, random: context.random }),
    runStage({ context, frames, nested }),
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
      grant: {},
      limits: {},
      attempts: 0,
      queuedMs: 0,
      called: createCalledTools(),
      ranAt: undefined,
    };
    const outcome = depth > MOST_NESTED ? failureOf(call, tooDeep(call)) : await run(call);
    (within ?? outer)?.called.add(calledOf(outcome, monotonic() - call.started));
    return outcome;
  };

  return {
    call: (name, args, options) => {
      const read = readCallOptions(options, context.checkGrant);
      return begin(name, args, read, undefined);
    },
    rulesOf: (options) => {
      const outer = options.parent === undefined ? undefined : context.outer(options.parent);
      const level = context.levelOf(options.level);
      return rulesOf({
        caller: narrowCaller(outer?.identity.caller, options.caller),
        level: outer === undefined ? level : stricter(outer.level, level),
        grant: options.grant,
        parent: outer?.identity,
      });
    },
    limitsOf: (options, tool) => limitsOf(options, context.levelOf(options.level), tool),
    frame: (runId) => frames.get(runId),
    nested,
  };
}

function laidOver(policy: Grant = {}, grant: Grant): Grant {
  const custom = { ...policy.custom, ...grant.custom };
  return { ...policy, ...grant, ...(Object.keys(custom).length === 0 ? {} : { custom }) };
}

/** What a run tells of a call. */
const calledOf = (
  { tool, callId, ok, usage, meta, ...rest }: ToolOutcome,
  durationMs: number,
): CalledTool => ({
  tool,
  callId,
  ok,
  ...('error' in rest ? { code: rest.error.code } : {}),
  durationMs,
  fuel: usage.fuel,
  ...(meta.cached ? { cached: true as const } : {}),
  ...defined({ calls: meta.calls }),
});

function tellDenied(
  call: ToolCall,
  { code, message, details }: SandglassError,
  { events, now }: ToolsContext,
): void {
  if (!events.wants('denied')) return;
  const capability = details?.capability;
  events.emit({
    kind: 'denied',
    time: now(),
    identity: identityOf(call),
    code,
    message,
    operation: 'tools.call',
    resource: { name: call.tool?.manifest.name ?? call.name },
    ...(typeof capability === 'string' ? { capability } : {}),
  });
}

const tooDeep = ({ shownName }: ToolCall): SandglassError =>
  new SandglassError(
    'UNSUPPORTED',
    `Cannot call ${shownName}: calls are nested ${MOST_NESTED} deep at most`,
    {
      details: { limit: MOST_NESTED },
      hint: 'Do the work in a call that is nested less deeply',
    },
  );
