import { runWorkerJob } from '../../../cell/worker-job.ts';
import type { RunJob } from '../../../contracts/engine.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { ownUrl } from '../../../vocabulary/own-url.ts';
import type { Choice, PageRequest } from './index-page.ts';
import type { PackageAnswer, PackageJob } from './package-job.ts';
import type { Wheel, WheelRequest } from './unpack-wheel.ts';

/** Reads what an index or a publisher has written, away from the host's own thread and only so long. */
export interface PackageWork {
  /** @throws {SandglassError} MODULE_INVALID, naming the package. */
  choose(page: PageRequest): Promise<Choice | undefined>;
  /** @throws {SandglassError} MODULE_INVALID, or UNSUPPORTED for a source archive that has to be built, naming the file. */
  unpack(wheel: WheelRequest): Promise<Wheel>;
}

const JOB_URL = ownUrl(import.meta.url, './package-job').href;
/** No source archive is built here. */
const NO_BUILD =
  'Put a wheel of it into the wheel folder (--wheels) that is pure Python, or built for pyemscripten_2026_0_wasm32; or use another package';
const LIMITS = Object.freeze({ timeoutMs: 30_000, memoryMb: 512 });

/** @param run @default in a worker */
export function createPackageWork(run: RunJob = runWorkerJob): PackageWork {
  const work = async (job: PackageJob, what: string): Promise<PackageAnswer> => {
    let answer: PackageAnswer;
    try {
      answer = (await run(JOB_URL, job, LIMITS)) as PackageAnswer; // our own job module's answer
    } catch (cause) {
      if (cause instanceof SandglassError && cause.code !== 'MODULE_INVALID') throw cause;
      throw new SandglassError(
        'MODULE_INVALID',
        `Cannot install ${what}: reading it took over ${LIMITS.timeoutMs} ms or ${LIMITS.memoryMb} MiB, or failed`,
        { cause },
      );
    }
    if (answer.kind === 'refused')
      throw new SandglassError(
        answer.code,
        answer.message,
        answer.code === 'UNSUPPORTED' ? { hint: NO_BUILD } : {},
      );
    return answer;
  };
  return {
    choose: async (page) => {
      const answer = await work({ kind: 'page', ...page }, `"${page.name}": the index's page of it`);
      return answer.kind === 'choice' ? answer.choice : undefined;
    },
    unpack: async (wheel) => {
      const answer = await work({ kind: 'wheel', ...wheel }, wheel.file);
      if (answer.kind !== 'wheel') throw new TypeError('expected a wheel');
      return answer.wheel;
    },
  };
}
