import type { KeptOutput } from '../contracts/api/run.ts';
import type { Outcome } from '../vocabulary/outcome.ts';
import { createRunStore } from './run-store.ts';

/** Output of the last runs whose outcome has only a part of it, for ten minutes and up to 64 MiB together. */
export function createKeptOutput(monotonic: () => number): {
  /** Keeps what an outcome was cut to, if it was. */
  keep(outcome: Outcome): void;
  get(runId: string): KeptOutput | undefined;
} {
  const cut = createRunStore<KeptOutput>({ maxRuns: 64, now: monotonic });
  return {
    keep({ ok, meta, stdout, stderr, usage }) {
      if (ok || !meta.truncated) return;
      cut.add(meta.runId, { stdout, stderr });
      cut.ended(meta.runId, usage.outputBytes);
    },
    get: cut.get,
  };
}
