import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, type ModuleSession, type ModuleSessionOptions } from '../../runtime/index.ts';
import { packedModule } from '../../runtime/platform/packed-module.ts';
import { locateFile } from '../../runtime/platform/sqlite/locate-file.ts';
import type { SqliteStatement, SqlValue } from '../../runtime/platform/sqlite/request.ts';
import { createSqliteGuests } from '../../runtime/platform/sqlite/sqlite-guest.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { madeOnce } from '../../runtime/vocabulary/made-once.ts';

export interface KillReport {
  readonly points: number;
  /** Writers that were stopped before their commit, and those that got over it. */
  readonly killed: number;
  readonly committed: number;
  /** Stopped ones that left work half done in the file, which the next one to come had to take back. */
  readonly halfDone: number;
  /** What went wrong, one a line. */
  readonly faults: readonly string[];
}

/** Rows of one transaction. */
const ROWS = 60;

/**
 * Stops writers at points spread over their whole work, by fuel, and looks after each whether the file can be read, holds every row of every writer
 * that was told to be done, and of each other writer all rows or none.
 * @param seed Moves the points between their neighbours.
 */
export async function killWriters(points: number, seed = 1): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), 'sandglass-sqlite-kill-'));
  let fuel: number | undefined;
  let burnt = 0;
  await using runtime = createRuntime();
  const module = packedModule(new URL('../../guest-tools/sqlite/', import.meta.url), 'sqlite');
  /** Calls of the kept instance are stopped at `fuel`. */
  const openMetered = async (options: ModuleSessionOptions): Promise<ModuleSession> => {
    const session = await runtime.sessions.open(options);
    return {
      ...session,
      run: async (call) => {
        const limits = { ...call.limits, ...defined({ fuel }) };
        const outcome = await session.run({ ...call, limits });
        burnt = outcome.usage.fuel ?? 0;
        return outcome;
      },
    };
  };
  const guest = createSqliteGuests({
    load: madeOnce(module.load),
    locate: locateFile,
    runtime: () => ({
      run: runtime.run,
      sessions: { ...runtime.sessions, open: openMetered as typeof runtime.sessions.open },
    }),
  }).inFile(join(folder, 'kill.db'));

  const ask = (statements: readonly SqliteStatement[], write: boolean) =>
    guest.ask({ statements, write, maxRows: 10_000, maxBytes: 1_000_000, timeoutMs: 60_000 });
  const rowsOf = async (sql: string): Promise<readonly (readonly SqlValue[])[]> => {
    const outcome = await ask([{ sql }], false);
    if (outcome.ok) return outcome.results[0]?.rows ?? [];
    throw new Error('ended' in outcome ? outcome.ended.message : outcome.error.message);
  };
  const writer = (batch: number): readonly SqliteStatement[] => [
    {
      sql: `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS})
        insert into rows select ?, i, hex(randomblob(200)) from n`,
      params: [batch],
    },
    { sql: 'update total set n = n + ?', params: [ROWS] },
  ];

  const faults: string[] = [];
  let killed = 0;
  let halfDone = 0;
  const committed = new Set<number>();
  try {
    await ask(
      [
        { sql: 'create table rows (batch integer, i integer, text text, primary key (batch, i))' },
        { sql: 'create table total (n integer)' },
        { sql: 'insert into total values (0)' },
      ],
      true,
    );
    await ask(writer(0), true);
    committed.add(0);
    const whole = burnt;
    let random = seed;
    for (let point = 1; point <= points; point++) {
      random = (random * 48_271) % 2_147_483_647;
      fuel = Math.max(1_000, Math.round((whole * 1.1 * (point - random / 2_147_483_647)) / points));
      const outcome = await ask(writer(point), true);
      fuel = undefined;
      if (existsSync(join(folder, 'kill.db-journal'))) halfDone += 1;
      if (outcome.ok) committed.add(point);
      else killed += 1;
      try {
        const [[check] = []] = await rowsOf('pragma integrity_check');
        const batches = await rowsOf('select batch, count(*) from rows group by batch order by batch');
        const [[total] = []] = await rowsOf('select n from total');
        const found = new Set(batches.map(([batch]) => Number(batch)));
        if (check !== 'ok') faults.push(`${point}: ${String(check)}`);
        for (const batch of committed) if (!found.has(batch)) faults.push(`${point}: batch ${batch} is lost`);
        for (const [batch, count] of batches)
          if (count !== ROWS)
            faults.push(`${point}: of batch ${String(batch)} there are ${String(count)} rows`);
        if (total !== found.size * ROWS)
          faults.push(`${point}: the total is ${String(total)}, not ${found.size * ROWS}`);
      } catch (error) {
        faults.push(`${point}: the file cannot be read: ${String(error)}`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return { points, killed, halfDone, committed: committed.size - 1, faults };
}
