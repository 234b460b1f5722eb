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

export function heldBy(policy: Policy, tool: Tool, caller: Caller | undefined): Held {
  const held = ofAllCallers(policy, tool);
  const ofCaller = callerRules(policy, caller);
  if (ofCaller.length === 0) return held;
  return {
    ...held,
    capabilities: [
      ...held.capabilities,
      ...ofCaller.flatMap(([, { permissions }]) => (permissions === undefined ? [] : [permissions])),
    ],
    limits: [...held.limits, ...ofCaller.flatMap(([, { limits }]) => limits ?? [])],
    rates: [
      ...held.rates,
      ...ofCaller.flatMap(([name, { rate }]) =>
        rate === undefined ? [] : [{ key: JSON.stringify(['caller', name, caller?.id ?? null]), rate }],
      ),
    ],
  };
}

/** What was last said of a tool, and by which policy. */
const lastHeld = new WeakMap<Tool, { readonly policy: Policy; readonly held: Held }>();

/** What a policy says of a tool whoever calls it: looked up once, as long as it is the same policy. */
function ofAllCallers(policy: Policy, tool: Tool): Held {
  const last = lastHeld.get(tool);
  if (last?.policy === policy) return last.held;
  const { manifest } = tool;
  const names = namesOf(manifest);
  const ofTool = policy.tools.filter(({ covers }) => names.some(covers));
  const { category } = manifest;
  const ofCategory = category === undefined ? undefined : policy.categories.get(category);
  const held: Held = {
    profile: profileOf(manifest, policy),
    capabilities: ofTool.flatMap(({ rule: { capabilities } }) =>
      capabilities === undefined ? [] : [capabilities],
    ),
    limits: [ofCategory?.limits, ...ofTool.map(({ rule }) => rule.limits)].flatMap((limits) => limits ?? []),
    rates: ofTool.flatMap(({ pattern, rule: { rate } }) =>
      rate === undefined ? [] : [{ key: JSON.stringify(['tool', pattern, manifest.name]), rate }],
    ),
    confirm: ofTool.some(({ rule }) => rule.confirm === true),
  };
  lastHeld.set(tool, { policy, held });
  return held;
}

/** Whether a caller may call a tool at all, as far as the policy's rules for callers say. */
export function mayCall(policy: Policy, { manifest }: Tool, caller: Caller | undefined): boolean {
  return callerRules(policy, caller).every(
    ([, { tools }]) =>
      tools === undefined || tools.map(compileStarGlob).some((covers) => namesOf(manifest).some(covers)),
  );
}

/** The embedder itself is not a caller: only what holds for everything holds for it. */
function callerRules(
  { callers }: Policy,
  caller: Caller | undefined,
): readonly (readonly [string, CallerRule])[] {
  if (caller === undefined || callers.size === 0) return [];
  return ['*', caller.id].flatMap((name): [string, CallerRule][] => {
    const rule = callers.get(name);
    return rule === undefined ? [] : [[name, rule]];
  });
}
