import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import { nearestOrAll } from '../../vocabulary/nearest.ts';

/** What `options` of a JavaScript run may say: lists of names, and a preset. */
const LISTS: readonly string[] = ['imports', 'block'];

/** Names of all options. */
export const QUICKJS_OPTIONS: readonly string[] = [...LISTS, 'preset'];

/** What `preset: 'safe'` allows and takes away: no files, no network, no text made code. */
const SAFE = {
  imports: ['path', 'node:path', 'url', 'node:url'],
  block: ['eval', 'Function', 'fetch', 'WebSocket', 'fs', 'sandglass.call'],
} as const;

/** The rules for a program's own code. Depth, not the boundary. */
export interface Rules {
  /** Specifiers that it may import beside its own relative files; absent: any. */
  readonly imports: readonly string[] | undefined;
  /** Globals that it loses, or members of one: `sandglass.call`. */
  readonly block: readonly string[];
}

/**
 * Checks the options of one run. One that is not known is an error: it might have been meant to restrict.
 * @throws {SandglassError} INPUT_INVALID.
 */
export function checkQuickjsOptions(options: JsonObject): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'preset') {
      if (value === 'safe') continue;
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot read options.preset: ${JSON.stringify(value)} is not "safe"`,
      );
    }
    if (!LISTS.includes(name)) {
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot read options: unknown option "${name}"${nearestOrAll(name, QUICKJS_OPTIONS)}`,
      );
    }
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw new SandglassError('INPUT_INVALID', `Cannot read options.${name}: expected a list of names`);
    }
  }
}

/** The rules that checked options give: beside a preset, lists only add to what it takes away and leave less of what it allows. */
export function rulesOf({ imports, block, preset }: JsonObject): Rules {
  const allowed = Array.isArray(imports) ? imports.map(String) : undefined;
  const blocked = Array.isArray(block) ? block.map(String) : [];
  if (preset !== 'safe') return { imports: allowed, block: blocked };
  const safe: readonly string[] = SAFE.imports;
  return {
    imports: allowed === undefined ? safe : allowed.filter((specifier) => safe.includes(specifier)),
    block: [...new Set([...SAFE.block, ...blocked])],
  };
}
