/** Something that is run again and again by several callers at once. */
export interface Load {
  /** One run, to its answer. */
  run(): Promise<unknown>;
  close?(): Promise<void> | void;
}

/** What was measured with so many callers. */
export interface Figures {
  readonly callers: number;
  readonly perSecond: number;
  /** Of all threads of the process and its children, ms a run. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Runs that were measured. */
  readonly samples: number;
  /** Resident at the most, of the whole process so far, MiB. */
  readonly peakMiB: number;
}

/** One line of the table before it is measured. */
export interface Subject {
  readonly guest: string;
  readonly name: string;
  /** `undefined`: it is not installed; `left` says how to get it. */
  open(seconds: number): Promise<Load | readonly Figures[] | undefined>;
  /** How it is installed. */
  readonly left?: string;
}

export const CALLERS = [1, 4, 16, 64] as const;

/** Share of the measured time that goes ahead of it, unmeasured. */
const WARM_UP = 0.5;
const LEAST_RUNS = 3;

/** Measures a load with each number of callers in turn. */
export async function measureLoad(
  load: Load,
  seconds: number,
  onFigures: (figures: Figures) => void,
  numbers: readonly number[] = CALLERS,
): Promise<void> {
  for (const callers of numbers) {
    await drive(load, callers, seconds * WARM_UP);
    const cpu = process.cpuUsage();
    const started = performance.now();
    const times = await drive(load, callers, seconds);
    const tookMs = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
    onFigures({
      callers,
      perSecond: (times.length / tookMs) * 1000,
      cpuMs: (user + system) / 1000 / times.length,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      samples: times.length,
      peakMiB: process.resourceUsage().maxRSS / 1024,
    });
  }
}

/** Each caller asks again as soon as it has its answer. Answers the times of all runs that began in time, ms. */
async function drive({ run }: Load, callers: number, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  const call = async (): Promise<void> => {
    for (let turn = 0; turn < 1 || performance.now() < until || times.length < LEAST_RUNS; turn++) {
      const started = performance.now();
      await run();
      times.push(performance.now() - started);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return times;
}
