import type { Engine } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import { type LimitCeilings, limitsFor } from '../run-limits.ts';
import type { SessionRequest } from './session-options.ts';
import type { SessionPlan } from './sessions.ts';

/**
 * What all runs of a session have in common.
 * @throws {SandglassError} UNSUPPORTED when no engine keeps guests of this language.
 */
export function planSession(
  request: SessionRequest,
  level: IsolationLevel,
  context: LimitCeilings & { readonly engines: readonly Engine[] },
): SessionPlan {
  const engine = chooseKeeper(request.language, context.engines);
  const { memoryBytes } = limitsFor(engine, level, context, [
    request.limits,
    ...(request.grant === undefined ? [] : [request.grant.limits]),
  ]);
  return { ...request, engine, level, memoryBytes };
}

function chooseKeeper(language: string, engines: readonly Engine[]): Engine {
  const keepers = engines.filter((engine) => engine.open !== undefined);
  const found = keepers.find((engine) => engine.languages.includes(language));
  if (found !== undefined) return found;
  const languages = keepers.flatMap((engine) => engine.languages);
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot open a session for ${JSON.stringify(language)}: no engine here keeps its guests`,
    { hint: `Languages with sessions: ${languages.join(', ') || 'none'}`, details: { languages } },
  );
}
