import type { ToolCallOptions } from '../contracts/api/tool-call.ts';
import type { Decider, ToolExplanation } from '../contracts/api/tool-check.ts';
import { LEVEL_POLICIES } from '../vocabulary/levels.ts';
import { LIMIT_NAMES, type LimitName, type Limits } from '../vocabulary/limits.ts';
import type { CheckedManifest } from './manifest/read-manifest.ts';
import type { Rules, Verdict } from './permissions.ts';
import type { ToolsContext } from './tools-context.ts';

/** Who says what of the limits of a call, in the order in which of equal figures the first is named. */
export function limitSources(
  manifest: CheckedManifest,
  { level, held }: Rules,
  { limits, policy }: Pick<ToolsContext, 'limits' | 'policy'>,
  options: ToolCallOptions,
): readonly (readonly [Decider, Partial<Limits>])[] {
  return [
    ['policy', policy.current.base?.limits ?? {}],
    ...held.limits.map((rule): readonly [Decider, Partial<Limits>] => ['policy', rule]),
    ['runtime', limits],
    ['level', LEVEL_POLICIES[level].ceilings],
    ['profile', held.profile?.profile.limits ?? {}],
    ['manifest', manifest.limits],
    ['call', tightest([options.limits ?? {}, options.grant?.limits ?? {}, timeoutOf(options)])],
  ];
}

const timeoutOf = ({ timeoutMs }: ToolCallOptions): Partial<Limits> =>
  timeoutMs === undefined ? {} : { timeoutMs };

/** The smallest of each, of what any of them names. */
export function tightest(sets: readonly Partial<Limits>[]): Partial<Limits> {
  const least: { -readonly [K in LimitName]?: number } = {};
  for (const name of LIMIT_NAMES) {
    for (const { [name]: limit } of sets) {
      const known = least[name];
      if (limit !== undefined && (known === undefined || limit < known)) least[name] = limit;
    }
  }
  return least;
}

export function explanationOf(
  told: Pick<ToolExplanation, 'tool' | 'level' | 'allowed' | 'error' | 'rates' | 'profile'>,
  verdicts: readonly Verdict[],
  sources: readonly (readonly [Decider, Partial<Limits>])[],
): ToolExplanation {
  const limits: Partial<Record<LimitName, { readonly value: number; readonly decidedBy: Decider }>> = {};
  for (const name of LIMIT_NAMES) {
    for (const [decidedBy, { [name]: value }] of sources) {
      const known = limits[name];
      if (value !== undefined && (known === undefined || value < known.value))
        limits[name] = { value, decidedBy };
    }
  }
  return { ...told, capabilities: verdicts, limits };
}
