import { createRuntime } from '../../runtime/index.ts';
import type { Group, Row } from './group.ts';

const WAITING =
  'globalThis.kept = new Array(100).fill(0); await new Promise((resolve) => setTimeout(resolve, 600_000))';

/** What one guest that is alive and waits costs the process. */
export const memory: Group = {
  title: 'Resident memory per live guest (inline, waiting on a timer)',
  measure: async ({ scale }) => {
    const rows: Row[] = [];
    for (const count of [100, 1000].map((guests) => Math.max(10, Math.round(guests * scale)))) {
      await using runtime = createRuntime();
      const wait = (): Promise<void> => startWaiting(runtime);
      await wait(); // engine and caches are there before the first reading
      const before = await settledRss();
      for (let guest = 0; guest < count; guest++) await wait();
      const each = ((await settledRss()) - before) / count;
      rows.push({
        what: `JavaScript, ${count} alive`,
        median: each / 1024,
        p95: Number.NaN,
        samples: 1,
        unit: 'KiB',
      });
    }
    return { rows };
  },
};

/** Resolves once the guest has run up to its wait; closing the runtime ends it. */
async function startWaiting(runtime: ReturnType<typeof createRuntime>): Promise<void> {
  const started = Promise.withResolvers<void>();
  const handle = runtime.start({
    language: 'javascript',
    code: `console.log('alive'); ${WAITING}`,
    level: 'minimal',
    limits: { timeoutMs: 600_000 },
    onOutput: () => started.resolve(),
  });
  handle.outcome.then((outcome) => {
    if (!outcome.ok && outcome.error.code !== 'CANCELLED') started.reject(new Error(outcome.error.message));
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
