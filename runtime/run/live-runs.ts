import type { LiveRunInfo } from '../contracts/api/run.ts';
import type { CellProbe } from '../contracts/cell.ts';
import type { Engine } from '../contracts/engine.ts';
import type { Gate } from '../contracts/gate.ts';
import { defined } from '../vocabulary/defined.ts';
import type { IsolationLevel } from '../vocabulary/outcome.ts';

/** A run that has not ended, as it fills in while it goes on. */
export interface LiveRun {
  readonly id: string;
  readonly level: IsolationLevel;
  readonly session: string | undefined;
  /** Id of whoever asked for it; absent for the embedder itself. */
  readonly caller: string | undefined;
  /** Milliseconds since the epoch. */
  readonly askedAt: number;
  readonly cancel: () => void;
  engine?: Engine;
  gate?: Gate;
  /** Set once the cell has taken the guest. */
  startedAt?: number;
  probe?: CellProbe;
}

export interface LiveRuns {
  add(run: LiveRun): void;
  delete(run: LiveRun): void;
  count(): number;
  list(): Promise<readonly LiveRunInfo[]>;
  /** `undefined` for an id that no live run has. */
  get(id: string): Promise<LiveRunInfo | undefined>;
  /** Whether there was such a run. */
  cancel(id: string): boolean;
  /** Whether there is such a run, of this caller. */
  isOf(id: string, caller: string | undefined): boolean;
}

/** What runs, and what waits to. */
export function createLiveRuns(): LiveRuns {
  const runs = new Set<LiveRun>();
  const withId = (id: string): LiveRun | undefined => [...runs].find((run) => run.id === id);
  return {
    add: (run) => void runs.add(run),
    delete: (run) => void runs.delete(run),
    count: () => runs.size,
    list: async () => {
      const told = await Promise.all([...runs].map(async (run) => ({ run, info: await describe(run) })));
      return told.filter(({ run }) => runs.has(run)).map(({ info }) => info); // some may have ended while their cells were asked
    },
    get: async (id) => {
      const run = withId(id);
      return run === undefined ? undefined : describe(run);
    },
    isOf: (id, caller) => {
      const run = withId(id);
      return run !== undefined && run.caller === caller;
    },
    cancel: (id) => {
      const run = withId(id);
      run?.cancel();
      return run !== undefined;
    },
  };
}

async function describe(run: LiveRun): Promise<LiveRunInfo> {
  const { id, level, session, engine, gate, askedAt, startedAt, probe } = run;
  const seen = startedAt === undefined ? undefined : await probe?.();
  return {
    id,
    engine: engine?.name ?? null,
    level,
    ...defined({ session }),
    state: startedAt === undefined ? 'waiting' : 'running',
    askedAt,
    startedAt: startedAt ?? null,
    cpuMs: seen?.cpuMs ?? null,
    memoryBytes: seen?.memoryBytes ?? null,
    hostCalls: gate?.usage().hostCalls ?? {},
  };
}
