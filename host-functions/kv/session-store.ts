import type { HostFunction, HostSession, OperationInfo } from '../../runtime/contracts/host-function.ts';
import type { KvOptions, SessionStoreOperations } from '../../runtime/contracts/operations/kv.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { SessionAccess } from '../../runtime/vocabulary/grants/session.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { KvStores, readKvOptions } from './kv-stores.ts';
import {
  deniedSession,
  narrowSessionGrant,
  parseSessionGrant,
  type SessionPart,
  shownSessionGrant,
} from './session-grant.ts';
import { type StoreAdmission, StoreService } from './store-service.ts';

const MOST_SHOWN = 600;

const resource = ({ key }: JsonObject) => (typeof key === 'string' ? { path: key.slice(0, MOST_SHOWN) } : {});
const read: OperationInfo = Object.freeze({ capability: 'session.read', kind: 'act', resource });
const write: OperationInfo = Object.freeze({ capability: 'session.write', kind: 'act', resource });

const OPERATIONS: Readonly<Record<keyof SessionStoreOperations, OperationInfo>> = Object.freeze({
  'session.get': read,
  'session.set': write,
  'session.delete': write,
  'session.list': read,
});

/**
 * The host function `session`: JSON values by key in the store of a run's session, which begins empty and ends with it. Errors as of `kv`;
 * UNSUPPORTED for a run of no session.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 */
export function createSessionStore(
  options: KvOptions = {},
  now: () => number = Date.now,
): HostFunction<SessionPart> {
  const stores = new KvStores(readKvOptions(options), now);
  /** Sessions with a store; those of one name, one after the other, are others. */
  const ids = new Map<HostSession, string>();
  let made = 0;
  const idOf = (session: HostSession): string => {
    const known = ids.get(session);
    if (known !== undefined) return known;
    made += 1;
    const id = String(made);
    ids.set(session, id);
    session.ended.addEventListener(
      'abort',
      () => {
        ids.delete(session);
        stores.drop(id);
      },
      { once: true },
    );
    return id;
  };
  return {
    name: 'session',
    network: false,
    operations: OPERATIONS,
    parse: parseSessionGrant,
    narrow: narrowSessionGrant,
    show: shownSessionGrant,
    open: (part, { session }) => new StoreService(ofSession(part, session, idOf), stores),
    close: () => {
      ids.clear();
      stores.clear();
    },
  };
}

/** The one store of a session. */
function ofSession(
  part: SessionPart | undefined,
  session: HostSession | undefined,
  idOf: (session: HostSession) => string,
): StoreAdmission {
  let calls = 0;
  const admit = (access: SessionAccess) => {
    if (part === undefined || !part.access.has(access)) throw deniedSession(access, part);
    if (session === undefined) throw ofNone();
    if (session.ended.aborted) throw hasEnded(); // nobody would come for what it keeps
    if (calls >= part.maxCalls) throw spent(access, part.maxCalls);
    calls += 1;
    return { id: idOf(session), shown: 'the store of the session', caps: part };
  };
  return { fields: [], read: () => admit };
}

const ofNone = (): SandglassError =>
  new SandglassError('UNSUPPORTED', 'Cannot ask the store of the session: the run is in none', {
    hint: 'Run it in a session, of runtime.sessions.open, or use a store of kv',
  });

const hasEnded = (): SandglassError =>
  new SandglassError('CANCELLED', 'Cannot ask the store of the session: the session has ended');

const spent = (access: SessionAccess, maxCalls: number): SandglassError =>
  new SandglassError(
    'HOST_CALLS_EXCEEDED',
    `Cannot ask the store of the session: the grant's ${maxCalls} calls are spent`,
    {
      details: { capability: `session.${access}`, requested: 'session', limit: { maxCalls } },
      hint: 'Make fewer calls, or raise maxCalls of the grant',
    },
  );
