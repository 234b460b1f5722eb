import type { AnyHostFunction } from '../contracts/host-function.ts';
import type { CheckedGrant } from '../vocabulary/check-grant.ts';
import { defined } from '../vocabulary/defined.ts';
import { type ErrorDetails, SandglassError } from '../vocabulary/errors.ts';

/** What a run may touch, and its environment. */
export type GrantParts = Pick<CheckedGrant, 'env' | 'parts'>;

/** What a run may have at most, and what messages call it. */
export interface GrantCeiling {
  readonly what: string;
  readonly grant: GrantParts | undefined;
  /** Said of what it refuses: no operator of a server mends that by granting more. */
  readonly decidedBy?: 'caller';
}

/** Grant ∩ ceilings, in their order. What one of them does not cover is refused by name, never dropped in silence. */
export function narrowGrant(
  grant: GrantParts,
  ceilings: readonly GrantCeiling[],
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
): GrantParts {
  let narrowed = grant;
  for (const ceiling of ceilings) {
    if (ceiling.grant !== undefined) narrowed = cover(narrowed, ceiling.grant, hostFunctions, ceiling);
  }
  return narrowed;
}

/** @throws {SandglassError} CAPABILITY_DENIED naming the first part that the ceiling does not cover. */
function cover(
  grant: GrantParts,
  ceiling: GrantParts,
  hostFunctions: ReadonlyMap<string, AnyHostFunction>,
  { what, decidedBy }: GrantCeiling,
): GrantParts {
  const refuse = (name: string, details: ErrorDetails, hint: string): SandglassError =>
    new SandglassError('CAPABILITY_DENIED', `Cannot grant ${name}: the ${what} does not cover it`, {
      details: { ...details, ...defined({ decidedBy }) },
      hint: `${hint}; do not retry`,
    });
  const narrow = (host: AnyHostFunction, name: string, part: unknown): unknown => {
    try {
      return host.narrow?.(part, ceiling.parts.get(name));
    } catch (error) {
      if (decidedBy === undefined || !(error instanceof SandglassError)) throw error;
      throw refuse(name, error.details ?? {}, `Ask for no more of ${name} than the caller is granted`);
    }
  };
  const parts = new Map<string, unknown>();
  for (const [name, part] of grant.parts) {
    const host = hostFunctions.get(name);
    if (host?.narrow === undefined)
      throw refuse(
        name,
        { capability: name, requested: name, missing: [name] },
        `Leave ${name} out of the grant`,
      );
    parts.set(name, narrow(host, name, part));
  }
  for (const [name, value] of Object.entries(grant.env)) {
    if (ceiling.env[name] === value) continue;
    throw refuse(
      `env ${name}`,
      { capability: 'env', requested: name, missing: ['env'] },
      `Leave ${name} out of env, or give it the value that is allowed`,
    );
  }
  return { parts, env: grant.env };
}
