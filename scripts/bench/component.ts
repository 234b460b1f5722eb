import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRuntime, type IsolationLevel, type RunOptions, type Runtime } from '../../runtime/index.ts';
import { rawJco } from '../../test/bench/raw-jco.ts';
import { buildAdder } from '../../test/support/adder.ts';
import { builtRuntime } from './built-runtime.ts';
import type { Group, Row } from './group.ts';
import { must } from './javascript.ts';
import { type Subject, sample } from './sample.ts';

const TOOL = join(import.meta.dirname, '../../guest-tools/csv-stats/dist/csv-stats.wasm');

/** Runs until V8 has compiled what surrounds a guest that takes 0.1 ms. */
const WARM_UP = 1_000;

/** A fresh instance a run; transpiled and compiled before. */
export const component: Group = {
  title: 'A fresh component, one call',
  measure: async ({ scale }) => {
    await using runtime = createRuntime();
    await using built = await builtRuntime();
    const adder = await buildAdder();
    const tool = new Uint8Array(await readFile(TOOL));
    const add: RunOptions = { module: adder, invoke: 'add', args: [40, 2] };
    const describe: RunOptions = { module: tool, invoke: 'describe' };
    const run = (name: string, options: RunOptions, level: IsolationLevel, on: Runtime): Subject => ({
      name,
      ...(level === 'minimal' ? { warmUp: WARM_UP } : {}),
      once: async () => {
        must(await on.run({ ...options, level }));
        return undefined;
      },
    });
    const rows: Row[] = [];
    for (const { what, peer, options } of [
      {
        what: 'one function, 0.3 KB',
        peer: rawJco('raw jco, one function', adder, (exports) => exports.add?.(40, 2)),
        options: add,
      },
      {
        what: 'a tool with QuickJS inside, 1.1 MB',
        peer: rawJco('raw jco, a tool with QuickJS inside', tool, (exports) => exports.describe?.()),
        options: describe,
      },
    ]) {
      const raw = await peer.open();
      if (raw === undefined) continue; // jco is a dependency
      const inline = run(`${what}: inline (minimal)`, options, 'minimal', runtime);
      const worker = run(`${what}: worker (standard)`, options, 'standard', runtime);
      const published =
        built === undefined
          ? []
          : [run(`${what}: worker (standard), from the built package`, options, 'standard', built)];
      const figures = new Map([
        ...(await sample([{ ...raw, warmUp: WARM_UP }, inline], 400 * scale)),
        ...(await sample([worker], 20 * scale)),
        ...(await sample(published, 20 * scale)),
      ]);
      const base = figures.get(raw.name)?.median ?? Number.NaN;
      for (const [name, figure] of figures) {
        rows.push({
          what: name,
          ...figure,
          unit: 'ms',
          beside: `${(figure.median / base).toFixed(2)}× raw`,
          ...(name === inline.name
            ? { wanted: { text: '≤ 1.5× raw', holds: figure.median <= 1.5 * base } }
            : {}),
        });
      }
    }
    return {
      rows,
      notes: [
        `Inline and raw after ${WARM_UP} runs of each, in one process: until then V8 compiles what surrounds the guest.`,
      ],
    };
  },
};
