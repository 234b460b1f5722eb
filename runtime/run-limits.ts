import type { Engine } from './engine.ts';
import { type IsolationLevel, LEVEL_POLICIES, MAXIMUM_PYTHON_MEMORY_BYTES } from './levels.ts';
import { type Limits, mergeLimits } from './limits.ts';
import type { SandboxContext } from './sandbox.ts';

/** The limits that hold for a run: the smallest of what runtime, policy, level and the run itself say, else the defaults. */
export function limitsFor(
  engine: Engine,
  level: IsolationLevel,
  context: Pick<SandboxContext, 'limits' | 'policy'>,
  asked: readonly Partial<Limits>[],
): Limits {
  const { ceilings } = LEVEL_POLICIES[level];
  const level_ =
    engine.languages.includes('python') && ceilings.memoryBytes !== undefined
      ? { ...ceilings, memoryBytes: MAXIMUM_PYTHON_MEMORY_BYTES }
      : ceilings;
  return mergeLimits([context.limits, context.policy?.limits ?? {}, ...asked, level_], {
    memoryBytes: engine.memoryBytes,
  });
}
