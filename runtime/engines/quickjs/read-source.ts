import type { PrepareContext, ScriptSource } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { others } from '../../vocabulary/in-slices.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { MIB } from '../../vocabulary/units.ts';
import { mayBeLowered, needsLowering } from './needs-lowering.ts';
import type { Program } from './program.ts';
import { fromJavascript, type SourceInput } from './source-job.ts';

/** Longest text, in characters, that is read in the host's thread: some milliseconds. */
const MOST_AT_ONCE = 65_536;
/** Longest text of a program, with its modules, that runs in the host's thread: the engine looks through it more than once, each time in one step. */
const MOST_SHARED = 2 * MIB;
/** Programs that took a job to read, kept for their next runs. */
const KEPT_SOURCES = 32;
const KEPT_BYTES = 8 * MIB;
/** Each has a thread with a parser in it, some 70 MB. */
const MOST_JOBS = 4;
const MOST_JOB_MS = 20_000;
const JOB_MEMORY_MB = 512;

/**
 * Reads programs: types removed and, for the host's thread, newer syntax written anew. Long texts, and those that need a whole parser, go
 * through a killable job where there is one; the others are read one a turn of the host's thread.
 */
export type ReadSource = (source: ScriptSource, context: PrepareContext) => Promise<Program>;

interface Reading {
  readonly program: Promise<Program>;
  /** One more run waits for it, until its signal is aborted. */
  join(signal: AbortSignal | undefined): void;
}

/** The reader throws INPUT_INVALID, UNSUPPORTED, or DEADLINE_EXCEEDED for what is not read within the time of its run. */
export function createSourceReader(): ReadSource {
  const kept = new Recent<Reading>(KEPT_SOURCES, KEPT_BYTES);
  const waiting: (() => void)[] = [];
  let jobs = 0;
  let turn: Promise<void> = Promise.resolve();

  const inJob = async (begin: () => Promise<Program>): Promise<Program> => {
    if (jobs >= MOST_JOBS) await new Promise<void>((resolve) => waiting.push(resolve));
    else jobs += 1;
    try {
      return await begin();
    } finally {
      const next = waiting.shift();
      if (next === undefined) jobs -= 1;
      else next(); // it has this one's place
    }
  };

  const throughJob = (input: SourceInput, context: PrepareContext): Promise<Program> => {
    const { job, limits } = context;
    const timeoutMs = Math.min(limits.timeoutMs, MOST_JOB_MS);
    const key = JSON.stringify([input, timeoutMs]);
    const known = kept.get(key);
    if (known !== undefined) {
      known.join(context.signal);
      return known.program;
    }
    const url = ownUrl(import.meta.url, './source-job').href;
    const { signal, join, end } = openWaiters();
    const begin = async (): Promise<Program> => {
      signal.throwIfAborted();
      return (await job?.(url, input, { timeoutMs, memoryMb: JOB_MEMORY_MB, signal })) as Program; // our own job's answer
    };
    const program = within(
      inJob(begin),
      timeoutMs,
      `Cannot run ${input.source.filename}: its text was not read within ${timeoutMs} ms`,
    );
    const reading = { program, join };
    kept.set(key, reading);
    signal.addEventListener('abort', () => {
      if (kept.get(key) === reading) kept.delete(key);
    });
    program.then(() => kept.weigh(key, reading, 4 * key.length), end);
    join(context.signal);
    return program;
  };

  return async (source, context) => {
    const { code, filename, language, modules } = source;
    const texts = [code, ...Object.values(modules)];
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    const lower = context.sharesThread === true;
    if (lower && length > MOST_SHARED) {
      throw new SandglassError(
        'UNSUPPORTED',
        `Cannot run ${filename} in the host's thread: ${length} characters of program are over ${MOST_SHARED}`,
        { hint: 'Use level standard or stricter' },
      );
    }
    const typed = language === 'typescript' || filename.endsWith('.jsx');
    const isLong = length > MOST_AT_ONCE;
    const lowers = lower && texts.some(isLong ? mayBeLowered : needsLowering);
    if (!typed && !lowers) return fromJavascript(source);
    const { fromTypescript, wantsParser } = await import('./from-typescript.ts');
    if (context.job !== undefined && (isLong || lowers || texts.some(wantsParser)))
      return throughJob({ source, typed, lower }, context);
    if (!typed) return fromJavascript(source);
    turn = turn.then(others);
    await turn;
    return fromTypescript(source);
  };
}

/** Those who wait for one reading: it ends with the last of them, so that what nobody waits for keeps no place. */
function openWaiters(): {
  readonly signal: AbortSignal;
  readonly join: Reading['join'];
  readonly end: () => void;
} {
  const controller = new AbortController();
  const { signal } = controller;
  const end = (): void => controller.abort();
  let count = 0;
  return {
    signal,
    end,
    join: (of) => {
      count += 1;
      const leave = (): void => {
        count -= 1;
        if (count === 0) end();
      };
      if (of?.aborted === true) leave();
      else of?.addEventListener('abort', leave, { once: true, signal });
    },
  };
}

async function within<T>(work: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SandglassError('DEADLINE_EXCEEDED', message)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
