import type { HeldCell } from '../../contracts/cell.ts';
import type { Engine } from '../../contracts/engine.ts';
import type { HostSession } from '../../contracts/host-function.ts';
import type { CheckedGrant } from '../../vocabulary/check-grant.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { JsonObject } from '../../vocabulary/json.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import { Recent } from '../../vocabulary/recent.ts';

/** A session after its options were checked and its engine chosen. */
export interface SessionPlan {
  readonly name: string;
  readonly language: string;
  /** The bytes that all its runs call into; absent: it runs scripts. */
  readonly module?: Uint8Array | undefined;
  readonly engine: Engine;
  readonly level: IsolationLevel;
  /** Ceilings of each run. */
  readonly limits: Partial<Limits>;
  /** The cap of the one instance, for all runs. */
  readonly memoryBytes: number;
  /** Ceiling and default of each run's grant. */
  readonly grant: CheckedGrant | undefined;
  /** Engine options, the same for all runs. */
  readonly options: JsonObject;
  readonly idleMs: number;
}

/** A session that is open: one kept guest, and the queue of the runs that want it. */
export interface OpenSession extends SessionPlan {
  /** Aborts when the session is closed. */
  readonly signal: AbortSignal;
  /** What host functions know of it. */
  readonly shown: HostSession;
  /** The error for a run that comes too late; `undefined` while the session is open. */
  readonly ended: SandglassError | undefined;
  /** Ends this session, and no other that has its name by now. Resolves when nothing of it is left. Idempotent. */
  close(): Promise<void>;
  /**
   * Waits until the earlier runs have ended.
   * @throws {SandglassError} CANCELLED when `signal` aborts first, INPUT_INVALID when the session ends first.
   */
  take(signal: AbortSignal): Promise<SessionTurn>;
}

/** One run's turn with the guest. */
export interface SessionTurn {
  readonly cell: HeldCell;
  /** Which run of the session it is, from 1. */
  readonly number: number;
  /** Ends the turn. `ended`: why the guest must not run again. */
  release(ended: string | undefined): void;
}

/** The sessions of one runtime, by name. */
export interface Sessions {
  /**
   * Opens a session in the cell that `hold` gives.
   * @throws {SandglassError} INPUT_INVALID for a name that is taken, QUEUE_FULL when there are too many.
   */
  open(plan: SessionPlan, hold: () => Promise<HeldCell>): Promise<OpenSession>;
  /** The open session of this name, or the error for a run that asks for one that is not there. */
  find(name: string): OpenSession | SandglassError;
  /** Ends it and its runs; false when there is none. Resolves when nothing of it is left. */
  close(name: string): Promise<boolean>;
  /** Ends all. */
  closeAll(): Promise<void>;
}

/** Ended sessions whose end can still be told. */
const MOST_REMEMBERED = 256;

/** @param maxSessions Sessions open at once. */
export function createSessions(maxSessions: number): Sessions {
  const sessions = new Map<string, OpenSession>();
  /** Names of sessions whose cell is on its way. */
  const opening = new Map<string, Promise<unknown>>();
  /** Name → why it ended. */
  const ended = new Recent<string>(MOST_REMEMBERED);

  const remember = (name: string, reason: string): void => {
    sessions.delete(name);
    ended.set(name, reason);
  };

  return {
    open: async (plan, hold) => {
      const { name } = plan;
      if (sessions.has(name) || opening.has(name)) {
        throw new SandglassError('INPUT_INVALID', `Cannot open session "${name}": one of this name is open`, {
          hint: 'Close it first, or leave the name out to get a fresh one',
        });
      }
      if (sessions.size + opening.size >= maxSessions) {
        throw new SandglassError(
          'QUEUE_FULL',
          `Cannot open session "${name}": ${maxSessions} are open at once at most`,
          {
            hint: 'Close a session, or raise cells.maxSessions of the runtime',
            details: { limit: maxSessions },
          },
        );
      }
      const held = hold();
      opening.set(name, held);
      try {
        const session = openSession(plan, await held, (reason) => remember(name, reason));
        ended.delete(name);
        sessions.set(name, session);
        return session;
      } finally {
        opening.delete(name);
      }
    },
    find: (name) => sessions.get(name) ?? missing(name, ended.get(name)),
    close: async (name) => {
      const session = sessions.get(name);
      await session?.close();
      return session !== undefined;
    },
    closeAll: async () => {
      await Promise.allSettled(opening.values());
      await Promise.all([...sessions.values()].map((session) => session.close()));
    },
  };
}

interface Waiting {
  readonly go: () => void;
  readonly stop: (error: SandglassError) => void;
}

function openSession(plan: SessionPlan, cell: HeldCell, onEnd: (reason: string) => void): OpenSession {
  const closing = new AbortController();
  const waiting: Waiting[] = [];
  let busy = false;
  let runs = 0;
  let endReason: string | undefined;
  let gone: Promise<void> | undefined;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  const end = (reason: string): Promise<void> => {
    if (gone === undefined) {
      endReason = reason;
      clearTimeout(idleTimer);
      onEnd(reason);
      for (const { stop } of waiting.splice(0)) stop(missing(plan.name, reason));
      closing.abort();
      gone = cell.close();
    }
    return gone;
  };
  const rest = (): void => {
    idleTimer = setTimeout(() => void end('idle'), plan.idleMs);
    // An idle session is not a reason for the process to stay up.
    if (typeof idleTimer === 'object') idleTimer.unref();
  };
  const turn = (): SessionTurn => {
    runs += 1;
    let over = false;
    return {
      cell,
      number: runs,
      release: (reason) => {
        if (over) return;
        over = true;
        if (reason !== undefined) void end(reason);
        if (endReason !== undefined) return;
        const next = waiting.shift();
        if (next !== undefined) next.go();
        else {
          busy = false;
          rest();
        }
      },
    };
  };
  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        const at = waiting.indexOf(entry);
        if (at < 0) return;
        waiting.splice(at, 1);
        reject(new SandglassError('CANCELLED', 'Cannot run: cancelled while waiting for its session'));
      };
      const settle = (): void => signal.removeEventListener('abort', leave);
      const entry: Waiting = {
        go: () => {
          settle();
          resolve();
        },
        stop: (error) => {
          settle();
          reject(error);
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(entry);
    });

  rest();
  return {
    ...plan,
    signal: closing.signal,
    shown: Object.freeze({ name: plan.name, ended: closing.signal }),
    get ended() {
      return endReason === undefined ? undefined : missing(plan.name, endReason);
    },
    close: () => end('closed'),
    take: async (signal) => {
      if (endReason !== undefined) throw missing(plan.name, endReason);
      if (signal.aborted) throw new SandglassError('CANCELLED', 'Cannot run: cancelled before it started');
      if (busy) await wait(signal); // whoever ends its turn hands it on
      busy = true;
      clearTimeout(idleTimer);
      return turn();
    },
  };
}

function missing(name: string, reason: string | undefined): SandglassError {
  return reason === undefined
    ? new SandglassError('INPUT_INVALID', `Cannot run in session "${name}": none of this name is open`, {
        details: { session: name },
        hint: 'Open it with sessions.open, in this runtime',
      })
    : new SandglassError('INPUT_INVALID', `Cannot run in session "${name}": the session ended, ${reason}`, {
        details: { session: name, reason },
        hint: 'Open it again: it begins anew',
      });
}
