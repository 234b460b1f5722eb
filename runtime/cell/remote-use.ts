import type { FromCell, ProgressMessage, ToCell } from './protocol.ts';
import type { CellChannel } from './remote-channel.ts';
import type { RemoteRun } from './remote-run.ts';

/** How long a cell has to tell its CPU time, ms: the outcome of a run that was broken off waits for it. */
const CPU_ANSWER_MS = 50;

interface Used {
  readonly memoryBytes: number;
  readonly fuel: number | null;
}

/** What a cell and its guests use, as far as the host can know it. */
export interface RemoteUse {
  /** It is up. */
  ready(message: Extract<FromCell, { readonly type: 'ready' }>): void;
  /** A process tells how far it is. */
  progress(message: ProgressMessage): void;
  /** What was told of earlier runs says nothing of the next. */
  forgetProgress(): void;
  /** A run has ended by itself and had so much CPU time. */
  spent(cpuMs: number | null): void;
  /** CPU time of the present run, ms, if it is alone in the cell; `null` where nobody can tell in time. */
  ownCpuMs(): Promise<number | null>;
  lastUsed(run: RemoteRun): Used;
  /** Fuel so far. Of several guests of a process nobody knows. */
  burntBy(run: RemoteRun): number | null;
  /** Linear memory of its guests as they told it last, bytes. */
  readonly guestBytes: number;
  /** What it held when it was ready, bytes. */
  readonly readyBytes: number;
  /** What it and its guests hold together, bytes. */
  readonly heldBytes: number;
}

export function createRemoteUse(
  channel: Pick<CellChannel, 'cpuMs' | 'used'>,
  running: ReadonlyMap<number, RemoteRun>,
  post: (message: ToCell) => void,
): RemoteUse {
  /** CPU time before the present run: starting up, and earlier runs. */
  let cpuSpent = 0;
  let readyBytes = 0;
  let warmBytes = 0;
  /** What a process told of last. */
  let told: Used | undefined;

  const lastUsed = (run: RemoteRun): Used => {
    const { memoryBytes, fuel } = told ?? channel.used?.(run.place) ?? { memoryBytes: 0, fuel: null };
    return { memoryBytes: Math.max(run.memoryBytes, memoryBytes), fuel };
  };
  const guestsHold = (): number =>
    [...running.values()].reduce((sum, run) => sum + lastUsed(run).memoryBytes, 0);

  return {
    ready: (message) => {
      readyBytes = message.memoryBytes;
      warmBytes = Math.min(readyBytes, message.warmBytes ?? 0);
      void channel.cpuMs().then((cpuMs) => {
        if (running.size === 0) cpuSpent = cpuMs ?? cpuSpent;
      });
    },
    progress: (message) => {
      told = message;
    },
    forgetProgress: () => {
      told = undefined;
    },
    spent: (cpuMs) => {
      cpuSpent += cpuMs ?? 0;
    },
    ownCpuMs: async () => {
      const cpuMs = await inTime(channel.cpuMs());
      return cpuMs === null ? null : Math.max(0, cpuMs - cpuSpent);
    },
    lastUsed,
    burntBy: ({ place }) => {
      if (channel.used !== undefined) return channel.used(place).fuel;
      if (running.size > 1) return null;
      post({ type: 'look', place });
      return told?.fuel ?? null;
    },
    get guestBytes() {
      return guestsHold();
    },
    get readyBytes() {
      return readyBytes;
    },
    get heldBytes() {
      // The first guest has the memory that waited for it.
      return readyBytes + Math.max(0, guestsHold() - warmBytes);
    },
  };
}

/** A thread in a call that V8 does not interrupt tells nothing; nobody waits for it for ever. */
async function inTime(answer: Promise<number | null>): Promise<number | null> {
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), CPU_ANSWER_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
