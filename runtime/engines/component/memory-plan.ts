import { SandglassError } from '../../errors.ts';
import { inspectBinary } from '../../wasm/inspect.ts';

const PAGE_BYTES = 65_536;
/** Composed components have one memory a part; more than this nobody needs, and each may grow alone up to the cap. */
const MAX_MEMORIES = 8;

/**
 * The cap of each core module's own memory, pages: what the run may have, less what the other memories start with. Together they are
 * held to the cap by the fuel slices, so one may outgrow it for at most a slice.
 * @throws {SandglassError} MEMORY_EXCEEDED when they start over the cap, MODULE_INVALID when there are too many.
 */
export function memoryPlan(
  cores: readonly Uint8Array<ArrayBuffer>[],
  memoryBytes: number,
): readonly number[] {
  const cap = Math.floor(memoryBytes / PAGE_BYTES);
  const own = cores.map((core) => inspectBinary(core).memories.map(({ minimum }) => minimum));
  const all = own.flat();
  if (all.length > MAX_MEMORIES) {
    throw new SandglassError(
      'MODULE_INVALID',
      `Cannot load the component: it has ${all.length} memories, ${MAX_MEMORIES} are allowed`,
    );
  }
  const sum = all.reduce((pages, minimum) => pages + minimum, 0);
  if (sum > cap) {
    throw new SandglassError(
      'MEMORY_EXCEEDED',
      `Cannot start the component: it begins with ${sum * PAGE_BYTES} bytes, ${memoryBytes} are allowed`,
      {
        hint: 'Raise limits.memoryBytes',
      },
    );
  }
  return own.map((minimums) => cap - (sum - minimums.reduce((pages, minimum) => pages + minimum, 0)));
}
