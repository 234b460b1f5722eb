import type { Runtime } from '../../contracts/api/runtime.ts';
import { defined } from '../../vocabulary/defined.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import type { Grant } from '../../vocabulary/grant.ts';
import { LIMITS } from '../../vocabulary/limits.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { MIB } from '../../vocabulary/units.ts';
import { encodeRequest } from './encode-request.ts';
import { createFileTurns, type FileTurns } from './file-turns.ts';
import { type KeptInstance, keepInstance } from './keep-instance.ts';
import { readAnswer, type SqliteAnswer } from './read-answer.ts';
import type { SqliteRequest } from './request.ts';

export interface SqliteGuestOptions {
  /** The module, unpacked; it is asked for at each opening. */
  readonly load: () => Promise<Uint8Array>;
  /** A file by one key whatever way its path is written. */
  readonly locate: (file: string) => Promise<LocatedFile>;
  /** Runs the guests; opened with the first request. It has a pool of its own, so that runs that wait for their query never wait for its cell. */
  readonly runtime: () => Pick<Runtime, 'run' | 'sessions'>;
}

export interface LocatedFile {
  readonly key: string;
  readonly folder: string;
  readonly name: string;
}

/** Either what SQLite answered, or how its guest ended. */
export type SqliteOutcome = (SqliteAnswer | { readonly ok: false; readonly ended: SandglassError }) & {
  /** What the request burnt, units. */
  readonly fuel: number;
};

/** One database, each request a call of a guest: fuel, memory, deadline and grant hold for it as for any other. */
export interface SqliteGuest {
  /** @throws {SandglassError} INPUT_INVALID for a request that cannot be written down. */
  ask(request: SqliteRequest, signal?: AbortSignal): Promise<SqliteOutcome>;
  /** Ends it; one in memory is gone. Idempotent. */
  close(): Promise<void>;
}

/** Where the guest finds the folder of its database. */
const FOLDER = '/db';
const MEMORY_BYTES = 128 * MIB;
/** A database in memory lives as long as its runtime, ms: the most there is. */
const IDLE_MS = 86_400_000;
/** A guest of a file holds nothing between requests. */
const FILE_IDLE_MS = 60_000;
/** In which SQLite stops itself before its run is stopped, ms. */
const GRACE_MS = 1_000;
/** Beside the rows: names of columns, and what an error says. */
const MORE_BYTES = 256 * 1024;

/** Opens databases; all of them share the turns at files. */
export function createSqliteGuests(options: SqliteGuestOptions): {
  readonly inFile: (file: string) => SqliteGuest;
  readonly inMemory: () => SqliteGuest;
} {
  const turns = createFileTurns();
  /** Instances of files: none has to be kept where a database in memory wants the place. */
  const spare = new Set<KeptInstance>();
  return {
    inFile: (file) => inFile(file, options, turns, spare),
    inMemory: () => inMemory(options, spare),
  };
}

/**
 * The file is opened by each request and closed by it: a guest that is killed leaves one that the next brings back to its last commit. The
 * instance is kept as long as requests come, and where there is no place to keep one each request has its own.
 */
