import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunOptions } from '../../runtime/index.ts';
import { buildAdder } from '../../test/support/adder.ts';
import { builtRuntime } from './built-runtime.ts';
import { callOver, type Door, type Guest, openDoor, type Server } from './doors/clients.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Figures, measureLoad } from './throughput/load.ts';

const CLIENTS = [1, 8, 64] as const;
const SECONDS = 3;
/** What a door may add to a run at one client, and what it must keep of the library's rate at 64. */
const MOST_OVERHEAD_MS = 0.4;
const LEAST_SHARE = 0.8;
const MOST_REFUSAL_MS = 2.5;
const GUESTS: readonly Guest[] = ['javascript', 'component'];

const BARE = 'bare Hono route';
const LIBRARY = 'library in process';

/** Runs and calls a second through the doors, beside the same route doing nothing, and beside the library. */
export const doors: Group = {
  title: 'Doors: HTTP and MCP beside the library',
  measure: async ({ scale, seconds = SECONDS * scale }) => {
    if (!existsSync(join(import.meta.dirname, '../../dist/runtime/doors/http/index.js')))
      return { rows: [], notes: ['left out: build it first, npm run build'] };
    const all = new Map<string, readonly Figures[]>();
    const refused = await library(all, seconds);
    const server = await startServer();
    let peak = '';
    try {
      all.set(NAMES.bare, await through(await openDoor(server.at, 'bare', 'javascript'), seconds));
      for (const guest of GUESTS)
        for (const door of ['http', 'mcp'] as const)
          all.set(nameOf(NAMES[door], guest), await through(await openDoor(server.at, door, guest), seconds));
      peak = await peakOf(server.child.pid);
    } finally {
      server.child.kill('SIGTERM');
      await server.ended;
    }
    return {
      rows: [...[...all].flatMap(([name, figures]) => rowsOf(name, figures)), ...promises(all), ...refused],
      notes: [
        `JavaScript 1+1, and one function of a component, at level standard, ${CLIENTS.join(', ')} ` +
          `clients for ${seconds} s each, after half of that unmeasured.`,
        `The server is a process of its own, and held ${peak} at the most; the clients share the machine with it.`,
      ],
    };
  },
};

const NAMES: Readonly<Record<Door, string>> = { bare: BARE, http: 'HTTP run', mcp: 'MCP call' };

const nameOf = (name: string, guest: Guest): string =>
  guest === 'javascript' ? name : `${name} of a component`;

/** The same runs in this process, and a call that is refused because its arguments do not fit. */
async function library(all: Map<string, readonly Figures[]>, seconds: number): Promise<readonly Row[]> {
  await using runtime = await builtRuntime({ policy: {}, level: 'standard' });
  if (runtime === undefined) return [];
  const module = await buildAdder();
  const runs: Readonly<Record<Guest, RunOptions>> = {
    javascript: { language: 'js', code: '1+1' },
    component: { module, invoke: 'add', args: [1, 1] },
  };
  for (const guest of GUESTS)
    all.set(nameOf(LIBRARY, guest), await through(async () => must(await runtime.run(runs[guest])), seconds));
  await runtime.tools.register(
    {
      name: 'add',
      description: 'Adds two numbers',
      input: { a: { type: 'integer' }, b: { type: 'integer' } },
    },
    { module, invoke: 'add' },
  );
  const refuse = async (): Promise<void> => {
    const outcome = await runtime.tools.call('add', { a: 'one' });
    if (outcome.ok || outcome.error.code !== 'INPUT_INVALID')
      throw new Error('Cannot measure: it was not refused');
  };
  const figures: Figures[] = [];
  await measureLoad({ run: refuse }, seconds, (one) => figures.push(one), [1]);
  return rowsOf('a call that is refused, in process', figures).map((row) => ({
    ...row,
    wanted: { text: `≤ ${MOST_REFUSAL_MS} ms`, holds: row.median <= MOST_REFUSAL_MS },
  }));
}

async function through(call: () => Promise<unknown>, seconds: number): Promise<readonly Figures[]> {
  const figures: Figures[] = [];
  await measureLoad({ run: call }, seconds, (one) => figures.push(one), CLIENTS);
  return figures;
}

async function startServer() {
  const child = fork(join(import.meta.dirname, 'doors/server.ts'));
  const ended = once(child, 'exit');
  const [at] = (await once(child, 'message')) as [Server]; // our own module sends nothing else
  await callOver(at);
  return { child, at, ended };
}

/** What the kernel says that a process held at the most. */
async function peakOf(pid: number | undefined): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''); // not on Linux: no figure
  const kib = /^VmHWM:\s+(\d+)/m.exec(status)?.[1];
  return kib === undefined ? 'an unknown amount' : `${(Number(kib) / 1024).toFixed(0)} MiB`;
}

const rowsOf = (name: string, figures: readonly Figures[]): readonly Row[] =>
  figures.map(({ callers, perSecond, p50Ms, p95Ms, p99Ms, samples }) => ({
    what: `${name}, ${callers} ${callers === 1 ? 'client' : 'clients'}`,
    median: p50Ms,
    p95: p95Ms,
    samples,
    unit: 'ms' as const,
    beside: `${perSecond.toFixed(0)} a second, p99 ${p99Ms.toFixed(1)} ms`,
  }));

function promises(all: ReadonlyMap<string, readonly Figures[]>): readonly Row[] {
  const of = (name: string, clients: number): Figures | undefined =>
    all.get(name)?.find(({ callers }) => callers === clients);
  const [run, bare, own] = [of('HTTP run', 1), of(BARE, 1), of(LIBRARY, 1)];
  const [many, ownMany] = [of('HTTP run', 64), of(LIBRARY, 64)];
  if (run === undefined || bare === undefined || own === undefined) return [];
  const over = run.p50Ms - own.p50Ms - bare.p50Ms;
  const share = (many?.perSecond ?? 0) / (ownMany?.perSecond ?? Number.NaN);
  return [
    {
      what: 'what the HTTP door adds to a run and to the bare route, 1 client',
      median: over,
      p95: Number.NaN,
      samples: 1,
      unit: 'ms',
      wanted: { text: `≤ ${MOST_OVERHEAD_MS} ms`, holds: over <= MOST_OVERHEAD_MS },
    },
    {
      what: "HTTP's rate over the library's, 64 clients",
      median: share,
      p95: Number.NaN,
      samples: 1,
      unit: '×',
      wanted: { text: `≥ ${LEAST_SHARE}`, holds: share >= LEAST_SHARE },
    },
  ];
}
