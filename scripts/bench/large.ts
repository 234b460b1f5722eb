import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { createRuntime, type RunOptions } from '../../runtime/index.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { summarise } from './sample.ts';

const MIB = 1024 * 1024;
const ROUNDS = 7;
/** Until V8 has compiled what both pass through. */
const WARM_UP = 2;
const MOST_BESIDE_NODE = 3;
const MOST_FOR_TWICE = 2.2;
/** Forty letters. */
const LINE = 'A line of text, as most tools print it.\n';
const LIMITS = {
  outputBytes: 64 * MIB,
  hostCalls: 100_000,
  hostCallBytes: 64 * MIB,
  memoryBytes: 512 * MIB,
  fuel: 1e11,
  timeoutMs: 120_000,
};

/** Something that a guest does, and the same in plain Node. */
interface Case {
  readonly what: string;
  readonly size: number;
  readonly guest: (size: number) => RunOptions;
  /** Body of an async function that does it. */
  readonly node: (size: number) => string;
  /** What is handed to it. */
  readonly inputs?: (size: number) => Readonly<Record<string, unknown>>;
  /** Bytes that it prints. */
  readonly prints?: (size: number) => number;
}

/** A thread of plain Node that is kept, as a cell is: it evaluates what it is sent, prints to its parent, and posts its value back. */
const PEER = `const { parentPort } = require('node:worker_threads');
  const AsyncFunction = (async () => undefined).constructor;
  parentPort.on('message', async ({ body, inputs }) => {
    const value = await new AsyncFunction(...Object.keys(inputs), body)(...Object.values(inputs));
    parentPort.postMessage(value);
  });`;

function openPeer(): {
  readonly run: (given: Case, size: number) => Promise<void>;
  readonly close: () => Promise<number>;
} {
  const worker = new Worker(PEER, { eval: true, stdout: true });
  const output = worker.stdout;
  return {
    run: async ({ node, inputs, prints }, size) => {
      const printed = Promise.withResolvers<void>();
      let expected = prints?.(size) ?? 0;
      if (expected === 0) printed.resolve();
      const onData = (part: Uint8Array): void => {
        expected -= part.byteLength;
        if (expected <= 0) printed.resolve();
      };
      output.on('data', onData);
      const answered = new Promise((resolve) => worker.once('message', resolve));
      worker.postMessage({ body: node(size), inputs: inputs?.(size) ?? {} });
      await Promise.all([answered, printed.promise]);
      output.off('data', onData);
    },
    close: () => worker.terminate(),
  };
}

const script = (code: string, more: Partial<RunOptions> = {}): RunOptions =>
  ({ language: 'javascript', code, limits: LIMITS, ...more }) as RunOptions; // a script, whatever else is said of it

/** Processor time of large files, texts, lists and of many host calls: at one size, at twice that, and beside plain Node. */
export const large: Group = {
  title: 'Large things, at standard: processor time of all threads, a run',
  measure: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
    const peer = openPeer();
    try {
      await using runtime = createRuntime();
      const rounds = Math.max(3, Math.round(ROUNDS * scale));
      const costOf = async (once: () => unknown): Promise<number> => {
        const figures: number[] = [];
        for (let turn = -WARM_UP; turn < rounds; turn++) {
          const started = process.cpuUsage();
          await once();
          const { user, system } = process.cpuUsage(started);
          if (turn >= 0) figures.push((user + system) / 1000);
        }
        return summarise(figures).median;
      };
      const rows: Row[] = [];
      for (const one of await casesIn(folder)) {
        const { what, size, guest } = one;
        const run = (count: number) => costOf(async () => must(await runtime.run(guest(count))));
        const [once, twice, plain] = [
          await run(size),
          await run(2 * size),
          await costOf(() => peer.run(one, size)),
        ] as const;
        const [growth, ratio] = [twice / once, once / plain];
        rows.push({
          what,
          median: once,
          p95: Number.NaN,
          samples: rounds,
          unit: 'ms',
          beside: `twice the size ${growth.toFixed(2)}×; Node ${plain.toFixed(1)} ms, ${ratio.toFixed(1)}×`,
          wanted: {
            text: `≤ ${MOST_FOR_TWICE}× for twice, ≤ ${MOST_BESIDE_NODE}× Node`,
            holds: growth <= MOST_FOR_TWICE && ratio <= MOST_BESIDE_NODE,
          },
        });
      }
      return {
        rows,
        notes: [
          'Node: the same program in a worker thread of plain Node that is kept. It prints to its parent, and posts its value back.',
        ],
      };
    } finally {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function casesIn(folder: string): Promise<readonly Case[]> {
  const path = (size: number): string => join(folder, String(size));
  for (const size of [1, 2, 16 * MIB, 32 * MIB]) await writeFile(path(size), new Uint8Array(size).fill(97));
  const grant = { fs: [{ host: folder, guest: '/data' }] };
  const file = (size: number, more: string): RunOptions =>
    script(`import { readFile } from 'node:fs/promises'; (await readFile('/data/${size}'${more})).length`, {
      grant,
    });
  const fs = "const { readFile, stat } = require('node:fs/promises');";
  const text = (size: number): string => LINE.repeat(size / LINE.length);
  const lines = (size: number): string =>
    `const line = 'x'.repeat(1023); for (let at = 0; at < ${size / 1024}; at++) console.log(line);`;
  const numbers = (size: number): string => `Array.from({ length: ${size} }, (_, at) => at)`;
  const letters = (size: number): string => `${JSON.stringify(LINE)}.repeat(${size / LINE.length})`;
  return [
    {
      what: 'a file of 16 MiB read as bytes',
      size: 16 * MIB,
      guest: (n) => file(n, ''),
      node: (n) => `${fs} return (await readFile('${path(n)}')).length`,
    },
    {
      what: 'a file of 16 MiB read as text',
      size: 16 * MIB,
      guest: (n) => file(n, ", 'utf8'"),
      node: (n) => `${fs} return (await readFile('${path(n)}', 'utf8')).length`,
    },
    {
      what: '10,000 host calls, one after the other (stat)',
      size: 10_000,
      guest: (n) =>
        script(
          `import { stat } from 'node:fs/promises'; for (let at = 0; at < ${n}; at++) await stat('/data/1')`,
          { grant },
        ),
      node: (n) => `${fs} for (let at = 0; at < ${n}; at++) await stat('${path(1)}')`,
    },
    {
      what: '1 MiB of output in lines',
      size: MIB,
      guest: (n) => script(lines(n)),
      node: lines,
      prints: (n) => n,
    },
    {
      what: 'an input of 1 MB of text',
      size: 1_000_000,
      guest: (n) => script('text.length', { inputs: { text: text(n) } }),
      node: () => 'return text.length',
      inputs: (n) => ({ text: text(n) }),
    },
    {
      what: 'a value of 1 MB of text',
      size: 1_000_000,
      guest: (n) => script(letters(n)),
      node: (n) => `return ${letters(n)}`,
    },
    {
      what: 'a list of 100,000 numbers as value',
      size: 100_000,
      guest: (n) => script(numbers(n)),
      node: (n) => `return ${numbers(n)}`,
    },
  ];
}
