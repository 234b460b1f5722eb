import type { ToolOutcome } from '../../contracts/api/tool-call.ts';
import { copyJson, type JsonValue } from '../../vocabulary/codec.ts';
import { NOTHING_USED } from '../../vocabulary/outcome-of.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { Stage } from '../pipeline.ts';
import { type ToolCall, toolOf } from '../tool-call.ts';
import { reshaped } from '../tool-outcome.ts';

interface Kept {
  readonly outcome: ToolOutcome;
  readonly at: number;
}

/** What all that is remembered may weigh. */
const MOST_BYTES = 64 * MIB;

/** Answers a call of a cacheable tool from memory, where an equal one by the same caller with the same power has succeeded. */
export function cacheStage(
  { entries, ttlMs }: { readonly entries: number; readonly ttlMs: number },
  monotonic: () => number,
): Stage<ToolOutcome> {
  const kept = new Recent<Kept>(entries, MOST_BYTES);
  return {
    name: 'cache',
    when: 'before',
    handle: async (call, next, { settle }) => {
      if (!toolOf(call).manifest.cacheable || call.options.cache === false) return next();
      const key = keyOf(call);
      const known = kept.get(key);
      if (known !== undefined && monotonic() - known.at < ttlMs) {
        const { outcome } = known;
        return settle(
          reshaped(outcome, {
            ...structuredClone(plain(outcome)),
            callId: call.id,
            trace: call.trace,
            usage: NOTHING_USED,
            meta: { ...outcome.meta, runId: call.runId, cached: true, queuedMs: 0 },
          }),
        );
      }
      const settled = await next();
      const { result } = settled;
      if (result.ok) {
        const copy = reshaped(result, structuredClone(plain(result)));
        kept.set(key, { outcome: copy, at: monotonic() }, result.usage.outputBytes + key.length * 2 + 1_000);
      }
      return settled;
    },
  };
}

/** What can be cloned of an outcome: its own fields, all of them data. */
const plain = (outcome: ToolOutcome): ToolOutcome => ({ ...outcome });

const keyOf = (call: ToolCall): string => {
  const { manifest, serial } = toolOf(call);
  const { caller, grant, level } = call;
  const who: JsonValue =
    caller === undefined ? null : [caller.id, caller.agent ?? null, [...caller.permissions].sort()];
  return canonicalJson([
    manifest.name,
    manifest.version,
    serial,
    call.args,
    who,
    level,
    copyJson({ ...grant }, 'a grant'),
    copyJson({ ...call.limits }, 'limits'),
  ]);
};
