import type { Runtime } from '../../contracts/api/runtime.ts';
import type {
  ModuleSession,
  ModuleSessionOptions,
  Session,
  SessionMemory,
  SessionOptions,
} from '../../contracts/api/session.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { HttpError } from './http-error.ts';

/** One that runs scripts, or one that keeps an instance of a module. */
export type DoorSession = Session | ModuleSession;

/** The sessions that were opened through one door: its clients reach no others of the runtime. */
export interface SessionDoor {
  /** Opens one and answers its name. Rejects as `sessions.open` does, with INPUT_INVALID for misuse. */
  open(options: SessionOptions | ModuleSessionOptions, signal: AbortSignal, owner?: string): Promise<string>;
  /**
   * The session itself: another that has its name by now is not this door's.
   * @param owner Id of whoever asks; `undefined` for whoever has the server's own key, who finds those of all.
   * @throws {SandglassError} INPUT_INVALID for a session that this door has not opened, or not for them.
   */
  find(name: string, owner?: string): DoorSession;
  /** What names the session itself, in a queued run. @throws {SandglassError} as `find` does. */
  keyOf(name: string, owner?: string): string;
  /** The session of a key. @throws {SandglassError} INPUT_INVALID when it is not known any more. */
  get(key: string): DoorSession;
  /**
   * Does something with the memory of a module that a session keeps. Few may wait for their turn at once; whoever leaves gives its place back.
   * @throws {SandglassError} UNSUPPORTED for a session of scripts, QUEUE_FULL. @throws {HttpError} 404 for one that `find` does not find.
   */
  inMemory<T>(
    name: string,
    owner: string | undefined,
    use: (memory: SessionMemory) => Promise<T>,
  ): Promise<T>;
  /** False for a session that this door has not opened. */
  close(name: string, owner?: string): Promise<boolean>;
}

/** Sessions that are known at most, ended ones among them; far more than can be open. */
const MOST_KNOWN = 1_000;

/** Reads and writes of kept memories that wait for their turn: each holds a connection and what it writes. */
const MOST_IN_MEMORY = 100;
/** Of one caller: the others have their places. */
const MOST_OF_ONE = 10;
const mostOf = (owner: string | undefined): number => (owner === undefined ? MOST_IN_MEMORY : MOST_OF_ONE);

export function createSessionDoor(sessions: Runtime['sessions'] | undefined): SessionDoor {
  const known = new Recent<DoorSession>(MOST_KNOWN);
  const owners = new WeakMap<DoorSession, string>();
  const mine = (name: string, owner: string | undefined): DoorSession | undefined => {
    const session = known.get(name);
    if (session === undefined || owner === undefined) return session;
    return owners.get(session) === owner ? session : undefined;
  };
  const find = (name: string, owner?: string): DoorSession => {
    const session = mine(name, owner);
    if (session === undefined) throw notOpen(name);
    return session;
  };
  /** No other session that has its name by now. */
  const keys = new WeakMap<DoorSession, string>();
  /** Reads and writes of memory that wait, by who asks. */
  const inMemory = new Map<string | undefined, number>();
  return {
    find,
    keyOf(name, owner) {
      const session = find(name, owner);
      const key = keys.get(session) ?? `${name}/${crypto.randomUUID()}`;
      keys.set(session, key);
      return key;
    },
    get(key) {
      const name = key.slice(0, key.lastIndexOf('/'));
      const session = known.get(name);
      if (session === undefined || keys.get(session) !== key) throw notOpen(name);
      return session;
    },
    open: async (options, signal, owner) => {
      if (sessions === undefined) {
        throw new SandglassError('UNSUPPORTED', 'Cannot open a session: this server has none');
      }
      try {
        const session = await openWith(sessions, options, signal);
        known.set(session.name, session);
        if (owner !== undefined) owners.set(session, owner);
        return session.name;
      } catch (error) {
        // Misuse is the caller's input here, since the options came from outside.
        if (error instanceof TypeError || error instanceof RangeError)
          throw new SandglassError('INPUT_INVALID', error.message);
        throw error;
      }
    },
    inMemory: async (name, owner, use) => {
      const session = mine(name, owner);
      if (session === undefined)
        throw new HttpError(
          404,
          `Cannot reach the memory of session ${shownText(name)}: none of this name is open`,
          'Open it with POST /v1/sessions',
        );
      if (!('memory' in session)) {
        throw new SandglassError(
          'UNSUPPORTED',
          `Cannot reach the memory of session "${name}": it keeps no module`,
          {
            hint: 'Open it with "module" in place of "language"',
          },
        );
      }
      const own = inMemory.get(owner) ?? 0;
      const all = [...inMemory.values()].reduce((sum, count) => sum + count, 0);
      if (all >= MOST_IN_MEMORY || own >= mostOf(owner)) {
        throw new SandglassError(
          'QUEUE_FULL',
          `Cannot reach the memory of session "${name}": ${own >= mostOf(owner) ? own : all} reads and writes wait already`,
          { hint: 'Wait until runs have ended, then send it again' },
        );
      }
      inMemory.set(owner, own + 1);
      try {
        return await use(session.memory);
      } finally {
        const left = (inMemory.get(owner) ?? 1) - 1;
        if (left > 0) inMemory.set(owner, left);
        else inMemory.delete(owner);
      }
    },
    close: async (name, owner) => {
      const session = mine(name, owner);
      if (session !== undefined) known.delete(name);
      await session?.close();
      return session !== undefined;
    },
  };
}

const openWith = (
  sessions: Runtime['sessions'],
  options: SessionOptions | ModuleSessionOptions,
  signal: AbortSignal,
): Promise<DoorSession> =>
  'module' in options ? sessions.open({ ...options, signal }) : sessions.open({ ...options, signal });

const notOpen = (name: string): SandglassError =>
  new SandglassError('INPUT_INVALID', `Cannot run in session "${name}": none of this name is open`, {
    details: { session: name },
    hint: 'Open it with POST /v1/sessions',
  });
