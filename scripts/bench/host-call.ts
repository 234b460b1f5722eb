import wabt from 'wabt';
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

/** Rounds of that many calls until V8 has compiled, with its best compiler, what they pass through. */
const WARM_UP = 25;

/** The first folders that a program finds open: the granted one, then the scratch folder. */
const [GRANTED, SCRATCH] = [3, 4];

/** Asks for an open folder's own facts, again and again: a host call with no interpreter in between. */
const stats = (folder: number): string => `(module
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) ".")
  (func (export "_start") (local $i i32)
    (loop $again
      (drop (call $stat (i32.const ${folder}) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const ${CALLS}))))))`;

/** One granted host call, through the gate with its checks and counts, and back. */
export const hostCall: Group = {
  title: 'A granted host call, through the gate and back',
  measure: async ({ scale }) => {
    await using runtime = createRuntime({ hostFunctions: [echo] });
    const run = (name: string, level: IsolationLevel, call: string): Subject => ({
      name,
      warmUp: WARM_UP,
      once: async () => {
        const outcome = must(
          await runtime.run({
            language: 'javascript',
            code:
              `import { existsSync } from 'node:fs'; const began = performance.now(); for (let i = 0; i ` +
              `< ${CALLS}; i++) ${call}; export default (performance.now() - began) * 1000 / ${CALLS}`,
            level,
            grant: { custom: { echo: true } },
            limits: { hostCalls: CALLS },
          }),
        );
        return outcome.ok ? Number(outcome.value) : Number.NaN;
      },
    });
    const { parseWat } = await wabt();
    const compile = (folder: number): Uint8Array =>
      new Uint8Array(parseWat('stats.wat', stats(folder)).toBinary({}).buffer);
    const [ofGranted, ofScratch] = [compile(GRANTED), compile(SCRATCH)];
    const module = (name: string, level: IsolationLevel, bytes: Uint8Array): Subject => ({
      name,
      warmUp: WARM_UP,
      once: async () => {
        const outcome = must(
          await runtime.run({
            module: bytes,
            level,
            grant: { fs: [{ host: import.meta.dirname, guest: '/here' }] },
            limits: { hostCalls: CALLS },
          }),
        );
        return (outcome.usage.durationMs * 1000) / CALLS;
      },
    });
    const lean = module('inline, a preview1 module: path_filestat_get', 'minimal', ofGranted);
    const bare = module('the same of the scratch folder, in memory: no disk', 'minimal', ofScratch);
    const inline = run('inline, JavaScript, blocking: existsSync', 'minimal', "existsSync('/tmp')");
    const awaited = "await sandglass.call('echo.back', { i })";
    // Apart from each other: a thread that has waited for a worker is slower for a while.
    const figures = new Map([
      ...(await sample(
        [lean, bare, inline, run('inline, JavaScript, awaited: an echo', 'minimal', awaited)],
        20 * scale,
      )),
      ...(await sample(
        [
          module('worker, a preview1 module: path_filestat_get', 'standard', ofGranted),
          run('worker, JavaScript, blocking: existsSync', 'standard', "existsSync('/tmp')"),
          run('worker, JavaScript, awaited: an echo', 'standard', awaited),
        ],
        20 * scale,
      )),
    ]);
    return {
      rows: [...figures].map(([what, figure]) => ({
        what,
        ...figure,
        unit: 'µs',
        ...(what === inline.name || what === lean.name || what === bare.name
          ? { wanted: { text: '≤ 8 µs', holds: figure.median <= 8 } }
          : {}),
      })),
      notes: [`Each after ${WARM_UP} runs of ${CALLS} calls.`],
    };
  },
};
