import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRuntime, type RunOptions } from '../../runtime/index.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { summarise } from './sample.ts';

const MIB = 1024 * 1024;
const ROUNDS = 7;
const MOST_BESIDE_NODE = 3;
const MOST_FOR_TWICE = 2.2;
const LIMITS = {
  outputBytes: 64 * MIB,
  hostCalls: 100_000,
  hostCallBytes: 64 * MIB,
  memoryBytes: 512 * MIB,
  fuel: 1e11,
  timeoutMs: 120_000,
};

/** Something that a guest does, and the same in this process. */
interface Case {
  readonly what: string;
  readonly size: number;
  readonly guest: (size: number) => RunOptions;
  readonly node: (size: number) => unknown;
}

const script = (code: string, more: Partial<RunOptions> = {}): RunOptions =>
  ({ language: 'javascript', code, limits: LIMITS, ...more }) as RunOptions; // a script, whatever else is said of it

/** Processor time of large files, texts, lists and of many host calls: at one size, at twice that, and beside plain Node. */
export const large: Group = {
  title: 'Large things, at standard: processor time of all threads, a run',
  measure: async ({ scale }) => {
    const folder = await mkdtemp(join(tmpdir(), 'sandglass-bench-'));
    try {
      await using runtime = createRuntime();
      const rounds = Math.max(3, Math.round(ROUNDS * scale));
      const costOf = async (once: () => unknown): Promise<number> => {
        const figures: number[] = [];
        for (let turn = -1; turn < rounds; turn++) {
          const started = process.cpuUsage();
          await once();
          const { user, system } = process.cpuUsage(started);
          if (turn >= 0) figures.push((user + system) / 1000);
        }
        return summarise(figures).median;
      };
      const rows: Row[] = [];
      for (const { what, size, guest, node } of await casesIn(folder)) {
        const run = (count: number) => costOf(async () => must(await runtime.run(guest(count))));
        const [once, twice, plain] = [
          await run(size),
          await run(2 * size),
          await costOf(() => node(size)),
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
      return { rows };
    } finally {
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
  const numbers = (size: number): number[] => Array.from({ length: size }, (_, at) => at);
  return [
    {
      what: 'a file of 16 MiB read as bytes',
      size: 16 * MIB,
      guest: (n) => file(n, ''),
      node: (n) => readFile(path(n)),
    },
    {
      what: 'a file of 16 MiB read as text',
      size: 16 * MIB,
      guest: (n) => file(n, ", 'utf8'"),
      node: (n) => readFile(path(n), 'utf8'),
    },
    {
      what: '10,000 host calls, one after the other (stat)',
      size: 10_000,
      guest: (n) =>
        script(
          `import { stat } from 'node:fs/promises'; for (let at = 0; at < ${n}; at++) await stat('/data/1')`,
          { grant },
        ),
      node: async (n) => {
        for (let at = 0; at < n; at++) await stat(path(1));
      },
    },
    {
      what: '1 MiB of output in lines',
      size: MIB,
      guest: (n) =>
        script(`const line = 'x'.repeat(1023); for (let at = 0; at < ${n / 1024}; at++) console.log(line)`),
      node: (n) => writeFile('/dev/null', `${'x'.repeat(1023)}\n`.repeat(n / 1024)),
    },
    {
      what: 'an input of 1 MB of text',
      size: 1_000_000,
      guest: (n) => script('text.length', { inputs: { text: 'x'.repeat(n) } }),
      node: (n) => JSON.parse(JSON.stringify({ text: 'x'.repeat(n) })),
    },
    {
      what: 'a value of 1 MB of text',
      size: 1_000_000,
      guest: (n) => script(`'x'.repeat(${n})`),
      node: (n) => JSON.parse(JSON.stringify('x'.repeat(n))),
    },
    {
      what: 'a list of 100,000 numbers as value',
      size: 100_000,
      guest: (n) => script(`Array.from({ length: ${n} }, (_, at) => at)`),
      node: (n) => JSON.parse(JSON.stringify(numbers(n))),
    },
  ];
}
