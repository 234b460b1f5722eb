import type { EngineInfo } from '../contracts/api/info.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Platform } from '../contracts/platform.ts';
import { type IsolationLevel, LEVEL_POLICIES, LEVELS } from '../vocabulary/levels.ts';
import { LIMIT_NAMES } from '../vocabulary/limits.ts';

/** @param startupMs How long the last run waited for a cell of it to start; `null` before one did. */
export function describeEngine(engine: Engine, platform: Platform, startupMs: number | null): EngineInfo {
  const { name, version, languages, realm, memoryBytes } = engine;
  const levels = levelsOf(engine, platform);
  const cells = new Set(levels.map((level) => cellOf(level, engine)));
  return {
    name,
    version,
    languages,
    languageVersion: engine.languageVersion ?? `${name} ${version}`,
    realm,
    levels,
    memoryBytes,
    cells: [...cells],
    limits: LIMIT_NAMES.filter(
      (limit) => limit !== 'cpuShare' || cells.has('worker') || cells.has('process'),
    ),
    network: 'host functions only',
    setup: engine.setup ?? 'nothing',
    options: engine.options ?? [],
    snapshots: engine.snapshots?.() ?? [],
    startupMs,
  };
}

/** The levels that a platform gives to guests of an engine. */
export const levelsOf = (engine: Engine, platform: Platform): readonly IsolationLevel[] =>
  LEVELS.filter((level) => givesLevel(level, engine, platform));

/** Python has no inline cell: at `minimal` it gets a worker, where the platform has one. */
const givesLevel = (level: IsolationLevel, engine: Engine, { info }: Platform): boolean =>
  info.levels.includes(level) && (LEVEL_POLICIES[level].cell !== 'inline' || engine.inline || info.workers);

const cellOf = (level: IsolationLevel, { inline }: Engine): 'inline' | 'worker' | 'process' => {
  const { cell } = LEVEL_POLICIES[level];
  return cell === 'inline' && !inline ? 'worker' : cell;
};
