import { SandglassError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { LIMIT_NAMES, type Limits } from '../../vocabulary/limits.ts';

/** What this server allows at all, and what an operator does to allow more. */
export interface DoorPolicy {
  /**
   * The same grant that the runtime has as its `policy`; the runtime narrows each entry, the door refuses whole parts early. Absent where the door
   * cannot tell ahead what is allowed: nothing is refused early.
   */
  readonly grant?: Grant;
  /** What a client may raise a limit to; what it does not name keeps its default. @default no bound but the runtime's own */
  readonly ceilings?: Partial<Limits>;
  /** Part of a grant → how an operator allows it, e.g. `fs` → `Start the server with --allow-read=FOLDER`. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** @throws {SandglassError} CAPABILITY_DENIED when a part is asked of which the server allows nothing. */
export function checkAsked(asked: Grant | undefined, policy: DoorPolicy): void {
  if (policy.grant === undefined) return;
  const allowed = new Map<string, unknown>(Object.entries(policy.grant));
  for (const [part, wanted] of Object.entries(asked ?? {})) {
    if (part === 'limits' || isEmpty(part, wanted) || !isEmpty(part, allowed.get(part))) continue;
    throw new SandglassError('CAPABILITY_DENIED', `Cannot grant ${part}: this server allows none of it`, {
      details: { capability: part },
      ...hintFor(part, policy),
    });
  }
}

/** What a client asked for, none of its limits over its ceiling, wherever it says them. */
export function withinCeilings<Asked extends { readonly limits?: Partial<Limits>; readonly grant?: Grant }>(
  asked: Asked,
  policy: DoorPolicy | undefined,
): Asked {
  const ceilings = policy?.ceilings;
  if (ceilings === undefined) return asked;
  const { limits, grant } = asked;
  return {
    ...asked,
    ...(limits === undefined ? {} : { limits: held(limits, ceilings) }),
    ...(grant?.limits === undefined ? {} : { grant: { ...grant, limits: held(grant.limits, ceilings) } }),
  };
}

/** What is not a number stays, for whoever reads limits to refuse. */
function held(limits: Partial<Limits>, ceilings: Partial<Limits>): Partial<Limits> {
  const lowered = LIMIT_NAMES.flatMap((name) => {
    const [limit, ceiling] = [limits[name], ceilings[name]];
    const isOver = typeof limit === 'number' && ceiling !== undefined && limit > ceiling;
    return isOver ? [[name, ceiling] as const] : [];
  });
  return { ...limits, ...Object.fromEntries(lowered) };
}

/** The hint for a denial that names its capability (`fs.read`) or its part (`fs`) in the details. */
export function hintFor(capability: unknown, { hints }: DoorPolicy): { readonly hint?: string } {
  const part = String(capability).split('.')[0] ?? '';
  const hint = hints !== undefined && Object.hasOwn(hints, part) ? hints[part] : undefined;
  return hint === undefined ? {} : { hint };
}

/**
 * Whether a part gives nothing. An object without fields gives what is usual, as `session: {}` reading; only one of names and values is
 * empty then.
 */
function isEmpty(name: string, part: unknown): boolean {
  if (part === undefined) return true;
  if (typeof part !== 'object' || part === null) return false;
  return (Array.isArray(part) || name === 'env' || name === 'custom') && Object.keys(part).length === 0;
}
