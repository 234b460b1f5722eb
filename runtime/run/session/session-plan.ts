import type { Engine } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { didYouMeanLanguage } from '../../vocabulary/languages.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import { chooseEngine } from '../choose-engine.ts';
import { type LimitCeilings, limitsFor } from '../run-limits.ts';
import type { SessionRequest } from './session-options.ts';
import type { SessionPlan } from './sessions.ts';

/**
 * What all runs of a session have in common.
 * @throws {SandglassError} UNSUPPORTED when no engine keeps guests of this language.
 */
export function planSession(
  request: Omit<SessionRequest, 'module'> & { readonly module: Uint8Array | undefined },
  level: IsolationLevel,
  context: LimitCeilings & { readonly engines: readonly Engine[] },
): SessionPlan {
  const engine =
    request.module === undefined
      ? chooseKeeper(request.language, context.engines)
      : moduleKeeper(request.module, context.engines);
  const { memoryBytes } = limitsFor(engine, level, context, [
    request.limits,
    ...(request.grant === undefined ? [] : [request.grant.limits]),
  ]);
  return { ...request, engine, level, memoryBytes };
}

function moduleKeeper(module: Uint8Array, engines: readonly Engine[]): Engine {
  const bytes = new Uint8Array(module.subarray(0, 8));
  const engine = chooseEngine({ kind: 'wasm', bytes, hash: '', name: 'module.wasm' }, undefined, engines);
  if (engine.open !== undefined) return engine;
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot open a session for the module: engine "${engine.name}" keeps no instance`,
  );
}

function chooseKeeper(language: string, engines: readonly Engine[]): Engine {
  const keepers = engines.filter((engine) => engine.open !== undefined);
  const found = keepers.find((engine) => engine.languages.includes(language));
  if (found !== undefined) return found;
  const languages = keepers.flatMap((engine) => engine.languages);
  throw new SandglassError(
    'UNSUPPORTED',
    `Cannot open a session for ${JSON.stringify(language)}: no engine here keeps its guests${didYouMeanLanguage(language, languages)}`,
    { hint: `Languages with sessions: ${languages.join(', ') || 'none'}`, details: { languages } },
  );
}
