import type { Caller } from '../vocabulary/caller.ts';
import { compileStarGlob } from '../vocabulary/glob.ts';
import type { Limits } from '../vocabulary/limits.ts';
import type { CallerRule, Policy, Rate } from '../vocabulary/policy.ts';
import { type NamedProfile, namesOf, profileOf } from '../vocabulary/profiles.ts';
import type { Tool } from './tool.ts';

/** A rate, and whose calls it counts together. */
export interface HeldRate {
  readonly key: string;
  readonly rate: Rate;
}

/** What a policy says of one tool called by one caller, beside its grant. Each entry only takes away. */
export interface Held {
  readonly profile: NamedProfile | undefined;
  /** At most what each of the lists has. */
  readonly capabilities: readonly (readonly string[])[];
  readonly limits: readonly Partial<Limits>[];
  readonly rates: readonly HeldRate[];
  readonly confirm: boolean;
}

export function heldBy(policy: Policy, { manifest }: Tool, caller: Caller | undefined): Held {
  const names = namesOf(manifest);
  const ofTool = policy.tools.filter(({ covers }) => names.some(covers));
  const ofCaller = callerRules(policy, caller);
  const { category } = manifest;
  const ofCategory = category === undefined ? undefined : policy.categories.get(category);
  return {
    profile: profileOf(manifest, policy),
    capabilities: [
      ...ofTool.flatMap(({ rule: { capabilities } }) => (capabilities === undefined ? [] : [capabilities])),
      ...ofCaller.flatMap(([, { permissions }]) => (permissions === undefined ? [] : [permissions])),
    ],
    limits: [
      ofCategory?.limits,
      ...ofTool.map(({ rule }) => rule.limits),
      ...ofCaller.map(([, rule]) => rule.limits),
    ].flatMap((limits) => limits ?? []),
    rates: [
      ...ofTool.flatMap(({ pattern, rule: { rate } }) =>
        rate === undefined ? [] : [{ key: JSON.stringify(['tool', pattern, manifest.name]), rate }],
      ),
      ...ofCaller.flatMap(([name, { rate }]) =>
        rate === undefined ? [] : [{ key: JSON.stringify(['caller', name, caller?.id ?? null]), rate }],
      ),
    ],
    confirm: ofTool.some(({ rule }) => rule.confirm === true),
  };
}

/** Whether a caller may call a tool at all, as far as the policy's rules for callers say. */
export function mayCall(policy: Policy, { manifest }: Tool, caller: Caller | undefined): boolean {
  const names = namesOf(manifest);
  return callerRules(policy, caller).every(
    ([, { tools }]) => tools === undefined || tools.map(compileStarGlob).some((covers) => names.some(covers)),
  );
}

/** The embedder itself is not a caller: only what holds for everything holds for it. */
function callerRules(
  { callers }: Policy,
  caller: Caller | undefined,
): readonly (readonly [string, CallerRule])[] {
  if (caller === undefined) return [];
  return ['*', caller.id].flatMap((name): [string, CallerRule][] => {
    const rule = callers.get(name);
    return rule === undefined ? [] : [[name, rule]];
  });
}
