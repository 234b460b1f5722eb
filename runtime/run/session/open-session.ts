import type { Session, SessionOptions } from '../../contracts/api/session.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import { abortWith } from '../../vocabulary/signals.ts';
import type { RunStarter } from '../begin-run.ts';
import type { SandboxContext } from '../sandbox-context.ts';
import { readSessionOptions } from './session-options.ts';
import { planSession } from './session-plan.ts';
import type { Sessions } from './sessions.ts';

export interface SessionOpenerOptions {
  readonly context: SandboxContext;
  readonly sessions: Sessions;
  readonly begin: RunStarter['begin'];
  /** The level of a session that asks for this one, or for none. */
  readonly levelOf: (asked: IsolationLevel | undefined) => IsolationLevel;
}

/** Opens the sessions of one runtime. */
export interface SessionOpener {
  /** As `runtime.sessions.open`. */
  open(options: SessionOptions): Promise<Session>;
  /** Opens no more, and gives up those whose cells are on their way. */
  stop(): void;
}

export function createSessionOpener(options: SessionOpenerOptions): SessionOpener {
  const { context, sessions, begin, levelOf } = options;
  /** Sessions that are being opened. */
  const opening = new Set<AbortController>();
  let stopped = false;

  return {
    async open(sessionOptions) {
      if (stopped) throw new TypeError('Cannot open a session: this runtime is closed');
      const request = readSessionOptions(sessionOptions, context.hostFunctions);
      const plan = planSession(request, levelOf(request.level), context);
      const cell = context.cellFor(plan.level, plan.engine);
      const abort = new AbortController();
      const dispose = abortWith(abort, [sessionOptions.signal]);
      opening.add(abort);
      try {
        const session = await sessions.open(plan, () => cell.hold(plan.engine, abort.signal));
        return {
          name: plan.name,
          run: async (given) => begin({ ...given, session: plan.name }, undefined, session).outcome,
          close: session.close,
          [Symbol.asyncDispose]: session.close,
        };
      } finally {
        opening.delete(abort);
        dispose();
      }
    },
    stop() {
      stopped = true;
      for (const abort of opening) abort.abort();
    },
  };
}
