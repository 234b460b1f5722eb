import wabt from 'wabt';
import { createRuntime, type RunOptions, type Runtime } from '../../runtime/index.ts';
import type { Group, Row } from './group.ts';

/** A command that says it is alive, then sleeps for ten minutes (`poll_oneoff` on the monotonic clock). */
const SLEEPS = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
  (data (i32.const 16) "hi\\n")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 600000000000))
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 32)))))`;

const JAVASCRIPT: RunOptions = {
  language: 'javascript',
  code: "console.log('alive'); await new Promise((resolve) => setTimeout(resolve, 600_000))",
};

/** What one guest that is alive and waits costs the process. */
export const memory: Group = {
  title: 'Resident memory per live guest (inline, waiting on a timer)',
  measure: async ({ scale }) => {
    const { parseWat } = await wabt();
    const module = new Uint8Array(parseWat('sleeps.wat', SLEEPS).toBinary({}).buffer);
    const rows: Row[] = [];
    for (const [what, guest] of [
      ['preview1 module', { module }], // the smaller first: what the larger leave behind would hide it
      ['JavaScript', JAVASCRIPT],
    ] as const) {
      for (const count of [100, 1000].map((guests) => Math.max(10, Math.round(guests * scale)))) {
        await using runtime = createRuntime();
        await startWaiting(runtime, guest); // engine and caches are there before the first reading
        const before = await settledRss();
        for (let started = 0; started < count; started++) await startWaiting(runtime, guest);
        const each = ((await settledRss()) - before) / count;
        rows.push({
          what: `${what}, ${count} alive`,
          median: each / 1024,
          p95: Number.NaN,
          samples: 1,
          unit: 'KiB',
        });
      }
    }
    return { rows };
  },
};

/** Resolves once the guest has run up to its wait; closing the runtime ends it. */
async function startWaiting(runtime: Runtime, guest: RunOptions): Promise<void> {
  const started = Promise.withResolvers<void>();
  const handle = runtime.start({
    ...guest,
    level: 'minimal',
    limits: { timeoutMs: 600_000 },
    onOutput: () => started.resolve(),
  });
  handle.outcome.then((outcome) => {
    if (outcome.ok) started.reject(new Error('Cannot measure: the guest has ended'));
    else if (outcome.error.code !== 'CANCELLED') started.reject(new Error(outcome.error.message));
  });
  await started.promise;
}

async function settledRss(): Promise<number> {
  const { gc } = globalThis;
  for (let turn = 0; turn < 3; turn++) {
    gc?.();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return process.memoryUsage.rss();
}
