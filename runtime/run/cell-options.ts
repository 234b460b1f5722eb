import type { CellOptions } from '../contracts/api/runtime.ts';
import { refuseUnknown, wholeNumber } from '../vocabulary/read-options.ts';

const CELL_RANGES: Readonly<Record<keyof CellOptions, readonly [minimum: number, maximum: number]>> = {
  maxCells: [1, 256],
  maxSessions: [0, 255],
  maxWaiting: [0, 256],
  waitingBytes: [0, 2 ** 40],
  warm: [0, 64],
  idleMemoryBytes: [0, 2 ** 40],
  maxReuse: [1, 100_000],
};

/**
 * Checks how many cells a runtime may have, and fills in what was not said.
 * @throws {TypeError | RangeError} naming the option, the reason and the value.
 */
export function readCells(cells: CellOptions | undefined, processors: number): Required<CellOptions> {
  const given = cells ?? {};
  refuseUnknown(given, CELL_RANGES, 'create a runtime: cells');
  const read = (name: keyof CellOptions, fallback: number): number => {
    const [minimum, maximum] = CELL_RANGES[name];
    return wholeNumber(given[name], `create a runtime: cells.${name}`, { minimum, maximum }) ?? fallback;
  };
  const maxCells = read('maxCells', Math.max(4, 2 * processors));
  const maxSessions = read('maxSessions', Math.floor(maxCells / 2));
  if (maxSessions >= maxCells) {
    throw new RangeError(
      `Cannot create a runtime: cells.maxSessions ${maxSessions} leaves none of ${maxCells} cells for other runs`,
    );
  }
  return {
    maxCells,
    maxSessions,
    maxWaiting: read('maxWaiting', 32),
    waitingBytes: read('waitingBytes', 2 ** 30),
    warm: read('warm', 1),
    idleMemoryBytes: read('idleMemoryBytes', 4 * 2 ** 30),
    maxReuse: read('maxReuse', 2_000),
  };
}
