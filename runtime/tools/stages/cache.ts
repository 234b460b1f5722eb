import type { CachedResult, ToolCacheStore } from '../../contracts/api/tool-cache.ts';
import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { copyJson } from '../../vocabulary/copy-json.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { NOTHING_USED } from '../../vocabulary/outcome-of.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Stage } from '../pipeline.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';
import { reshaped } from '../tool-outcome.ts';

export interface CacheStageOptions {
  readonly entries: number;
  readonly ttlMs: number;
  /** In place of memory. */
  readonly store: ToolCacheStore | undefined;
  readonly now: () => number;
  readonly onFault: (error: unknown, call: ToolCall) => void;
}

/** What all that is remembered may weigh. */
const MOST_BYTES = 64 * MIB;

/** Answers a call of a cacheable tool from memory, where an equal one by the same caller with the same power has succeeded. */
export function cacheStage({
  entries,
  ttlMs,
  store: given,
  now,
  onFault,
}: CacheStageOptions): Stage<ToolOutcome> {
  const store = given ?? memory(entries);
  const find = async (key: string, call: ToolCall): Promise<ToolOutcome | undefined> => {
    try {
      const found = await store.get(key);
      return found?.outcome.ok === true && now() - found.at < ttlMs ? found.outcome : undefined;
    } catch (error) {
      onFault(error, call);
      return undefined;
    }
  };
  const keep = async (key: string, outcome: ToolOutcome, call: ToolCall): Promise<void> => {
    try {
      const copy = reshaped(outcome, structuredClone(plain(outcome)));
      await store.set(key, { outcome: copy, at: now() }, outcome.usage.outputBytes + key.length * 2 + 1_000);
    } catch (error) {
      onFault(error, call);
    }
  };
  const answer: Stage<ToolOutcome>['handle'] = async (call, next, { settle }) => {
    const key = keyOf(call, given === undefined);
    const outcome = await find(key, call);
    if (outcome !== undefined)
      return settle(
        reshaped(outcome, {
          ...structuredClone(plain(outcome)),
          callId: call.id,
          trace: call.trace,
          usage: NOTHING_USED,
          meta: { ...outcome.meta, runId: call.runId, cached: true, queuedMs: 0 },
        }),
      );
    const settled = await next();
    if (settled.result.ok) await keep(key, settled.result, call);
    return settled;
  };
  return {
    name: 'cache',
    when: 'before',
    handle: (call, next, ends) =>
      toolOf(call).manifest.cacheable && call.options.cache !== false ? answer(call, next, ends) : next(),
  };
}

function memory(entries: number): ToolCacheStore {
  const kept = new Recent<CachedResult>(entries, MOST_BYTES);
  return { get: (key) => kept.get(key), set: (key, result, bytes) => kept.set(key, result, bytes) };
}

/** What can be cloned of an outcome: its own fields, all of them data. */
const plain = (outcome: ToolOutcome): ToolOutcome => ({ ...outcome });

/** @param isOwn Of this process alone, where another registration of the same name is another tool. */
const keyOf = (call: ToolCall, isOwn: boolean): string => {
  const { manifest, serial } = toolOf(call);
  const { caller, grant, level } = call;
  const who: JsonValue =
    caller === undefined
      ? null
      : [
          caller.id,
          caller.agent ?? null,
          [...caller.permissions].sort(),
          copyJson([...(caller.grants ?? [])], 'grants'),
        ];
  return canonicalJson([
    manifest.name,
    manifest.version,
    isOwn ? serial : null,
    call.args,
    who,
    level,
    copyJson({ ...grant }, 'a grant'),
    copyJson({ ...call.limits }, 'limits'),
  ]);
};
