import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { chromium } from 'playwright-core';
import { createRuntime, type Grant, type Runtime } from '../../runtime/index.ts';
import { findChromium } from '../../test/support/chromium.ts';
import { findPostgres, startPostgres } from '../../test/support/postgres.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Subject, sample } from './sample.ts';

const ROWS = 200_000;
const FILES = 10_000;

/** What tools reach: files, a shell, databases, a browser; each beside what does the same without a sandbox. */
export const reach: Group = {
  title: 'What tools reach, beside the same without a sandbox',
  measure: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
    const notes: string[] = [];
    try {
      const rows = [
        ...(await files(folder, scale)),
        ...(await sqlite(scale)),
        ...(await postgres(scale, notes)),
        ...(await browser(scale)),
      ];
      return { rows, notes };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const tool =
  (runtime: Runtime, name: string, args: object, grant: Grant): Subject['once'] =>
  async () => {
    must(await runtime.tools.call(name, args, { grant, timeoutMs: 300_000 }));
    return undefined;
  };

/** Pairs of ours and theirs: each of ours says how many times theirs it takes. */
function beside(
  figures: ReadonlyMap<string, Pick<Row, 'median' | 'p95' | 'samples'>>,
  pairs: Readonly<
    Record<
      string,
      { readonly by?: string; readonly wanted?: readonly [string, (times: number, ms: number) => boolean] }
    >
  >,
): readonly Row[] {
  return [...figures].map(([what, figure]) => {
    const { by, wanted } = pairs[what] ?? {};
    const times = figure.median / (by === undefined ? Number.NaN : (figures.get(by)?.median ?? Number.NaN));
    return {
      what,
      ...figure,
      unit: 'ms',
      ...(Number.isNaN(times) ? {} : { beside: `${times.toFixed(2)}×` }),
      ...(wanted === undefined
        ? {}
        : { wanted: { text: wanted[0], holds: wanted[1](times, figure.median) } }),
    };
  });
}

async function files(folder: string, scale: number): Promise<readonly Row[]> {
  for (let at = 0; at < FILES; at += 1) {
    if (at % 100 === 0) await mkdir(join(folder, `d${at / 100}`));
    await writeFile(
      join(folder, `d${Math.floor(at / 100)}/f${at}.txt`),
      `line of ${at}\nneedle ${at % 100 === 7}\n`,
    );
  }
  const words = ['one', 'two', 'three', 'four', 'five'];
  const lines = Array.from({ length: (10 * 1024 * 1024) / 16 }, (_, at) =>
    `${words[at % 5]} ${at % 1_000}`.padEnd(15),
  );
  await writeFile(join(folder, 'words.txt'), `${lines.join('\n')}\n`);
  await using runtime = createRuntime({ tools: { builtin: true, confirm: () => true } });
  const grant: Grant = { fs: [{ host: folder, guest: '/data', access: ['read'] }], run: {} };
  const script = async (code: string): Promise<undefined> => {
    must(await runtime.run({ language: 'shell', code, grant, limits: { timeoutMs: 300_000 } }));
  };
  const host =
    (command: string): Subject['once'] =>
    () => {
      if (spawnSync('bash', ['-c', command], { cwd: folder }).status !== 0)
        throw new Error(`${command} failed`);
      return undefined;
    };
  const hasRipgrep = spawnSync('rg', ['--version']).status === 0;
  const search = hasRipgrep ? 'rg' : 'grep -r';
  const figures = new Map([
    ...(await sample(
      [
        { name: 'read_file', once: tool(runtime, 'read_file', { path: '/data/d0/f1.txt' }, grant) },
        { name: 'a shell script: echo', once: () => script('echo hi') },
      ],
      40 * scale,
    )),
    ...(await sample(
      [
        {
          name: 'sort | uniq -c of 10 MB',
          warmUp: 1,
          once: () => script('sort /data/words.txt | uniq -c > /tmp/out'),
        },
        {
          name: 'the same in bash of the host',
          warmUp: 1,
          once: host('sort words.txt | uniq -c > /dev/null'),
        },
        {
          name: `search_files in ${FILES} files`,
          warmUp: 1,
          once: tool(
            runtime,
            'search_files',
            { path: '/data', pattern: '*.txt', contentPattern: 'needle true' },
            grant,
          ),
        },
        { name: `the same by ${search}`, warmUp: 1, once: host(`${search} 'needle true' . > /dev/null`) },
      ],
      Math.max(3, 6 * scale),
    )),
  ]);
  return beside(figures, {
    'a shell script: echo': { wanted: ['≤ 40 ms', (_, ms) => ms <= 40] },
    'sort | uniq -c of 10 MB': { by: 'the same in bash of the host' },
    [`search_files in ${FILES} files`]: { by: `the same by ${search}` },
  });
}

const BULK = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${ROWS}) insert into t select i, i * 2.5, 'row ' || i from n`;
const SUM = 'select count(*) as n, sum(b) as b from t';

async function sqlite(scale: number): Promise<readonly Row[]> {
  await using runtime = createRuntime({ sql: { app: 'memory:' } });
  const grant: Grant = { sql: [{ name: 'app', access: ['read', 'write'], timeoutMs: 300_000 }] };
  const run = async (code: string): Promise<undefined> => {
    must(await runtime.run({ language: 'javascript', code, grant, limits: { timeoutMs: 300_000 } }));
  };
  await run(`await sandglass.sql.execute('app', 'create table t (a integer, b real, c text)')`);
  const bare = new DatabaseSync(':memory:');
  bare.exec('create table t (a integer, b real, c text)');
  const figures = new Map([
    ...(await sample(
      [
        {
          name: `SQLite: ${ROWS} rows inserted, and their sum`,
          warmUp: 1,
          once: () =>
            run(
              `for (const s of ['delete from t', "${BULK}"]) await sandglass.sql.execute('app', s); await sandglass.sql.query('app', '${SUM}')`,
            ),
        },
        {
          name: 'the same by node:sqlite',
          warmUp: 1,
          once: () => {
            bare.exec(`delete from t; ${BULK}`);
            bare.prepare(SUM).get();
            return undefined;
          },
        },
      ],
      Math.max(3, 10 * scale),
    )),
    ...(await sample(
      [{ name: 'SQLite: a query', once: () => run(`await sandglass.sql.query('app', 'select 1 as one')`) }],
      40 * scale,
    )),
  ]);
  bare.close();
  return beside(figures, {
    [`SQLite: ${ROWS} rows inserted, and their sum`]: {
      by: 'the same by node:sqlite',
      wanted: ['≤ 3×', (times) => times <= 3],
    },
    'SQLite: a query': { wanted: ['≤ 5 ms', (_, ms) => ms <= 5] },
  });
}

async function postgres(scale: number, notes: string[]): Promise<readonly Row[]> {
  const bin = findPostgres();
  if (bin === undefined) {
    notes.push('PostgreSQL is not installed: apt-get install postgresql.');
    return [];
  }
  await using server = await startPostgres(bin);
  await using runtime = createRuntime({ sql: { app: server.url } });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    const figures = await sample(
      [
        {
          name: 'PostgreSQL: 50 queries of a run, one of them',
          once: async () => {
            const began = performance.now();
            must(
              await runtime.run({
                language: 'javascript',
                code: `for (let i = 0; i < 50; i++) await sandglass.sql.query('app', 'select $1::int as n', [i])`,
                grant: { sql: [{ name: 'app', access: ['read'] }] },
                limits: { timeoutMs: 60_000 },
              }),
            );
            return (performance.now() - began) / 50;
          },
        },
        {
          name: 'the same by pg, in a transaction each',
          once: async () => {
            const began = performance.now();
            for (let i = 0; i < 50; i += 1) {
              await client.query('begin read only');
              await client.query('select $1::int as n', [i]);
              await client.query('commit');
            }
            return (performance.now() - began) / 50;
          },
        },
      ],
      10 * scale,
    );
    return beside(figures, {
      'PostgreSQL: 50 queries of a run, one of them': { by: 'the same by pg, in a transaction each' },
    });
  } finally {
    await client.end();
  }
}

async function browser(scale: number): Promise<readonly Row[]> {
  const page =
    '<title>Bench</title><form action="/sent"><input id="name" ' +
    `name="name"><button>Send</button></form>${'<p>text of the page</p>'.repeat(500)}`;
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page));
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  const address = site.address();
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  const executablePath = await findChromium();
  const bare = await chromium.launch({ executablePath, chromiumSandbox: false });
  const context = await bare.newContext();
  const tab = await context.newPage();
  await using runtime = createRuntime({ browser: { executablePath } });
  const grant: Grant = { browser: { origins: [origin], actions: ['navigate', 'extract', 'interact'] } };
  try {
    const figures = await sample(
      [
        {
          name: 'browser: a page loaded, a field filled, its form sent',
          once: async () => {
            must(
              await runtime.run({
                language: 'javascript',
                code: `const on = { session: 'bench' }; const { browser } = sandglass;
                  await browser.navigate({ url: '${origin}/', ...on }); await browser.fillForm({ data: { name: 'x' }, submit: true, ...on })`,
                grant,
                limits: { timeoutMs: 60_000 },
              }),
            );
            return undefined;
          },
        },
        {
          name: 'the same by playwright',
          once: async () => {
            await tab.goto(`${origin}/`);
            await tab.locator('body').allInnerTexts();
            await tab.fill('[name=name]', 'x');
            await Promise.all([tab.waitForURL(/sent/), tab.click('button')]);
            await tab.title();
            return undefined;
          },
        },
      ],
      20 * scale,
    );
    return beside(figures, {
      'browser: a page loaded, a field filled, its form sent': {
        by: 'the same by playwright',
        wanted: ['≤ 1.15×', (times) => times <= 1.15],
      },
    });
  } finally {
    await bare.close();
    site.closeAllConnections();
    site.close();
  }
}
