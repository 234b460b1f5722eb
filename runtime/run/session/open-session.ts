import type { SessionRun } from '../../contracts/api/run.ts';
import type {
  MemoryOptions,
  ModuleSessionOptions,
  Session,
  SessionApi,
  SessionMemory,
  SessionOptions,
} from '../../contracts/api/session.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { KEPT_MEMORY } from '../../vocabulary/kept-memory.ts';
import type { IsolationLevel } from '../../vocabulary/levels.ts';
import { shownText } from '../../vocabulary/nearest.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
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
  readonly open: SessionApi['open'];
  /** Opens no more, and gives up those whose cells are on their way. */
  stop(): void;
}

/** Of scripts, or of a module with its memory: which, the options tell. */
type AnySession = Omit<Session, 'run'> & {
  run(options: object): Promise<Outcome>;
  readonly memory?: SessionMemory;
};

export function createSessionOpener(options: SessionOpenerOptions): SessionOpener {
  const { context, sessions, begin, levelOf } = options;
  /** Sessions that are being opened. */
  const opening = new Set<AbortController>();
  let stopped = false;

  const openOne = async (sessionOptions: SessionOptions | ModuleSessionOptions): Promise<AnySession> => {
    if (stopped) throw new TypeError('Cannot open a session: this runtime is closed');
    const { module: given, ...request } = readSessionOptions(sessionOptions, context.hostFunctions);
    // Taken once: what is in the file, or in the caller's array, may change while the session is open.
    const module =
      given === undefined
        ? undefined
        : given instanceof Uint8Array
          ? given.slice()
          : (await context.readModule(given)).bytes;
    const plan = planSession({ ...request, module }, levelOf(request.level), context);
    const cell = context.cellFor(plan.level, plan.engine);
    const abort = new AbortController();
    const dispose = abortWith(abort, [sessionOptions.signal]);
    opening.add(abort);
    try {
      const session = await sessions.open(plan, () => cell.hold(plan.engine, abort.signal));
      const run = async (options: object, waiting?: AbortSignal): Promise<Outcome> => {
        refuseOther(options, plan.name);
        return begin(
          { ...options, session: plan.name, ...defined({ module }) } as SessionRun,
          undefined,
          session,
          waiting === undefined ? {} : { waiting },
        ).outcome;
      };
      return {
        name: plan.name,
        run: (options) => run(options),
        ...(module === undefined ? {} : { memory: memoryOf(run) }),
        close: session.close,
        [Symbol.asyncDispose]: session.close,
      };
    } finally {
      opening.delete(abort);
      dispose();
    }
  };

  return {
    open: openOne as SessionApi['open'], // its options decide which of the two it answers
    stop() {
      stopped = true;
      for (const abort of opening) abort.abort();
    },
  };
}

/** A run of a session's own is in no other one. */
function refuseOther(options: unknown, name: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError('Cannot run: expected an object of options');
  const { session } = options as { readonly session?: unknown }; // looked at below
  if (session !== undefined)
    throw new TypeError(
      `Cannot run: session is ${shownText(name)} already; leave it out, or call runtime.run for another one`,
    );
}

/** Reads and writes are calls like others: they wait for their turn, and for them the session's limits hold. */
function memoryOf(run: (options: object, waiting?: AbortSignal) => Promise<Outcome>): SessionMemory {
  const call = async (
    invoke: string,
    args: readonly unknown[],
    { signal }: MemoryOptions = {},
  ): Promise<unknown> => {
    const outcome = await run({ invoke, args }, signal);
    if (outcome.ok) return outcome.value;
    const { code, message, hint } = outcome.error;
    throw new SandglassError(code, message, hint === undefined ? {} : { hint });
  };
  return {
    read: async (offset, length, options) =>
      (await call(KEPT_MEMORY.read, [offset, length], options)) as Uint8Array, // as keepModule answers
    write: async (offset, bytes, options) => {
      if (!(bytes instanceof Uint8Array))
        throw new TypeError('Cannot write the memory of the module: expected a Uint8Array');
      await call(KEPT_MEMORY.write, [offset, bytes], options);
    },
  };
}
