import type { AnyHostFunction } from '../contracts/host-function.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import { SandglassError } from '../vocabulary/errors.ts';

/**
 * Which parts of a run's grant its ceiling no longer covers. The ceiling is asked again whenever it is another one; as long as it is the one that the
 * run began with, nothing is taken away.
 */
export function createRevocations(
  parts: ReadonlyMap<string, unknown>,
  ceiling: () => CheckedGrant | undefined,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): (host: string) => boolean {
  let seen = ceiling();
  let gone: ReadonlySet<string> = new Set();
  return (host) => {
    const now = ceiling();
    if (now !== seen) {
      seen = now;
      gone = now === undefined ? new Set() : uncovered(parts, now, hostFunctions);
    }
    return gone.has(host);
  };
}

function uncovered(
  parts: ReadonlyMap<string, unknown>,
  ceiling: CheckedGrant,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const [name, part] of parts) {
    try {
      hostFunctions.get(name)?.narrow?.(part, ceiling.parts.get(name));
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      gone.add(name);
    }
  }
  return gone;
}
