import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { builtRuntime } from './built-runtime.ts';
import { callOver, type Door, openDoor, type Server } from './doors/clients.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Figures, measureLoad } from './throughput/load.ts';

const CLIENTS = [1, 8, 64] as const;
const SECONDS = 3;
/** What a door may add to a run at one client, and what it must keep of the library's rate at 64. */
const MOST_OVERHEAD_MS = 0.4;
const LEAST_SHARE = 0.8;

const BARE = 'bare Hono route';
const LIBRARY = 'library in process';

/** Runs and calls a second through the doors, beside the same route doing nothing, and beside the library. */
export const doors: Group = {
  title: 'Doors: HTTP and MCP beside the library',
  measure: async ({ scale, seconds = SECONDS * scale }) => {
    if (!existsSync(join(import.meta.dirname, '../../dist/runtime/doors/http/index.js')))
      return { rows: [], notes: ['left out: build it first, npm run build'] };
    const all = new Map<string, readonly Figures[]>();
    all.set(LIBRARY, await library(seconds));
    const server = await startServer();
    let peak = '';
    try {
      for (const door of ['bare', 'http', 'mcp'] as const)
        all.set(NAMES[door], await through(await openDoor(server.at, door), seconds));
      peak = await peakOf(server.child.pid);
    } finally {
      server.child.kill('SIGTERM');
      await server.ended;
    }
    return {
      rows: [...[...all].flatMap(([name, figures]) => rowsOf(name, figures)), ...promises(all)],
      notes: [
        `JavaScript 1+1 at level standard, ${CLIENTS.join(', ')} clients for ${seconds} s each, after half of that unmeasured.`,
        `The server is a process of its own, and held ${peak} at the most; the clients share the machine with it.`,
      ],
    };
  },
};

const NAMES: Readonly<Record<Door, string>> = { bare: BARE, http: 'HTTP run', mcp: 'MCP call' };

async function library(seconds: number): Promise<readonly Figures[]> {
  const runtime = await builtRuntime({ policy: {}, level: 'standard' });
  if (runtime === undefined) return [];
  const figures: Figures[] = [];
  const run = async () => must(await runtime.run({ language: 'js', code: '1+1' }));
  await measureLoad({ run }, seconds, (one) => figures.push(one), CLIENTS);
  await runtime.close();
  return figures;
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
