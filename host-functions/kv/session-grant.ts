import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import {
  SESSION_ACCESS,
  type SessionAccess,
  type SessionGrant,
} from '../../runtime/vocabulary/grants/session.ts';
import { isJsonObject, type JsonValue } from '../../runtime/vocabulary/json.ts';
import { refuseUnknownField } from '../../runtime/vocabulary/read-options.ts';
import { type KvEntryPolicy, narrowKvGrants, parseKvGrants, shownKvGrants } from './kv-policy.ts';

/** The `session` part of a grant, parsed: an entry of `kv` for the one store that there is. */
export type SessionPart = KvEntryPolicy;

const FIELDS: Readonly<Record<keyof SessionGrant, true>> = {
  access: true,
  maxEntries: true,
  maxBytes: true,
  maxValueBytes: true,
  ttlMs: true,
  maxCalls: true,
};
const NAME = 'session';

/** @throws {TypeError | RangeError} naming the field that is wrong. */
export function parseSessionGrant(part: JsonValue, where: string): SessionPart {
  if (!isJsonObject(part))
    throw new TypeError(`Cannot read ${where}: expected an object, e.g. { "access": ["read", "write"] }`);
  refuseUnknownField(part, FIELDS, where);
  const [entry] = parseKvGrants([{ ...part, name: NAME }], where);
  if (entry === undefined) throw new TypeError(`Cannot read ${where}`); // one goes in, one comes out
  return entry;
}

/** @throws {SandglassError} CAPABILITY_DENIED for access that the ceiling does not have. */
export function narrowSessionGrant(asked: SessionPart, ceiling: SessionPart | undefined): SessionPart {
  const lacks = [...asked.access].find((access) => ceiling?.access.has(access) !== true);
  if (ceiling === undefined || lacks !== undefined) {
    const capability = `session.${lacks ?? 'read'}`;
    throw new SandglassError(
      'CAPABILITY_DENIED',
      `Cannot grant session: the policy does not cover ${capability}`,
      {
        details: { capability, requested: capability, missing: [capability] },
        hint: 'Ask for access that the policy allows; do not retry',
      },
    );
  }
  return narrowKvGrants([asked], [ceiling])[0] ?? asked;
}

/** As its guest may read it. */
export function shownSessionGrant(part: SessionPart): JsonValue {
  const [shown] = shownKvGrants([part]) as readonly Readonly<Record<string, JsonValue>>[]; // a list of objects
  const { name: _, whenFull: __, ...rest } = shown ?? {};
  return rest;
}

/** A refusal; the grant that it names keeps the access that is granted already. */
export function deniedSession(access: SessionAccess, granted: SessionPart | undefined): SandglassError {
  const capability = `session.${access}`;
  const all = SESSION_ACCESS.filter((name) => name === access || granted?.access.has(name) === true);
  const grant = { session: { access: all } };
  return new SandglassError(
    'CAPABILITY_DENIED',
    `Cannot ${access === 'read' ? 'read' : 'change'} the store of the session: no grant for ${capability} covers it`,
    {
      details: { capability, requested: capability, missing: [capability], grant },
      hint: `Grant it with ${JSON.stringify(grant)}, or do without; do not retry`,
    },
  );
}
