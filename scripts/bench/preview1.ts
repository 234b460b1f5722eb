import wabt from 'wabt';
import { createRuntime, type IsolationLevel } from '../../runtime/index.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { Group } from './group.ts';
import { must } from './javascript.ts';
import { type Subject, sample } from './sample.ts';

const PRINTS = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
  (data (i32.const 16) "hi\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

/** A command that prints one line. */
export const preview1: Group = {
  title: 'A fresh WASI preview1 command that prints a line',
  measure: async ({ scale }) => {
    await using runtime = createRuntime();
    const { parseWat } = await wabt();
    const module = new Uint8Array(parseWat('prints.wat', PRINTS).toBinary({}).buffer);
    const run = (name: string, level: IsolationLevel, engine?: string): Subject => ({
      name,
      once: async () => {
        must(await runtime.run({ module, level, ...defined({ engine }) }));
        return undefined;
      },
    });
    const sealed = [run('inline (minimal)', 'minimal'), run('pooled worker (standard)', 'standard')];
    const second = run('worker (standard), engine preview1-wasmer', 'standard', 'preview1-wasmer');
    const figures = [...(await sample(sealed, 100 * scale)), ...(await sample([second], 20 * scale))];
    return { rows: figures.map(([what, figure]) => ({ what, ...figure, unit: 'ms' })) };
  },
};
