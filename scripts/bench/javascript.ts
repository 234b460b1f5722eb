import { createRuntime, type Runtime } from '../../runtime/index.ts';
import type { IsolationLevel, Outcome } from '../../runtime/vocabulary/outcome.ts';
import { isolatedVm } from '../../test/bench/isolated-vm.ts';
import { denoEval, nodeEval } from '../../test/bench/process.ts';
import { rawQuickjs } from '../../test/bench/raw-quickjs.ts';
import { builtRuntime } from './built-runtime.ts';
import type { Group } from './group.ts';
import { type Subject, sample } from './sample.ts';

const CODE = '[1, 2, 3].map((x) => x * x).join()';

/** A fresh guest a run, from the request to the outcome. */
export const javascript: Group = {
  title: 'A fresh JavaScript guest, one expression',
  measure: async ({ scale }) => {
    await using runtime = createRuntime();
    await using built = await builtRuntime();
    const run = (name: string, level: IsolationLevel, on: Runtime = runtime): Subject => ({
      name,
      once: async () => {
        must(await on.run({ language: 'javascript', code: CODE, level }));
        return undefined;
      },
    });
    const peers = [rawQuickjs(CODE), isolatedVm(CODE), nodeEval(CODE), denoEval(CODE)];
    const opened = await Promise.all(peers.map((peer) => peer.open()));
    const [raw, ...others] = opened;
    if (raw === undefined)
      throw new Error('Cannot measure: the raw engine is a dependency, yet it is absent');
    const inline = run('inline (minimal)', 'minimal');
    const pooled = run('pooled worker (standard)', 'standard');
    const strict = run('pooled worker (strict)', 'strict');
    const child = run('process (maximum)', 'maximum');

    const quick = await sample(
      [raw, inline, pooled, strict, ...others.slice(0, 1).filter(isThere)],
      200 * scale,
    );
    const published =
      built === undefined ? [] : [run('process (maximum), from the built package', 'maximum', built)];
    const slow = await sample([child, ...published, ...others.slice(1).filter(isThere)], 20 * scale);
    const figures = new Map([...quick, ...slow]);
    const base = figures.get(raw.name)?.median ?? Number.NaN;
    const rows = [...figures].map(([what, figure]) => ({
      what,
      ...figure,
      unit: 'ms' as const,
      beside: `${(figure.median / base).toFixed(2)}× raw`,
      ...(what === inline.name ? { wanted: { text: '≤ 1.5× raw', holds: figure.median <= 1.5 * base } } : {}),
      ...(what === pooled.name ? { wanted: { text: '≤ raw + 3 ms', holds: figure.median <= base + 3 } } : {}),
    }));
    return {
      rows,
      notes: absent(
        peers.map(({ name }) => name),
        opened,
      ),
    };
  },
};

const isThere = (subject: Subject | undefined): subject is Subject => subject !== undefined;

export const absent = (names: readonly string[], opened: readonly (Subject | undefined)[]): string[] =>
  names
    .filter((_, index) => opened[index] === undefined)
    .map((name) => `left out: ${name}; install it with npm ci --prefix test/bench`);

/** A bench that measures failures measures nothing. */
export function must(outcome: Outcome): Outcome {
  if (!outcome.ok) throw new Error(`Cannot measure: ${outcome.error.code}: ${outcome.error.message}`);
  return outcome;
}
