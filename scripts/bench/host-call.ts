import { createRuntime, type HostFunction, type IsolationLevel } from '../../runtime/index.ts';
import type { Group } from './group.ts';
import { must } from './javascript.ts';
import { type Subject, sample } from './sample.ts';

/** Answers at once with what it was given: what is left is the way there and back. */
const echo: HostFunction = {
  name: 'echo',
  network: false,
  operations: { 'echo.back': { capability: 'echo.back', kind: 'act' } },
  open: () => ({ call: (_, { args }) => ({ value: args }), close: () => undefined }),
};

const CALLS = 2000;

/** One granted host call of a JavaScript guest, through the gate with its checks and counts, and back. */
export const hostCall: Group = {
  title: 'A host call of a JavaScript guest, arguments and answer as JSON',
  measure: async ({ scale }) => {
    await using runtime = createRuntime({ hostFunctions: [echo] });
    const run = (name: string, level: IsolationLevel, call: string): Subject => ({
      name,
      once: async () => {
        const outcome = must(
          await runtime.run({
            language: 'javascript',
            code: `import { existsSync } from 'node:fs'; const began = performance.now(); for (let i = 0; i < ${CALLS}; i++) ${call}; export default (performance.now() - began) * 1000 / ${CALLS}`,
            level,
            grant: { echo: true },
            limits: { hostCalls: CALLS },
          }),
        );
        return outcome.ok ? Number(outcome.value) : Number.NaN;
      },
    });
    const inline = run('inline, blocking: existsSync in the scratch folder', 'minimal', "existsSync('/tmp')");
    const awaited = "await sandglass.call('echo.back', { i })";
    const figures = await sample(
      [
        inline,
        run('inline, awaited: an echo', 'minimal', awaited),
        run('worker, blocking: existsSync in the scratch folder', 'standard', "existsSync('/tmp')"),
        run('worker, awaited: an echo', 'standard', awaited),
      ],
      20 * scale,
    );
    return {
      rows: [...figures].map(([what, figure]) => ({
        what,
        ...figure,
        unit: 'µs',
        ...(what === inline.name ? { wanted: { text: '≤ 8 µs', holds: figure.median <= 8 } } : {}),
      })),
    };
  },
};
