import { resolve } from 'node:path';
import type { NodeRuntimeOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { parseJson, readText } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';

export const POLICY_FLAG: Flag = {
  name: 'policy',
  value: 'FILE',
  help:
    'Hold everything to a policy document, JSON: grants, levels, profiles, rules of tools and callers. ' +
    'It is read again when it changes; --allow flags then only narrow it.',
};

/** What is allowed at most: the policy of a file, narrowed for each call by the grant of the flags where there is one; else that grant. */
export interface Ceiling {
  readonly runtime: Pick<NodeRuntimeOptions, 'policy' | 'policyFile'>;
  /** Narrows each call. */
  readonly grant: Grant | undefined;
  /** What the document said of limits when it was read first: over these no client raises them, either. */
  readonly limits?: Grant['limits'];
}

/** @throws {UsageError} for a file that cannot be read, or is not JSON. */
export async function readCeiling(parsed: ParsedArguments, grant: Grant, cwd: string): Promise<Ceiling> {
  const file = parsed.one('policy');
  if (file === undefined) return { runtime: { policy: grant }, grant: undefined };
  // Says what is wrong with the path in the words of the command line.
  const { limits }: Grant = Object(parseJson(await readText(file, cwd), `--policy=${file}`)); // the runtime checks it
  return {
    runtime: { policyFile: resolve(cwd, file) },
    ...defined({ limits }),
    grant: Object.keys(grant).some((part) => part !== 'tools') ? grant : undefined,
  };
}

/** What one run or call has: the policy as a whole where no flag grants anything, else what the flags grant of it. */
export interface PolicyUse {
  readonly policyFile?: string;
  /** Of a run, which has nothing unless it is granted. */
  readonly grant: Grant;
  /** Of a call, which has the policy by itself. */
  readonly callGrant: Grant | undefined;
}

/** @throws {UsageError} for a file that cannot be read, or is not JSON. */
export async function readPolicyUse(parsed: ParsedArguments, grant: Grant, cwd: string): Promise<PolicyUse> {
  const file = parsed.one('policy');
  if (file === undefined) return { grant, callGrant: grant };
  const policyFile = resolve(cwd, file);
  const document = parseJson(await readText(file, cwd), `--policy=${file}`);
  if (Object.keys(grant).length > 0) return { policyFile, grant, callGrant: grant };
  return { policyFile, grant: grantOf(document), callGrant: undefined };
}

/** What is wrong with it the runtime says, which reads all of it. */
function grantOf(document: unknown): Grant {
  const whole: { readonly version?: unknown; readonly grant?: unknown } = Object(document);
  return Object(whole.version === undefined ? whole : whole.grant) as Grant; // the runtime checks it
}
