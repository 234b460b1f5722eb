import type { CellResult } from '../contracts/cell.ts';
import type { Budget } from '../vocabulary/budget.ts';
import { NOTHING_USED } from '../vocabulary/outcome-of.ts';
import type { Usage } from '../vocabulary/usage.ts';

/** What the run cost, with what was nested in it. */
export function usageOf(result: CellResult | undefined, budget: Budget | undefined): Usage {
  const spent = budget?.spent();
  const { fuel = null, memoryBytes = 0 } = result?.end ?? {};
  return {
    ...NOTHING_USED,
    ...spent,
    fuel: fuel === null && (spent?.fuel ?? 0) === 0 ? null : (spent?.fuel ?? fuel),
    memoryBytes,
    cpuMs: result?.cpuMs ?? null,
    coldStart: result?.coldStart ?? false,
  };
}
