import type { ModuleSession, ModuleSessionRunOptions } from '../../contracts/api/session.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';

/** An instance that is made with the first call, and again with the first one after it was stopped. */
export interface KeptInstance {
  /**
   * One call of it; `undefined` where there is no place to keep one.
   * @throws {SandglassError} of opening it, but QUEUE_FULL.
   */
  run(call: ModuleSessionRunOptions): Promise<Outcome | undefined>;
  /** Ends it. The next call makes another. Idempotent. */
  drop(): Promise<void>;
  /** The same, but where a call goes on or waits. */
  dropIdle(): Promise<void>;
}

export function keepInstance(open: () => Promise<ModuleSession>): KeptInstance {
  let kept: Promise<ModuleSession | undefined> | undefined;
  let calls = 0;
  const opened = (): Promise<ModuleSession | undefined> => {
    if (kept !== undefined) return kept;
    const opening: Promise<ModuleSession | undefined> = open().catch((error: unknown) => {
      if (kept === opening) kept = undefined;
      if (error instanceof SandglassError && error.code === 'QUEUE_FULL') return undefined;
      throw error;
    });
    kept = opening;
    return opening;
  };
  const runOnce = async (call: ModuleSessionRunOptions): Promise<Outcome | undefined> => {
    const session = opened();
    const outcome = await (await session)?.run(call);
    if (outcome !== undefined && hasEnded(outcome) && kept === session) kept = undefined;
    return outcome;
  };
  const drop = async (): Promise<void> => {
    const session = kept;
    kept = undefined;
    await (await session?.catch(() => undefined))?.close();
  };
  return {
    async run(call) {
      calls += 1;
      try {
        const outcome = await runOnce(call);
        return outcome !== undefined && wasGone(outcome) ? await runOnce(call) : outcome;
      } finally {
        calls -= 1;
      }
    },
    drop,
    dropIdle: async () => (calls === 0 ? drop() : undefined),
  };
}

/** The session was over before the call could begin, by idleness or by an earlier call. */
const wasGone = (outcome: Outcome): boolean =>
  !outcome.ok && outcome.error.code === 'INPUT_INVALID' && outcome.error.details?.session !== undefined;

const hasEnded = (outcome: Outcome): boolean =>
  !outcome.ok && (outcome.meta.sessionEnded === true || wasGone(outcome));
