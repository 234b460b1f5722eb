import type { GuestSteps } from './guest-steps.ts';
import type { Machine } from './machine.ts';
import type { Primitives } from './primitives.ts';
import type { Rejections } from './rejections.ts';
import type { Uncaught } from './uncaught.ts';

/** Promise jobs at a time, so that a storm of them is looked at. */
const JOBS_AT_ONCE = 10_000;

export interface GuestJobs {
  /** Runs all promise jobs; a failed program or a rejection that nobody listens to ends the run. */
  drain(): Promise<void>;
  /** Runs the promise jobs that an ended program has left, whatever they do: none may be there when a kept guest runs on. */
  settle(): Promise<void>;
}

export interface GuestJobsOptions {
  readonly machine: Machine;
  readonly steps: GuestSteps;
  readonly uncaught: Uncaught;
  readonly rejections: Rejections;
  readonly settled: Primitives['settled'];
  /** Only with the library is anything put off until the jobs are done. */
  readonly library: boolean;
}

export function createGuestJobs(options: GuestJobsOptions): GuestJobs {
  const { machine, steps, uncaught, rejections, settled, library } = options;
  const { enter, run, call, release } = steps;
  const runJobs = async (): Promise<void> => {
    for (;;) {
      const jobs = await run(() => machine.suspendable.runJobs(JOBS_AT_ONCE));
      if ('thrown' in jobs) await uncaught.threw(jobs.thrown);
      else if (jobs.ran < JOBS_AT_ONCE) break;
    }
  };
  /** What was put off until the jobs were done, and the jobs that it leaves. */
  const runTicks = async (): Promise<boolean> => {
    const answer = await call('ticks');
    const ran = enter(() => machine.readNumber(answer));
    release(answer);
    if (ran > 0) await runJobs();
    return ran > 0;
  };
  return {
    drain: async () => {
      await runJobs();
      // They may take a rejection that nobody has taken yet.
      while (library && rejections.size > 0 && (await runTicks()));
      if (settled() === 'failure') await uncaught.failed();
      for (const [promise, reason] of rejections.entries()) {
        if (!(await uncaught.taken(reason, true)))
          await uncaught.threw(enter(() => machine.duplicate(reason)));
        enter(() => rejections.drop(promise, reason));
      }
    },
    settle: async () => {
      for (;;) {
        const jobs = await run(() => machine.suspendable.runJobs(JOBS_AT_ONCE));
        if ('thrown' in jobs) enter(() => machine.free(jobs.thrown));
        else if (jobs.ran < JOBS_AT_ONCE) break;
      }
      enter(rejections.dropAll);
    },
  };
}
