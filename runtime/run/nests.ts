import type { HostSession } from '../contracts/host-function.ts';
import type { Budget } from '../vocabulary/budget.ts';
import { type CalledTools, createCalledTools } from '../vocabulary/called-tools.ts';
import type { RunIdentity } from '../vocabulary/caller.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { IsolationLevel } from '../vocabulary/levels.ts';
import type { FuelWatch } from './watch-fuel.ts';

/** What a run offers to the runs that are nested in it. */
export interface Nest {
  readonly identity: RunIdentity;
  readonly level: IsolationLevel;
  /** What the run was granted. */
  readonly grant: Grant;
  /** The session that the run belongs to, or the run that it is nested in. */
  readonly session: HostSession | undefined;
  /** The conversation of the tool that the run, or the run that it is nested in, is for. */
  readonly conversation: string | undefined;
  /** Looks at all runs of its tree. */
  readonly fuel: FuelWatch;
  /** Set once the run has its limits; before that nothing can be nested in it. */
  budget: Budget | undefined;
  /** The most memory that somebody allowed the run, bytes; absent where it is only what its engine takes by default. */
  memoryBytes: number | undefined;
  /** The tools that it called. */
  readonly called: CalledTools;
  readonly closed: boolean;
  /** Takes a nested run in. */
  add(outcome: Promise<unknown>, cancel: () => void): void;
  /** Cancels the nested runs that go on, and waits for their ends. Idempotent. */
  close(): Promise<void>;
}

/** The runs of one runtime, by their identity: the object itself, of which a guest knows nothing. */
export interface Nests {
  open(of: Pick<Nest, 'identity' | 'level' | 'grant' | 'session' | 'conversation' | 'fuel'>): Nest;
  /** @throws {TypeError} when it is not the identity of a run that this runtime began. */
  find(identity: RunIdentity): Nest;
}

export function createNests(): Nests {
  const nests = new WeakMap<RunIdentity, Nest>();
  return {
    open(of) {
      const nest = createNest(of);
      nests.set(of.identity, nest);
      return nest;
    },
    find(identity) {
      const known: unknown = identity;
      const nest = typeof known === 'object' && known !== null ? nests.get(identity) : undefined;
      if (nest?.budget === undefined) {
        throw new TypeError('Cannot run: parent is not the identity of a run of this runtime that has begun');
      }
      return nest;
    },
  };
}

function createNest(of: Parameters<Nests['open']>[0]): Nest {
  const nested = new Map<Promise<unknown>, () => void>();
  let closed: Promise<void> | undefined;
  return {
    ...of,
    called: createCalledTools(),
    budget: undefined,
    memoryBytes: undefined,
    get closed() {
      return closed !== undefined;
    },
    add(outcome, cancel) {
      nested.set(outcome, cancel);
      const forget = (): void => void nested.delete(outcome);
      outcome.then(forget, forget);
    },
    close() {
      closed ??= (async () => {
        for (const cancel of nested.values()) cancel();
        await Promise.allSettled(nested.keys());
      })();
      return closed;
    },
  };
}
