import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/command-line.ts';
import { verifies } from '../support/verifies.ts';

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'sandglass-cli-reach-'));
});
afterAll(() => rm(cwd, { recursive: true }));

const cli = (...args: string[]) => runCli([...args, '--quiet', '--timeout=120s'], { cwd });

describe('databases and stores of a command line', verifies('PM-09', 'DB-06'), () => {
  const file = '--database=app=sqlite:./app.db';

  test('a tool changes and reads a file of SQLite that the flags name', async () => {
    const execute = (query: string) =>
      cli(
        'call',
        'sql_execute',
        JSON.stringify({ database: 'app', query }),
        file,
        '--allow-sql=app:write',
        '--yes',
      );
    expect((await execute('create table t (a)')).code).toBe(0);
    expect((await execute('insert into t values (42)')).code).toBe(0);
    const read = await cli(
      'call',
      'sql_query',
      '{"database":"app","query":"select a from t"}',
      file,
      '--allow-sql=app',
    );
    expect(read.code).toBe(0);
    expect(JSON.parse(read.out)).toMatchObject({ rows: [{ a: 42 }] });
  });

  test('what the flags do not grant is denied, and the hint names the flag that would', async () => {
    const denied = await cli(
      'eval',
      "await sandglass.sql.execute('app', 'delete from t')",
      file,
      '--allow-sql=app',
    );
    expect(denied.code).toBe(3);
    expect(denied.err).toContain('--allow-sql=app:write');
    const store = await cli('eval', "sandglass.kv.set('notes', 'a', 1)", '--allow-kv=notes');
    expect(store.code).toBe(3);
    expect(store.err).toContain('--allow-kv=notes:write');
    const page = await cli('eval', "await sandglass.browser.navigate('http://127.0.0.1:1/')");
    expect(page.code).toBe(3);
    expect(page.err).toContain('--allow-browser=ORIGIN');
  });

  test('a store that may be changed keeps what a run puts there', async () => {
    const kept = await cli(
      'eval',
      "await sandglass.kv.set('notes', 'a', 7); await sandglass.kv.get('notes', 'a')",
      '--allow-kv=notes:write',
    );
    expect([kept.code, kept.out]).toEqual([0, '7\n']);
  });
});
