import { SandglassError } from '../../vocabulary/errors.ts';

const PAGE_BYTES = 65_536;
/** Composed components have one memory a part; more than this nobody needs, and each may grow alone up to its cap. */
const MAX_MEMORIES = 8;

/**
 * The cap of each memory of a component, pages: what the run may have, less what the smaller memories start with. It is one number for
 * all core modules, as they import memories from each other. Together they are held to the run's cap by the fuel slices, so several
 * may outgrow it for at most a slice.
 * @param minimums Pages that each memory begins with. @throws {SandglassError} MEMORY_EXCEEDED when they start over the cap, MODULE_INVALID
 * when there are too many.
 */
export function memoryPlan(minimums: readonly number[], memoryBytes: number): number {
  const cap = Math.floor(memoryBytes / PAGE_BYTES);
  if (minimums.length > MAX_MEMORIES) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load the component: it has ${minimums.length} memories, ${MAX_MEMORIES} are allowed`,
    );
  }
  const sum = minimums.reduce((pages, minimum) => pages + minimum, 0);
  if (sum > cap) {
    throw new SandglassError(
      'MEMORY_EXCEEDED',
      `Cannot start the component: it begins with ${sum * PAGE_BYTES} bytes of memory, ${memoryBytes} are allowed`,
      { hint: 'Raise limits.memoryBytes' },
    );
  }
  return cap - (sum - Math.max(0, ...minimums));
}
