import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Group, Row } from './group.ts';
import { summarise } from './sample.ts';

const ENTRY = new URL('../../dist/runtime/index.js', import.meta.url).href;
const SLEEPERS = 200;
/** Each takes seconds. */
const FIRST_EVER = 2;

/** What a process that has just come up says of itself: its figures, as JSON. `runtime` is of the built package. */
function inNewProcess(body: string, cache: string): readonly number[] {
  const code = `
    const started = performance.now();
    const { createRuntime } = await import(${JSON.stringify(ENTRY)});
    const runtime = createRuntime({ cache: ${JSON.stringify(cache)} });
    const run = async (options) => {
      const outcome = await runtime.run(options);
      if (!outcome.ok) throw new Error(outcome.error.message);
    };
    ${body}
    process.exit(0);`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`Cannot measure a start: ${stderr.slice(0, 1000)}`);
  return JSON.parse(stdout) as number[]; // what the body prints
}

const first = (language: string): string =>
  `await run({ language: '${language}', code: '1 + 1' }); console.log(JSON.stringify([performance.now() - started]));`;

/** First runs, and many guests that wait, each in a new process. */
export const starts: Group = {
  title: 'First runs and guests that wait, the built package in new processes',
  measure: async ({ scale }) => {
    const rounds = Math.max(2, Math.round(5 * scale));
    const folder = mkdtempSync(join(tmpdir(), 'sandglass-bench-'));
    try {
      const rows: Row[] = [];
      const add = (what: string, figures: readonly number[], unit: 'ms' | 'MiB', most: number): void => {
        const figure = summarise(figures);
        rows.push({
          what,
          ...figure,
          unit,
          wanted: { text: `≤ ${most} ${unit}`, holds: figure.median <= most },
        });
      };
      const times = (name: (turn: number) => string, language: string, count = rounds): number[] =>
        Array.from(
          { length: count },
          (_, turn) => inNewProcess(first(language), join(folder, name(turn)))[0] ?? Number.NaN,
        );
      add(
        'JavaScript, first run of a new process',
        times(() => 'js', 'javascript'),
        'ms',
        300,
      );
      add(
        'Python, first run ever: nothing is cached',
        times((turn) => `py${turn}`, 'python', FIRST_EVER),
        'ms',
        2000,
      );
      add(
        'Python, first run of a new process',
        times(() => 'py0', 'python'),
        'ms',
        1000,
      );
      const code = 'await new Promise((resolve) => setTimeout(resolve, 1000))';
      const sleepers = inNewProcess(
        `await run({ language: 'javascript', code: '1' });
        const began = performance.now();
        await Promise.all(Array.from({ length: ${SLEEPERS} }, () => run({ language: 'javascript', code: '${code}' })));
        console.log(JSON.stringify([performance.now() - began, process.resourceUsage().maxRSS / 1024]));`,
        join(folder, 'js'),
      );
      add(`${SLEEPERS} JavaScript guests that sleep for 1 s, at once`, sleepers.slice(0, 1), 'ms', 3000);
      add('resident memory then, at the most', sleepers.slice(1), 'MiB', 600);
      return { rows };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
