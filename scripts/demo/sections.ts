import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestValue } from '../../runtime/index.ts';
import { answerByCode } from './code-mode.ts';
import { compileChart } from './compile-chart.ts';
import { attemptInJavaScript, attemptInPython } from './denials.ts';
import { check, say, show } from './print.ts';
import type { Section } from './section.ts';
import { DATA, type Stage } from './stage.ts';

const CSV_STATS = join(import.meta.dirname, '../../guest-tools/csv-stats/dist/csv-stats.wasm');

const readData = { host: DATA, guest: '/data', access: ['read'] } as const;

export async function aggregate(stage: Stage): Promise<boolean> {
  const outcome = await stage.run('months.ts', {
    language: 'typescript',
    code: await readFile(join(import.meta.dirname, 'months.ts'), 'utf8'),
    filename: 'months.ts',
    grant: { fs: [readData, { host: stage.out, guest: '/out', access: ['read', 'write'] }] },
  });
  if (!outcome.ok) {
    say(`${outcome.error.code}: ${outcome.error.message}`);
    return false;
  }
  show(outcome.stdout);
  return Array.isArray(outcome.value) && outcome.value.length === 12;
}

/** The same as a data frame, where a folder of wheels (SANDGLASS_WHEELS) has pandas. */
async function analyseWithPandas(stage: Stage): Promise<void> {
  const options = {
    language: 'python',
    code: await readFile(join(import.meta.dirname, 'years_pandas.py'), 'utf8'),
    filename: 'years_pandas.py',
    packages: ['pandas'],
    grant: { fs: [readData] },
  } as const;
  if (process.env.SANDGLASS_WHEELS === undefined) {
    say('the same with pandas: not played, SANDGLASS_WHEELS names no folder that has its wheels');
    return;
  }
  const outcome = await stage.run('years_pandas.py', options);
  show(outcome.ok ? outcome.stdout : `${outcome.error.message}\n${outcome.stderr}`);
  check(
    outcome.ok && Array.isArray(outcome.value) && outcome.value.length === 4,
    'pandas answered the same years',
  );
}

interface Column {
  readonly name: string;
  readonly count: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly median?: number;
}

/** What the tool says in its manifest that it answers. */
const columnsOf = (value: GuestValue): readonly Column[] =>
  (value as { readonly columns?: readonly Column[] } | undefined)?.columns ?? [];

export const sections: readonly Section[] = [
  {
    title: '1  A TypeScript guest reads a granted CSV and writes its result',
    needsResult: false,
    play: async (stage) => {
      say('granted: read /data, write /out; nothing else');
      const answered = await aggregate(stage);
      check(answered, 'it answered twelve months');
      if (!answered) return;
      const months: unknown = JSON.parse(await readFile(join(stage.out, 'months.json'), 'utf8'));
      const [january] = Array.isArray(months) ? months : [];
      show(JSON.stringify(january));
      check(january?.days === 124, 'the file it wrote holds 124 days of January');
    },
  },
  {
    title: '2  A tool built as a .wasm component describes it',
    needsResult: true,
    play: async (stage) => {
      say('granted: read /out');
      const outcome = await stage.run('csv-stats.wasm', {
        module: await readFile(CSV_STATS),
        filename: 'csv-stats.wasm',
        inputs: { path: '/out/months.csv', columns: ['rain', 'warmest'] },
        grant: { fs: [{ host: stage.out, guest: '/out', access: ['read'] }] },
      });
      const columns = outcome.ok ? columnsOf(outcome.value) : [];
      for (const { name, count, minimum, maximum, median } of columns) {
        show(
          `${name}: ${count} values from ${minimum} to ${maximum}, half of them below ${median?.toFixed(1)}`,
        );
      }
      if (!outcome.ok) show(`${outcome.error.code}: ${outcome.error.message}`);
      check(
        columns.length === 2 && columns.every(({ count }) => count === 12),
        'it described two columns of twelve',
      );
    },
  },
  {
    title: '3  A WASI preview1 command draws a chart of it',
    needsResult: true,
    play: async (stage) => {
      say('granted: read /out');
      const outcome = await stage.run('chart.wasm', {
        module: await compileChart(),
        filename: 'chart.wasm',
        argv: ['months.csv', 'Rain a day in Seattle, mm'],
        grant: { fs: [{ host: stage.out, guest: '/out', access: ['read'] }] },
      });
      show(outcome.ok ? outcome.stdout : `${outcome.error.message}\n${outcome.stderr}`);
      check(outcome.ok && outcome.stdout.split('\n').length === 14, 'it drew twelve bars');
    },
  },
  {
    title: '4  A Python guest looks at the same CSV',
    needsResult: false,
    play: async (stage) => {
      say('granted: read /data');
      const outcome = await stage.run('years.py', {
        language: 'python',
        code: await readFile(join(import.meta.dirname, 'years.py'), 'utf8'),
        filename: 'years.py',
        grant: { fs: [readData] },
      });
      show(outcome.ok ? outcome.stdout : `${outcome.error.message}\n${outcome.stderr}`);
      check(
        outcome.ok && Array.isArray(outcome.value) && outcome.value.length === 4,
        'it answered four years, dates and all',
      );
      await analyseWithPandas(stage);
    },
  },
  {
    title: '5  A model answers a question with a program that calls tools',
    needsResult: false,
    play: answerByCode,
  },
  {
    title: '6  Four attempts to get out, in JavaScript',
    needsResult: false,
    play: attemptInJavaScript,
  },
  {
    title: '7  The same in Python',
    needsResult: false,
    play: attemptInPython,
  },
];
