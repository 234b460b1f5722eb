import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createRuntime,
  type IsolationLevel,
  type Outcome,
  type RunOptions,
  type Runtime,
} from '../../runtime/index.ts';
import { builtRuntime } from './built-runtime.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Sampled, summarise } from './sample.ts';

const MIB = 1024 * 1024;
const SCRIPTS = {
  JavaScript: { language: 'javascript', code: '[1, 2, 3].map((x) => x * x).join()' },
  Python: { language: 'python', code: 'sum(x * x for x in range(10))' },
} as const satisfies Readonly<Record<string, RunOptions>>;

/** Figures that are promised: where one does not hold, the whole bench ends with 1. */
export const owed: Group = {
  title: 'What is promised',
  measure: async ({ scale }) => {
    const rounds = Math.max(5, Math.round(20 * scale));
    return {
      rows: [
        ...(await simpleScripts(rounds)),
        ...(await strictLevels(Math.max(3, Math.round(10 * scale)))),
        await fileRead(rounds),
        ...(await httpCall(rounds)),
        await residentAfterReads(),
        await residentAtRest(),
      ],
    };
  },
};

const promised = (what: string, figure: Sampled, unit: Row['unit'], most: number): Row => ({
  what,
  ...figure,
  unit,
  wanted: { text: `≤ ${most} ${unit}`, holds: figure.median <= most, owed: true },
});

const single = (value: number): Sampled => ({ median: value, p95: Number.NaN, samples: 1 });

/** Runs that found a warm cell, or only such that did not; each has time for the pool to fill before it. */
async function runs(runtime: Runtime, options: RunOptions, rounds: number, cold: boolean): Promise<Sampled> {
  const figures: number[] = [];
  for (let turn = 0; figures.length < rounds && turn < rounds * 4; turn++) {
    if (!cold) await new Promise((resolve) => setTimeout(resolve, 500));
    const started = performance.now();
    const { usage } = must(await runtime.run(options));
    if (usage.coldStart === cold) figures.push(performance.now() - started);
  }
  return summarise(figures);
}

async function simpleScripts(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  {
    await using runtime = createRuntime();
    for (const [name, script] of Object.entries(SCRIPTS)) {
      must(await runtime.run(script));
      rows.push(promised(`${name}, warm`, await runs(runtime, script, rounds, false), 'ms', 100));
    }
  }
  // As it is published: from the sources, Node takes most of the time to strip types.
  await using built = await builtRuntime({ cells: { warm: 0, maxReuse: 1 } });
  if (built === undefined) throw new Error('Cannot measure a cold start: run `npm run build` first');
  must(await built.run(SCRIPTS.JavaScript));
  rows.push(
    promised(
      'JavaScript, cold, from the built package',
      await runs(built, SCRIPTS.JavaScript, rounds, true),
      'ms',
      100,
    ),
  );
  return rows;
}

async function strictLevels(rounds: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const level of ['strict', 'maximum'] as const satisfies readonly IsolationLevel[]) {
    for (const [name, script] of Object.entries(SCRIPTS)) {
      const options = { ...script, level };
      {
        // A process is kept warm only where more than one cell is asked for.
        await using runtime = createRuntime({ cells: { warm: 2 } });
        must(await runtime.run(options));
        rows.push(
          promised(
            `${name} at ${level}, from the pool`,
            await runs(runtime, options, rounds, false),
            'ms',
            500,
          ),
        );
      }
      await using runtime = createRuntime({ cells: { warm: 0, maxReuse: 1 } });
      must(await runtime.run(options));
      rows.push(
        promised(`${name} at ${level}, started`, await runs(runtime, options, rounds, true), 'ms', 1000),
      );
    }
  }
  return rows;
}

/** What the guest itself measured, ms. */
const timesOf = (outcome: Outcome): Sampled =>
  summarise(outcome.ok && Array.isArray(outcome.value) ? outcome.value.map(Number) : []);

const timed = (setUp: string, act: string, rounds: number): string => `
${setUp}
const times = [];
for (let turn = -3; turn < ${rounds}; turn++) {
  const started = performance.now();
  ${act}
  if (turn >= 0) times.push(performance.now() - started);
}
export default times;`;

async function fileRead(rounds: number): Promise<Row> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'small.txt'), 'x'.repeat(1000));
  await using runtime = createRuntime();
  const code = timed(
    "import { readFile } from 'node:fs/promises';",
    "await readFile('/data/small.txt', 'utf8');",
    rounds,
  );
  const outcome = must(
    await runtime.run({
      language: 'javascript',
      code,
      grant: { fs: [{ host: folder.path, guest: '/data' }] },
    }),
  );
  return promised('reading a small file', timesOf(outcome), 'ms', 10);
}

async function httpCall(rounds: number): Promise<Row[]> {
  const server = createServer((_, response) => response.end('{"ok":true}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const origin = `http://127.0.0.1:${port}`;
  try {
    const plain: number[] = [];
    for (let turn = -3; turn < rounds; turn++) {
      const started = performance.now();
      await (await fetch(origin)).json();
      if (turn >= 0) plain.push(performance.now() - started);
    }
    await using runtime = createRuntime();
    const code = timed('', `await (await fetch('${origin}')).json();`, rounds);
    const outcome = must(await runtime.run({ language: 'javascript', code, grant: { http: [{ origin }] } }));
    const ours = timesOf(outcome);
    const beside = `+${(ours.median - summarise(plain).median).toFixed(1)} ms`;
    return [
      { what: 'an HTTP call, plain fetch', ...summarise(plain), unit: 'ms' },
      { ...promised('an HTTP call, from a guest', ours, 'ms', 300), beside },
    ];
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function residentAfterReads(): Promise<Row> {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'large.bin'), new Uint8Array(MIB).fill(65));
  await using runtime = createRuntime();
  const grant = { fs: [{ host: folder.path, guest: '/data' }] };
  const reads = async (count: number): Promise<void> => {
    const code = `import { readFile } from 'node:fs/promises';
      for (let turn = 0; turn < ${count}; turn++) await readFile('/data/large.bin');
      undefined; // the value of a loop is that of its last turn: a MiB`;
    must(await runtime.run({ language: 'javascript', code, grant }));
  };
  await reads(10); // caches and the pool are there before the first reading
  await reads(10);
  globalThis.gc?.(); // what others have left must not be taken for room; after the reads nothing is collected by force
  const before = process.memoryUsage.rss();
  await reads(100);
  const grown = Math.max(0, process.memoryUsage.rss() - before) / MIB;
  return promised('resident memory that 100 reads of 1 MiB left behind', single(grown), 'MiB', 10);
}

/** In a process of its own, with a runtime that has not run anything. */
async function residentAtRest(): Promise<Row> {
  const entry = new URL('../../dist/runtime/index.js', import.meta.url).href;
  const code = `const { createRuntime } = await import(${JSON.stringify(entry)});
    createRuntime();
    globalThis.gc?.();
    console.log(process.memoryUsage.rss());`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', code], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const part of child.stdout.setEncoding('utf8')) text += part;
  return promised(
    'resident memory of a runtime before its first guest',
    single(Number(text) / MIB),
    'MiB',
    100,
  );
}

async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
