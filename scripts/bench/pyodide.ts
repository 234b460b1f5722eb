import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Runtime } from '../../runtime/contracts/api/runtime.ts';
import { createRuntime } from '../../runtime/index.ts';
import { monty } from '../../test/bench/monty.ts';
import { python3, stockPyodide } from '../../test/bench/stock-pyodide.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Sampled, sample, summarise } from './sample.ts';

const CODE = 'sum(x * x for x in range(10))';
const MIB = 1024 * 1024;
/** Pooled runs until V8 has compiled what they pass through on the host's side. */
const WARM_UP = 30;
/** In which a pool of one fills again, ms. */
const REFILL_MS = 300;
const IDLE_MS = 1000;

/** A fresh Python guest a run: from the warm pool, without one, and in a new process. */
export const pyodide: Group = {
  title: 'A fresh Python guest, one expression',
  measure: async ({ scale }) => {
    const rows: Row[] = [];
    const add = (what: string, figure: Sampled, more: Partial<Row> = {}): void => {
      rows.push({ what, ...figure, unit: 'ms', ...more });
    };
    const rounds = Math.max(3, Math.round(20 * scale));
    const warmUp = Math.round(WARM_UP * scale);
    await measureIn({ warm: 1 }, async (runtime) => {
      const own = await ownTime(runtime, rounds);
      for (let turn = 0; turn < warmUp; turn++) {
        must(await runtime.run({ language: 'python', code: CODE }));
        await new Promise((resolve) => setTimeout(resolve, REFILL_MS));
      }
      const pooled = await pooledRuns(runtime, rounds, REFILL_MS);
      const idle = await pooledRuns(runtime, rounds, IDLE_MS);
      add('the code itself, in a running guest', own);
      add('pooled worker (standard)', pooled, {
        beside: `+${(pooled.median - own.median).toFixed(1)} ms`,
        wanted: { text: '≤ its own time + 5 ms', holds: pooled.median <= own.median + 5 },
      });
      add('pooled worker (standard), after a second of idleness', idle);
    });
    await measureIn({ warm: 0 }, async (runtime) => {
      const fresh = await coldRuns(runtime, rounds);
      add('new worker (standard), from the snapshot', fresh, {
        wanted: { text: '≤ 250 ms', holds: fresh.median <= 250 },
      });
    });
    const processes = Math.max(2, Math.round(5 * scale));
    add(
      'first run of a new process, from the snapshot',
      summarise(Array.from({ length: processes }, firstRun)),
    );
    const peers = [python3(CODE), stockPyodide(CODE), await monty(CODE).open()].filter(
      (peer) => peer !== undefined,
    );
    for (const [what, figure] of await sample(peers, processes)) add(what, figure);
    const live = await residentMiB(4);
    const once = { p95: Number.NaN, samples: 1, unit: 'MiB' as const };
    rows.push({ what: 'resident memory of a pool of 4', median: live, ...once });
    rows.push({
      what: 'resident memory per live guest, of 4',
      median: live / 4,
      ...once,
      wanted: { text: '≤ 150 MiB', holds: live / 4 <= 150 },
    });
    return {
      rows,
      notes: [
        `Pooled runs after ${warmUp} others, each after a pause of ${REFILL_MS} ms, in which the pool ` +
          'refills. After a longer one the same work takes longer the more others use the same machine: ' +
          'its caches hold theirs by then.',
      ],
    };
  },
};

async function measureIn(cells: { warm: number }, body: (runtime: Runtime) => Promise<void>): Promise<void> {
  await using runtime = createRuntime({ cells });
  must(await runtime.run({ language: 'python', code: '1' })); // the engine's shared parts are there
  await body(runtime);
}

/** What the expression takes in Python, without anything around it. */
async function ownTime(runtime: Runtime, rounds: number): Promise<Sampled> {
  const code =
    `import time\nt = []\nfor _ in range(${rounds}):\n  s = time.perf_counter()\n  ${CODE}\n  ` +
    't.append((time.perf_counter() - s) * 1000)\nt';
  const outcome = must(await runtime.run({ language: 'python', code }));
  return summarise(outcome.ok && Array.isArray(outcome.value) ? outcome.value.map(Number) : []);
}

/** Runs that found a warm guest, each after a pause. */
async function pooledRuns(runtime: Runtime, rounds: number, pauseMs: number): Promise<Sampled> {
  const figures: number[] = [];
  for (let turn = 0; figures.length < rounds && turn < rounds * 4; turn++) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const started = performance.now();
    const { usage } = must(await runtime.run({ language: 'python', code: CODE }));
    if (!usage.coldStart) figures.push(performance.now() - started);
  }
  return summarise(figures);
}

async function coldRuns(runtime: Runtime, rounds: number): Promise<Sampled> {
  const figures: number[] = [];
  for (let turn = 0; turn < rounds; turn++) {
    const started = performance.now();
    must(await runtime.run({ language: 'python', code: CODE }));
    figures.push(performance.now() - started);
  }
  return summarise(figures);
}

/** Started to answered, all of it in a process that has just come up. */
function firstRun(): number {
  const entry = new URL('../../runtime/index.ts', import.meta.url).href;
  const code = `
    const started = performance.now();
    const { createRuntime } = await import(${JSON.stringify(entry)});
    const runtime = createRuntime();
    await runtime.run({ language: 'python', code: ${JSON.stringify(CODE)} });
    console.log(performance.now() - started);
    process.exit(0);`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  return Number(stdout.trim());
}

/** What so many waiting guests add to the process. */
async function residentMiB(count: number): Promise<number> {
  await using runtime = createRuntime({ cells: { warm: 0, maxCells: count + 1 } });
  must(await runtime.run({ language: 'python', code: '1' }));
  const before = process.memoryUsage.rss();
  const stop = new AbortController();
  const alive = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const runs = alive.map((guest) =>
    runtime.run({
      language: 'python',
      code: "import asyncio\nprint('alive')\nawait asyncio.sleep(300)",
      limits: { timeoutMs: 600_000 },
      signal: stop.signal,
      onOutput: () => guest.resolve(),
    }),
  );
  await Promise.all(alive.map((guest) => guest.promise));
  const held = (process.memoryUsage.rss() - before) / MIB;
  stop.abort();
  await Promise.all(runs);
  return held;
}
