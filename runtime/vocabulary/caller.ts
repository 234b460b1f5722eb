import { copyJson } from './copy-json.ts';
import { defined } from './defined.ts';
import type { Grant } from './grant.ts';
import { isJsonObject } from './json.ts';
import { refuseUnknown } from './read-options.ts';

/** Who asks for a run. No caller means the embedder itself, limited by its policy only. */
export interface Caller {
  /** 1 to 256 characters, none of them a control character. */
  readonly id: string;
  /** The agent that acts for the caller; as `id`. */
  readonly agent?: string;
  /** Capabilities that its runs may use, `fs.read`, `fs.*`, `*`, where the grant has them too; at most 1,000. `*` never includes `dangerous`. */
  readonly permissions: readonly string[];
  /**
   * What its runs may be granted at most, beside what the policy says: each of these is a ceiling of its own; at most 64.
   * @default no ceiling of its own
   */
  readonly grants?: readonly Grant[];
}

/** Which run it is, for whom, and what it is nested in. The same frozen object wherever one run is told of. */
export interface RunIdentity {
  readonly runId: string;
  /** Id of the run that it is nested in. */
  readonly parent?: string;
  /** 0 for a run that is nested in none. */
  readonly depth: number;
  readonly caller?: Caller;
  /** Name of the session that it is a run of, or that the run is that it is nested in. */
  readonly session?: string;
  /** W3C `traceparent` of whoever asked. */
  readonly traceparent?: string;
}

/** Stands for a run where there is none: a server is asked for the embedder, a folder has changed, a listener of notices fails. */
export const NO_RUN: RunIdentity = Object.freeze({ runId: 'no-run', depth: 0 });

const KNOWN: Readonly<Record<keyof Caller, true>> = {
  id: true,
  agent: true,
  permissions: true,
  grants: true,
};
const MOST_PERMISSIONS = 1_000;
const MOST_GRANTS = 64;
/** Names of capabilities, and wildcards for whole segments of them. */
export const CAPABILITY = /^(?:\*|[A-Za-z][\w-]*(?:\.[\w-]+)*(?:\.\*)?)$/;
const NAME = /^[^\p{Cc}]{1,256}$/u;

/**
 * Checks and copies a caller.
 * @param action What cannot be done without: `run`.
 * @throws {TypeError} naming the field, the reason and the value.
 */
export function readCaller(value: unknown, action: string): Caller | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`Cannot ${action}: caller is not an object of id, agent and permissions`);
  }
  refuseUnknown(value, KNOWN, `${action}: caller`);
  const { id, agent, permissions, grants } = value as Partial<Record<keyof Caller, unknown>>; // its fields are looked at below
  if (!isName(id)) throw badName('id', id, action);
  if (agent !== undefined && !isName(agent)) throw badName('agent', agent, action);
  if (!Array.isArray(permissions) || permissions.length > MOST_PERMISSIONS) {
    throw new TypeError(
      `Cannot ${action}: caller.permissions is not a list of at most ${MOST_PERMISSIONS} capabilities`,
    );
  }
  return freeze(
    id,
    agent,
    permissions.map((permission) => readPermission(permission, action)),
    readGrants(grants, action),
  );
}

/** Copies them; what is in their parts, the host functions read with each run. */
function readGrants(value: unknown, action: string): readonly Grant[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MOST_GRANTS)
    throw new TypeError(`Cannot ${action}: caller.grants is not a list of at most ${MOST_GRANTS} grants`);
  return value.map((grant, index) => {
    const copied = copyJson(grant, `caller.grants[${index}]`, { maxValues: 10_000 });
    if (isJsonObject(copied)) return copied as Grant; // its parts are checked where it narrows a run
    throw new TypeError(`Cannot ${action}: caller.grants[${index}] is not an object`);
  });
}

/** `fs.*` covers `fs.read`, `*` covers everything but `dangerous`; wildcards stand for whole segments. */
function covers(permission: string, capability: string): boolean {
  if (permission === capability) return true;
  if (permission === '*') return capability !== 'dangerous';
  return permission.endsWith('.*') && capability.startsWith(permission.slice(0, -1));
}

/** Whether runs of a caller may use a capability; the embedder's own may use all that the grant has. */
export const permits = (caller: Caller | undefined, capability: string): boolean =>
  caller === undefined || caller.permissions.some((permission) => covers(permission, capability));

/** The caller of a nested run: who asks, with no permission that the caller of the outer run does not have. */
export function narrowCaller(outer: Caller | undefined, asked: Caller | undefined): Caller | undefined {
  if (asked === undefined || outer === undefined) return asked ?? outer;
  // Of two patterns one covers the other, or they have nothing in common.
  const common = outer.permissions.flatMap((mine) =>
    asked.permissions.flatMap((theirs) => {
      if (covers(mine, theirs)) return [theirs];
      return covers(theirs, mine) ? [mine] : [];
    }),
  );
  const grants = new Map(
    [...(outer.grants ?? []), ...(asked.grants ?? [])].map((grant) => [JSON.stringify(grant), grant]),
  );
  return freeze(asked.id, asked.agent, [...new Set(common)].slice(0, MOST_PERMISSIONS), [...grants.values()]);
}

const freeze = (
  id: string,
  agent: string | undefined,
  permissions: readonly string[],
  grants: readonly Grant[],
): Caller =>
  Object.freeze({
    id,
    ...defined({ agent }),
    permissions: Object.freeze([...permissions]),
    ...(grants.length === 0 ? {} : { grants: Object.freeze([...grants]) }),
  });

const isName = (value: unknown): value is string => typeof value === 'string' && NAME.test(value);

const badName = (field: string, value: unknown, action: string): TypeError =>
  new TypeError(
    `Cannot ${action}: caller.${field} ${JSON.stringify(value)?.slice(0, 80)} is not a text of 1 to 256 characters`,
  );

function readPermission(value: unknown, action: string): string {
  if (typeof value === 'string' && value.length <= 128 && CAPABILITY.test(value)) return value;
  throw new TypeError(
    `Cannot ${action}: caller.permissions has ${JSON.stringify(value)?.slice(0, 80)}, expected a capability like "fs.read", "fs.*" or "*"`,
  );
}
