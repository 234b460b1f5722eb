import type { AnyHostFunction } from '../contracts/host-function.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import { SandglassError } from '../vocabulary/errors.ts';

/** What a run may touch, and its environment. */
export type GrantParts = Pick<CheckedGrant, 'env' | 'parts'>;

/** Grant ∩ ceilings, in their order. What one of them does not cover is refused by name, never dropped in silence. */
export function narrowGrant(
  grant: GrantParts,
  ceilings: readonly { readonly what: string; readonly grant: GrantParts | undefined }[],
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): GrantParts {
  let narrowed = grant;
  for (const { what, grant: ceiling } of ceilings) {
    if (ceiling !== undefined) narrowed = cover(narrowed, ceiling, hostFunctions, what);
  }
  return narrowed;
}

/** @throws {SandglassError} CAPABILITY_DENIED naming the first part that the ceiling does not cover. */
function cover(
  grant: GrantParts,
  ceiling: GrantParts,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
  what: string,
): GrantParts {
  const parts = new Map<string, unknown>();
  for (const [name, part] of grant.parts) {
    const host = hostFunctions.get(name);
    if (host?.narrow === undefined) {
      throw new SandglassError('CAPABILITY_DENIED', `Cannot grant ${name}: the ${what} does not cover it`, {
        details: { capability: name, requested: name, missing: [name] },
        hint: `Leave ${name} out of the grant; do not retry`,
      });
    }
    parts.set(name, host.narrow(part, ceiling.parts.get(name)));
  }
  for (const [name, value] of Object.entries(grant.env)) {
    if (ceiling.env[name] !== value) {
      throw new SandglassError(
        'CAPABILITY_DENIED',
        `Cannot grant env ${name}: the ${what} does not cover it`,
        {
          details: { capability: 'env', requested: name, missing: ['env'] },
          hint: `Leave ${name} out of env, or give it the value that is allowed; do not retry`,
        },
      );
    }
  }
  return { parts, env: grant.env };
}
