import { resolve } from 'node:path';
import type { NodeRuntimeOptions } from '../../index.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { readBytes } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';

export const POLICY_FLAG: Flag = {
  name: 'policy',
  value: 'FILE',
  help: 'Hold everything to a policy document, JSON: grants, levels, profiles, rules of tools and callers. It is read again when it changes; --allow flags then only narrow it.',
};

/** What is allowed at most: the policy of a file, narrowed for each call by the grant of the flags where there is one; else that grant. */
export interface Ceiling {
  readonly runtime: Pick<NodeRuntimeOptions, 'policy' | 'policyFile'>;
  /** Narrows each call. */
  readonly grant: Grant | undefined;
}

/** @throws {UsageError} for a file that cannot be read. */
export async function readCeiling(parsed: ParsedArguments, grant: Grant, cwd: string): Promise<Ceiling> {
  const file = parsed.one('policy');
  if (file === undefined) return { runtime: { policy: grant }, grant: undefined };
  await readBytes(file, cwd); // says what is wrong with the path in the words of the command line
  return {
    runtime: { policyFile: resolve(cwd, file) },
    grant: Object.keys(grant).some((part) => part !== 'tools') ? grant : undefined,
  };
}
