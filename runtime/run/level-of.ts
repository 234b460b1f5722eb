import { type IsolationLevel, stricter } from '../vocabulary/levels.ts';

/**
 * The level of a run that asks for one, or for none: at least as strict as the runtime's own and as the policy's, as it is now.
 * @param levels What the platform can give; a run that nobody says anything of is at `standard` where it can, else at `minimal`.
 */
export function createLevelOf(
  levels: readonly IsolationLevel[],
  ceiling: IsolationLevel | undefined,
  leastOfPolicy: () => IsolationLevel | undefined,
): (asked: IsolationLevel | undefined) => IsolationLevel {
  const fallback: IsolationLevel = levels.includes('standard') ? 'standard' : 'minimal';
  return (asked) => {
    const least = leastOfPolicy();
    const most = ceiling === undefined ? least : least === undefined ? ceiling : stricter(ceiling, least);
    return most === undefined ? (asked ?? fallback) : stricter(most, asked ?? most);
  };
}
