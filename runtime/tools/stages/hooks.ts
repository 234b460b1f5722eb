import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import type { BeforeAnswer, ToolHook, ToolResultView, ValueAnswer } from '../../contracts/api/tool-hooks.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import type { HookList } from '../hook-list.ts';
import type { Stage } from '../pipeline.ts';
import { type ToolCall, toolOf, viewOf } from '../tool-call.ts';
import { withValue } from '../tool-outcome.ts';
import { checkedArguments, type ValidateOptions } from './validate.ts';

export interface HookStageOptions {
  readonly hooks: HookList;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onFault: (error: unknown, call: ToolCall) => void;
  readonly monotonic: () => number;
  /** What arguments that a hook changed are held to. */
  readonly validate: ValidateOptions;
}

/** Hooks that may change the arguments of a call, or stop it. */
export const beforeHooks = (options: HookStageOptions): Stage<ToolOutcome> => ({
  name: 'before',
  when: 'before',
  handle: (call, next) => {
    const hooks = options.hooks.of('before', toolOf(call));
    return hooks.length === 0 ? next() : runAll(hooks, call, options).then(next);
  },
});

async function runAll(
  hooks: readonly BeforeHook[],
  call: ToolCall,
  options: HookStageOptions,
): Promise<void> {
  for (const hook of hooks) {
    const answer = await runBefore(hook, call, options);
    if (answer === undefined) continue;
    if ('stop' in answer) throw stopped(call, hook, answer.stop);
    call.args = checkedArguments(call, answer.args, false, options.validate);
  }
}

type BeforeHook = ToolHook & { readonly on: 'before' };

/** Hooks that see how a call ended, and may put a value in place of its own. */
export const afterHooks = (options: HookStageOptions): Stage<ToolOutcome> => ({
  name: 'after',
  when: 'after',
  handle: async (call, next, { settle }) => {
    const settled = await next();
    let outcome = settled.result;
    const tool = toolOf(call);
    const begun = call.ranAt ?? options.monotonic();
    for (const on of ['error', 'after'] as const) {
      for (const hook of options.hooks.of(on, tool)) {
        if (on === 'error' && outcome.ok) break;
        const view = resultOf(outcome, options.monotonic() - begun);
        const answer = await keep(
          () => limited(hook, hook.run(viewOf(call), view), options),
          (error) => options.onFault(error, call),
        );
        if (answer !== undefined) outcome = withValue(outcome, answer.value);
      }
    }
    return outcome === settled.result ? settled : settle(outcome);
  },
});

async function runBefore(
  hook: BeforeHook,
  call: ToolCall,
  options: HookStageOptions,
): Promise<Exclude<BeforeAnswer, void> | undefined> {
  try {
    const answer = await limited(hook, hook.run(viewOf(call)), options);
    if (typeof answer !== 'object') return undefined;
    if ('args' in answer && answer.args !== undefined) return answer;
    if ('stop' in answer && typeof answer.stop === 'string') return answer;
    throw new TypeError(`it answered neither args nor stop`);
  } catch (error) {
    options.onFault(error, call);
    throw new SandglassError(
      'INTERNAL',
      `Cannot call ${call.shownName}: the hook ${shownText(hook.name)} failed`,
      { details: { hook: hook.name } },
    );
  }
}

/** What a hook answers within its time. */
async function limited<T>(hook: ToolHook, answer: T | Promise<T>, { sleep }: HookStageOptions): Promise<T> {
  if (!(answer instanceof Promise)) return answer;
  const done = new AbortController();
  const timeoutMs = hook.timeoutMs ?? 5_000;
  const late = sleep(timeoutMs, done.signal).then((): never => {
    throw new Error(`it took over ${timeoutMs} ms`);
  });
  late.catch(() => undefined); // the answer came first
  try {
    return await Promise.race([answer, late]);
  } finally {
    done.abort();
  }
}

/** What a hook throws after the fact changes nothing. */
async function keep<T extends ValueAnswer>(
  run: () => Promise<T>,
  onFault: (error: unknown) => void,
): Promise<Exclude<T, void> | undefined> {
  try {
    const answer = await run();
    return typeof answer === 'object' && answer !== null && 'value' in answer
      ? (answer as Exclude<T, void>) // an object
      : undefined;
  } catch (error) {
    onFault(error);
    return undefined;
  }
}

const resultOf = (outcome: ToolOutcome, durationMs: number): ToolResultView =>
  Object.freeze({
    ok: outcome.ok,
    durationMs,
    ...(outcome.ok ? defined({ value: structuredClone(outcome.value) }) : { error: outcome.error }),
  });

const stopped = ({ shownName }: ToolCall, { name }: ToolHook, reason: string): SandglassError =>
  new SandglassError('CAPABILITY_DENIED', `Cannot call ${shownName}: ${reason.slice(0, 1_000)}`, {
    details: { capability: 'tools.call', requested: shownName, missing: ['tools.call'], hook: name },
    hint: 'A rule of the host stops this call; do not retry',
  });
