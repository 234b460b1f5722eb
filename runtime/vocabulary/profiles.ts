import type { Policy, Profile } from './policy.ts';
import { MIB } from './units.ts';

/** Each has a cell of its own, which the caller's own thread is not. */
const LEVEL = 'standard';

/** The profiles that ship, as data. */
export const PROFILES: Readonly<Record<'analysis' | 'general' | 'utility', Profile>> = Object.freeze({
  analysis: {
    limits: { memoryBytes: 512 * MIB, cpuShare: 0.5, timeoutMs: 600_000, outputBytes: 10 * MIB },
    capabilities: ['fs.read', 'fs.write', 'tools.call', 'run.start', 'run.cancel', 'env'],
    level: LEVEL,
    formats: ['text', 'json', 'mermaid', 'html'],
  },
  general: {
    limits: { memoryBytes: 256 * MIB, cpuShare: 0.25, timeoutMs: 300_000 },
    level: LEVEL,
  },
  utility: {
    limits: { memoryBytes: 128 * MIB, cpuShare: 0.1, timeoutMs: 60_000 },
    capabilities: ['fs.read', 'env'],
    level: LEVEL,
  },
});

/** What of a tool decides over its profile. */
export interface ProfiledTool {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly category?: string | undefined;
  readonly capabilities: readonly string[];
}

export interface NamedProfile {
  readonly name: string;
  readonly profile: Profile;
}

/**
 * The profile that a tool is held to: what the policy says of the tool, else of its category, else one that has the category's name, else `general`
 * for what reaches the network, else `utility`. `undefined` where the policy has no profiles.
 */
export function profileOf(tool: ProfiledTool, policy: Policy): NamedProfile | undefined {
  const { profiles, categories, tools } = policy;
  if (profiles === undefined) return undefined;
  const { category } = tool;
  const ofTool = tools.find(({ covers, rule }) => rule.profile !== undefined && namesOf(tool).some(covers));
  const ofCategory = category === undefined ? undefined : categories.get(category)?.profile;
  const named = category !== undefined && profiles.has(category) ? category : undefined;
  const name = ofTool?.rule.profile ?? ofCategory ?? named ?? (reachesOut(tool) ? 'general' : 'utility');
  return { name, profile: profiles.get(name) ?? {} };
}

export const namesOf = ({ name, aliases }: Pick<ProfiledTool, 'name' | 'aliases'>): readonly string[] => [
  name,
  ...aliases,
];

const reachesOut = ({ capabilities }: ProfiledTool): boolean =>
  capabilities.some((name) => name === 'http' || name === 'ws' || name.startsWith('browser.'));
