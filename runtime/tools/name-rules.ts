import type { Caller } from '../vocabulary/caller.ts';
import { compileStarGlob } from '../vocabulary/glob.ts';
import type { Policy, PolicySource } from '../vocabulary/policy.ts';
import { mayCall } from './held.ts';
import type { Tool } from './tool.ts';

/** Which tools are callable at all, by their names. */
export interface NameRules {
  /** What does not allow a caller a tool: `tools.safeOnly`, `tools.allow`, `tools.deny`, the policy; `undefined` when nothing does. */
  refuses(tool: Tool, caller: Caller | undefined): string | undefined;
}

export type Matches = (tool: Tool) => boolean;

/** Whether a tool is among names and patterns, by its name or one of its aliases. @throws {TypeError} */
export function namesMatcher(names: unknown, what: string): Matches {
  if (!Array.isArray(names) || names.length > 1_000 || !names.every((name) => typeof name === 'string'))
    throw new TypeError(`Cannot read ${what}: expected a list of at most 1,000 names of tools`);
  const patterns = names.map((name: string) => compileStarGlob(name));
  return ({ manifest }) =>
    [manifest.name, ...manifest.aliases].some((name) => patterns.some((matches) => matches(name)));
}

type Names = Pick<Policy, 'allow' | 'deny' | 'safeOnly'>;

/** @param policy Its rules hold beside those of the options, and are read anew when it is another one. */
export function createNameRules(options: Partial<Names>, policy: PolicySource): NameRules {
  const own = refuserOf(options, 'tools');
  let read = policy.current;
  let ofPolicy = refuserOf(read, 'policy.tools');
  return {
    refuses(tool, caller) {
      if (read !== policy.current) {
        read = policy.current;
        ofPolicy = refuserOf(read, 'policy.tools');
      }
      return own(tool) ?? ofPolicy(tool) ?? (mayCall(read, tool, caller) ? undefined : 'policy.callers');
    },
  };
}

function refuserOf(
  { allow, deny, safeOnly }: Partial<Names>,
  where: string,
): (tool: Tool) => string | undefined {
  const isAllowed = allow === undefined ? undefined : namesMatcher(allow, `${where}.allow`);
  const isDenied = deny === undefined ? undefined : namesMatcher(deny, `${where}.deny`);
  return (tool) => {
    if (isDenied?.(tool) === true) return `${where}.deny`;
    if (isAllowed !== undefined && !isAllowed(tool)) return `${where}.allow`;
    return safeOnly === true && tool.manifest.dangerous ? `${where}.safeOnly` : undefined;
  };
}
