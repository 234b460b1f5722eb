import type { RunOptions } from '../contracts/api/run.ts';
import type { RunPort } from '../contracts/operations/run.ts';
import { defined } from '../vocabulary/defined.ts';
import type { Grant } from '../vocabulary/grant.ts';
import type { RunStarter } from './begin-run.ts';
import type { LiveRuns } from './live-runs.ts';

/** Starts and ends runs for guests that were granted that. */
export const createRunPort = (
  runs: () => Pick<RunStarter, 'begin' | 'find'>,
  lives: Pick<LiveRuns, 'cancel' | 'isOf'>,
): RunPort => ({
  start: async ({ tag, ...asked }, { run, signal, share, further }) => {
    const { grant: own, identity } = runs().find(run);
    const shared = Object.fromEntries(
      share.flatMap((part) => (own[part] === undefined ? [] : [[part, own[part]]])),
    );
    const grant = { ...shared, ...defined({ run: further }) } as Grant; // parts of one that was checked
    const runId = tag === undefined ? undefined : `${identity.runId}-${tag}`;
    const options = { ...asked, grant, signal, parent: identity, ...defined({ runId }) };
    return runs().begin(options as RunOptions).outcome; // which looks at each
  },
  cancel: (runId, { caller }) => lives.isOf(runId, caller?.id) && lives.cancel(runId),
});