function inFile(
  file: string,
  { runtime, locate, load }: SqliteGuestOptions,
  turns: FileTurns,
  spare: Set<KeptInstance>,
): SqliteGuest {
  const grantOf = (folder: string): Grant => ({
    fs: [{ host: folder, guest: FOLDER, access: ['read', 'write', 'delete'] }],
  });
  /** By folder: a path whose links change lies in another one from then on, and a call that goes on stays where it began. */
  const instances = new Map<string, KeptInstance>();
  const instanceIn = (folder: string): KeptInstance => {
    const known = instances.get(folder);
    if (known !== undefined) return known;
    const made = keepInstance(async () =>
      runtime().sessions.open({
        module: await load(),
        grant: grantOf(folder),
        limits: { memoryBytes: MEMORY_BYTES },
        idleMs: FILE_IDLE_MS,
      }),
    );
    instances.set(folder, made);
    spare.add(made);
    return made;
  };
  /** Of folders where nothing goes on any more. */
  const dropOthers = async (folder: string): Promise<void> => {
    for (const [other, instance] of instances) if (other !== folder) await instance.dropIdle();
  };
  let closed = false;
  return {
    async ask(request, signal) {
      if (closed) throw isClosed();
      const { key, folder, name } = await locate(file);
      const call = {
        ...CALL,
        stdin: encodeRequest(request, `${FOLDER}/${name}`),
        limits: { ...limitsOf(request), ...defined({ fuel: request.fuel }) },
        ...defined({ signal }),
      };
      const asked = async (): Promise<Outcome> => {
        if (closed) throw isClosed();
        if (instances.size > 1) await dropOthers(folder);
        const outcome = await instanceIn(folder).run(call);
        return outcome ?? runtime().run({ ...call, module: await load(), grant: grantOf(folder) });
      };
      return outcomeOf(await turns.take(key, asked, signal));
    },
    close: async () => {
      closed = true;
      for (const instance of instances.values()) spare.delete(instance);
      await Promise.all([...instances.values()].map((instance) => instance.drop()));
    },
  };
}

const isClosed = (): SandglassError =>
  new SandglassError('INPUT_INVALID', 'Cannot query: the database is closed');

/** One instance, kept: what is in its memory is the database. */
function inMemory({ runtime, load }: SqliteGuestOptions, spare: ReadonlySet<KeptInstance>): SqliteGuest {
  let closed = false;
  const kept = keepInstance(async () =>
    runtime().sessions.open({
      module: await load(),
      limits: { memoryBytes: MEMORY_BYTES },
      idleMs: IDLE_MS,
    }),
  );
  return {
    async ask(request, signal) {
      if (closed) throw isClosed();
      const stdin = encodeRequest(request, '');
      const late = later(signal);
      // SQLite stops itself where the fuel of the request ends: a guest that is stopped is gone, and the database with it.
      const limits = { ...limitsOf(request), fuel: LIMITS.fuel.maximum };
      const call = { ...CALL, stdin, limits, signal: late.signal };
      const ask = async (): Promise<Outcome | undefined> => {
        const first = await kept.run(call);
        if (first !== undefined) return first;
        await Promise.all([...spare].map((each) => each.dropIdle()));
        return kept.run(call);
      };
      const outcome = await ask().finally(late.drop);
      if (outcome !== undefined) return outcomeOf(outcome);
      throw new SandglassError('QUEUE_FULL', 'Cannot query: there are as many databases in memory as fit', {
        retryable: true,
      });
    },
    async close() {
      closed = true;
      await kept.drop();
    },
  };
}

/** A signal that comes so much later: SQLite stops itself meanwhile, at the deadline of the run that asks, and the database stays. */
function later(signal: AbortSignal | undefined): { readonly signal: AbortSignal; readonly drop: () => void } {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => controller.abort(signal?.reason), GRACE_MS);
  };
  if (signal?.aborted === true) controller.abort(signal.reason);
  else signal?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    drop: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    },
  };
}

const CALL = { invoke: 'query' } as const;

const limitsOf = ({ maxBytes, timeoutMs }: SqliteRequest) => ({
  timeoutMs: Math.min(LIMITS.timeoutMs.maximum, timeoutMs + GRACE_MS),
  outputBytes: maxBytes + MORE_BYTES,
});

async function outcomeOf(outcome: Outcome): Promise<SqliteOutcome> {
  const fuel = outcome.usage.fuel ?? 0;
  if (!outcome.ok) return { ok: false, ended: asError(outcome.error), fuel };
  if (outcome.value === 0) return { ...(await readAnswer(outcome.stdout)), fuel };
  const ended = new SandglassError('MEMORY_EXCEEDED', 'Cannot query: SQLite has no memory left');
  return { ok: false, ended, fuel };
}

const asError = ({ code, message, hint }: Extract<Outcome, { ok: false }>['error']): SandglassError =>
  new SandglassError(code, message, defined({ hint }));
