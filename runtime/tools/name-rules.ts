import { compileStarGlob } from '../vocabulary/glob.ts';
import type { Tool } from './tool.ts';

/** Which tools are callable at all, by their names. */
export interface NameRules {
  /** What does not allow a tool: `safeOnly`, `tools.allow`, `tools.deny`; `undefined` when nothing does. */
  refuses(tool: Tool): string | undefined;
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

export function createNameRules(options: {
  readonly safeOnly?: boolean | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly deny?: readonly string[] | undefined;
}): NameRules {
  const allow = options.allow === undefined ? undefined : namesMatcher(options.allow, 'tools.allow');
  const deny = options.deny === undefined ? undefined : namesMatcher(options.deny, 'tools.deny');
  return {
    refuses(tool) {
      if (deny?.(tool) === true) return 'tools.deny';
      if (allow !== undefined && !allow(tool)) return 'tools.allow';
      return options.safeOnly === true && tool.manifest.dangerous ? 'tools.safeOnly' : undefined;
    },
  };
}
