import type { HostAnswer } from '../contracts/engine.ts';
import type { AnyHostFunction, HostContext } from '../contracts/host-function.ts';
import { permits } from '../vocabulary/caller.ts';
import { BUILT_IN } from '../vocabulary/check-grant.ts';
import type { JsonObject, JsonValue } from '../vocabulary/json.ts';

/** The operation by which a guest reads its own grant. It needs none, and counts as no call. */
export const READ_GRANT = 'sandglass.grant';

export interface ShownGrantOptions {
  /** Host function name → its part of the grant, as it parsed it. */
  readonly parts: ReadonlyMap<string, unknown>;
  readonly env?: Readonly<Record<string, string>>;
  readonly hostFunctions: ReadonlyMap<string, AnyHostFunction>;
  readonly noNetwork: boolean;
  readonly context: Omit<HostContext, 'signal'>;
}

/** Answers with the grant of one run: made when it is first asked for, and as large as a grant may be. */
export function grantReader(options: ShownGrantOptions): () => HostAnswer {
  let answer: HostAnswer | undefined;
  return () => {
    answer ??= { ok: true, value: shownGrant(options) };
    return answer;
  };
}

/**
 * What a run may touch, in the form of a grant, as its guest may know it: what level and permissions take away is not there, and nothing of
 * the host's.
 */
function shownGrant({ parts, env = {}, hostFunctions, noNetwork, context }: ShownGrantOptions): JsonObject {
  const known: Record<string, JsonValue> = {};
  const custom: Record<string, JsonValue> = {};
  for (const [name, part] of parts) {
    const host = hostFunctions.get(name);
    if (host === undefined || (noNetwork && host.network) || !mayUse(host, context)) continue;
    (BUILT_IN.has(name) ? known : custom)[name] = host.show?.(part, context) ?? true;
  }
  return {
    ...known,
    ...(Object.keys(custom).length === 0 ? {} : { custom }),
    ...(Object.keys(env).length === 0 ? {} : { env: { ...env } }),
    limits: { ...context.limits },
  };
}

const mayUse = (host: AnyHostFunction, { run }: ShownGrantOptions['context']): boolean =>
  Object.values(host.operations).some(({ capability }) => permits(run.caller, capability));
