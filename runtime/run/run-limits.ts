import type { Engine } from '../contracts/engine.ts';
import { type IsolationLevel, LEVEL_POLICIES, MAXIMUM_PYTHON_MEMORY_BYTES } from '../vocabulary/levels.ts';
import { type Limits, mergeLimits } from '../vocabulary/limits.ts';

/** What the embedder allows all its runs at most. */
export interface LimitCeilings {
  /** The runtime's own. */
  readonly limits: Partial<Limits>;
  /** Those of its policy. */
  readonly policy: { readonly limits: Partial<Limits> } | undefined;
}

/** The limits that hold for a run: the smallest of what runtime, policy, level and the run itself say, else the defaults. */
export function limitsFor(
  engine: Engine,
  level: IsolationLevel,
  ceilings: LimitCeilings,
  asked: readonly Partial<Limits>[],
): Limits {
  const ofLevel = LEVEL_POLICIES[level].ceilings;
  const atLevel =
    engine.languages.includes('python') && ofLevel.memoryBytes !== undefined
      ? { ...ofLevel, memoryBytes: MAXIMUM_PYTHON_MEMORY_BYTES }
      : ofLevel;
  return mergeLimits([ceilings.limits, ceilings.policy?.limits ?? {}, ...asked, atLevel], {
    memoryBytes: engine.memoryBytes,
  });
}
