import type { Cell } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import type { CellPools, Platform } from '../contracts/platform.ts';
import { SandglassError } from '../vocabulary/errors.ts';
import { type IsolationLevel, LEVEL_POLICIES } from '../vocabulary/levels.ts';
import { levelsOf } from './engine-info.ts';

/**
 * The cell for a guest of an engine at a level.
 * @param openPools Called for the first guest that needs a thread or a process of its own.
 * @throws {SandglassError} UNSUPPORTED for a level that the platform cannot give.
 */
export function chooseCell(
  level: IsolationLevel,
  engine: Engine,
  platform: Platform,
  openPools: () => CellPools | undefined,
): Cell {
  const levels = levelsOf(engine, platform);
  if (!levels.includes(level)) {
    throw new SandglassError(
      'UNSUPPORTED',
      `Cannot run ${engine.name} at level ${level}: ${platform.info.name} cannot give it`,
      { hint: hintFor(levels), details: { level, levels } },
    );
  }
  const wanted = LEVEL_POLICIES[level].cell;
  if (wanted === 'inline' && engine.inline) return platform.inline;
  const pools = openPools();
  const cell = wanted === 'process' ? pools?.process : pools?.worker;
  if (cell === undefined) {
    throw new SandglassError('UNSUPPORTED', `Cannot run at level ${level}: no cells here`, {
      hint: `Use one of the levels that need none: ${levels.filter((name) => LEVEL_POLICIES[name].cell === 'inline').join(', ') || 'none'}`,
    });
  }
  return cell;
}

const hintFor = (levels: readonly IsolationLevel[]): string =>
  levels.length === 0
    ? 'It needs a thread of its own that holds a guest: run it on Node 24 or later'
    : `Levels that it can give: ${levels.join(', ')}`;
