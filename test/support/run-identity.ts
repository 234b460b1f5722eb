import type { RunIdentity } from '../../runtime/vocabulary/caller.ts';

/** A run of the embedder's own, nested in none. */
export const TEST_RUN: RunIdentity = Object.freeze({ runId: 'run-test', depth: 0 });
