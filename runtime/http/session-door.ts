import type { Runtime, SessionOptions } from '../api.ts';
import { SandglassError } from '../errors.ts';

/** The sessions that were opened through one door: its clients reach no others of the runtime. */
export interface SessionDoor {
  /** Opens one and answers its name. Rejects as `sessions.open` does, with INPUT_INVALID for misuse. */
  open(options: SessionOptions, signal: AbortSignal): Promise<string>;
  /** @throws {SandglassError} INPUT_INVALID for a session that this door has not opened. */
  check(name: string): void;
  /** False for a session that this door has not opened, and for one that has ended. */
  close(name: string): Promise<boolean>;
}

/** Names that are known at most; far more than can be open. */
const MOST_NAMES = 1_000;

export function createSessionDoor(sessions: Runtime['sessions'] | undefined): SessionDoor {
  /** In the order of use. */
  const names = new Set<string>();
  const use = (name: string): void => {
    names.delete(name);
    names.add(name);
    const [oldest] = names;
    if (names.size > MOST_NAMES && oldest !== undefined) names.delete(oldest);
  };
  return {
    open: async (options, signal) => {
      if (sessions === undefined) {
        throw new SandglassError('UNSUPPORTED', 'Cannot open a session: this server has none');
      }
      try {
        const { name } = await sessions.open({ ...options, signal });
        use(name);
        return name;
      } catch (error) {
        // Misuse is the caller's input here, since the options came from outside.
        if (error instanceof TypeError || error instanceof RangeError)
          throw new SandglassError('INPUT_INVALID', error.message);
        throw error;
      }
    },
    check: (name) => {
      if (!names.has(name)) {
        throw new SandglassError(
          'INPUT_INVALID',
          `Cannot run in session "${name}": none of this name is open`,
          {
            details: { session: name },
            hint: 'Open it with POST /v1/sessions',
          },
        );
      }
      use(name);
    },
    close: async (name) => {
      if (!names.delete(name)) return false;
      return sessions?.close(name) ?? false;
    },
  };
}
