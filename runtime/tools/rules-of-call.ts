import type { ToolCallOptions } from '../contracts/api/tool-call.ts';
import { commonGrant } from '../vocabulary/common-grant.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { JsonValue } from '../vocabulary/json.ts';
import { stricter } from '../vocabulary/levels.ts';
import { limitSources, tightest } from './explain.ts';
import { heldBy } from './held.ts';
import type { Rules } from './permissions.ts';
import type { Tool } from './tool.ts';
import type { ToolCall } from './tool-call.ts';
import type { ToolsContext } from './tools-context.ts';

/** Who calls, how deep, with what of its own. */
export type Asking = Pick<ToolCall, 'caller' | 'level' | 'parent'> & {
  readonly grant?: Grant | undefined;
};

/** What decides over calls: the policy as it is now, and what the call brings. */
export interface CallRules {
  rulesOf(asking: Asking, tool: Tool): Rules;
  limitsOf(options: ToolCallOptions, rules: Rules, tool: Tool): ToolCall['limits'];
}

export const createCallRules = (context: ToolsContext): CallRules => ({
  /**
   * Without a grant of its own a call has what policy and caller have in common, narrowed part by part by the grant of the run that it is
   * nested in; without a policy, the latter.
   */
  rulesOf({ caller, level, grant, parent }, tool) {
    const policy = context.policy.current;
    const ceiling = ofCaller(policy.forCategory(tool.manifest.category)?.given, caller, context);
    const held = heldBy(policy, tool, caller);
    const least = held.profile?.profile.level;
    return {
      caller,
      level: least === undefined ? level : stricter(level, least),
      grant: grant ?? laidOver(ceiling, parent === undefined ? {} : context.outer(parent).grant),
      giver: grant === undefined && (ceiling !== undefined || parent === undefined) ? 'policy' : 'call',
      hostFunctions: context.hostFunctions,
      held,
    };
  },
  limitsOf: (options, rules, tool) =>
    tightest(
      limitSources(tool.manifest, rules, context, options)
        // A level's own figures differ by engine: the run applies them.
        .filter(([source]) => source !== 'level')
        .map(([, limits]) => limits),
    ),
});

/** What the policy gives, as far as the caller may have it. */
function ofCaller(
  policy: Grant | undefined,
  caller: Asking['caller'],
  { hostFunctions }: Pick<ToolsContext, 'hostFunctions'>,
): Grant | undefined {
  const covers = (name: string, ceiling: JsonValue, part: JsonValue): boolean => {
    const host = hostFunctions.get(name);
    const read = (given: JsonValue): unknown => (host?.parse === undefined ? given : host.parse(given, name));
    try {
      host?.narrow?.(read(part), read(ceiling));
      return host?.narrow !== undefined;
    } catch {
      return false; // a part that cannot be read gives nothing
    }
  };
  return (
    caller?.grants?.reduce<Grant | undefined>(
      (common, grant) => (common === undefined ? grant : commonGrant(common, grant, covers)),
      policy,
    ) ?? policy
  );
}

function laidOver(policy: Grant = {}, grant: Grant): Grant {
  const custom = { ...policy.custom, ...grant.custom };
  return { ...policy, ...grant, ...(Object.keys(custom).length === 0 ? {} : { custom }) };
}
