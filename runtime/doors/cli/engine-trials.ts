import type { EngineInfo } from '../../contracts/api/info.ts';
import type { RunOptions } from '../../contracts/api/run.ts';
import type { Runtime } from '../../contracts/api/runtime.ts';
import type { RunError } from '../../vocabulary/errors.ts';

/** A core module with one function, `f`, that does nothing. */
const MODULE = Uint8Array.from(
  [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    [1, 4, 1, 0x60, 0, 0], // one type: nothing to nothing
    [3, 2, 1, 0],
    [7, 5, 1, 1, 0x66, 0, 0],
    [10, 4, 1, 2, 0, 0x0b],
  ].flat(),
);
/** A component with nothing in it: an engine that is whole says that there is nothing to call. */
const COMPONENT = Uint8Array.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);

/** Longer than the snapshot of Python takes on a slow machine, which no run pays for itself. */
const LIMITS = { timeoutMs: 60_000 };

function trialOf({ name, languages }: EngineInfo): RunOptions {
  const [language] = languages;
  if (language !== undefined) return { language, code: language === 'shell' ? ':' : '1', limits: LIMITS };
  if (name === 'component') return { module: COMPONENT, limits: LIMITS };
  return { module: MODULE, invoke: 'f', engine: name, limits: LIMITS };
}

export interface BrokenEngine {
  readonly name: string;
  readonly error: RunError;
}

/**
 * Runs the smallest guest there is on each engine, and answers those that cannot run it.
 * @param uncached A runtime without a cache: what the cache holds hides that an engine cannot make it any more. Python's would take long to make.
 */
export async function tryEngines(
  engines: readonly EngineInfo[],
  runtime: Pick<Runtime, 'run'>,
  uncached: Pick<Runtime, 'run'>,
): Promise<readonly BrokenEngine[]> {
  const broken: BrokenEngine[] = [];
  for (const engine of engines) {
    const outcome = await (engine.name === 'component' ? uncached : runtime).run(trialOf(engine));
    const isWhole = outcome.ok || (engine.name === 'component' && outcome.error.code === 'INPUT_INVALID');
    if (!isWhole) broken.push({ name: engine.name, error: outcome.error });
  }
  return broken;
}
