import type { PrepareContext, ScriptSource } from '../../contracts/engine.ts';
import { SandglassError } from '../../vocabulary/errors.ts';
import { others } from '../../vocabulary/in-slices.ts';
import { ownUrl } from '../../vocabulary/own-url.ts';
import { Recent } from '../../vocabulary/recent.ts';
import { Slots } from '../../vocabulary/slots.ts';
import { MIB } from '../../vocabulary/units.ts';
import { within } from '../../vocabulary/within.ts';
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
  const jobs = new Slots(MOST_JOBS);
  let turn: Promise<void> = Promise.resolve();

  const throughJob = (input: SourceInput, context: PrepareContext): Promise<Program> => {
    const { job, limits, caller } = context;
    const timeoutMs = Math.min(limits.timeoutMs, MOST_JOB_MS);
    const key = JSON.stringify([input, timeoutMs]);
    const known = kept.get(key);
    if (known !== undefined) {
      known.join(context.signal);
      return known.program;
    }
    const url = ownUrl(import.meta.url, './source-job').href;
    const { signal, join, end } = openWaiters();
    const inJob = async (): Promise<Program> => {
      using _place = await jobs.take(signal, caller);
      return (await job?.(url, input, { timeoutMs, memoryMb: JOB_MEMORY_MB, signal })) as Program; // our own job's answer
    };
    const inTime = async (): Promise<Program> => {
      const read = inJob();
      if (await within(read, timeoutMs)) return read;
      throw new SandglassError(
        'DEADLINE_EXCEEDED',
        `Cannot run ${input.source.filename}: its text was not read within ${timeoutMs} ms`,
      );
    };
    const program = inTime();
    const reading = { program, join };
    kept.set(key, reading);
    signal.addEventListener('abort', () => {
      if (kept.get(key) === reading) kept.delete(key);
    });
    program.then((read) => kept.weigh(key, reading, 2 * (key.length + lengthOf(read))), end);
    join(context.signal);
    return program;
  };

  return async (source, context) => {
    const { code, filename, language, modules } = source;
    const texts = [code, ...Object.values(modules)];
    const length = lengthOf(source);
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

/** Characters of a program and its modules. */
const lengthOf = ({ code, modules }: Pick<Program, 'code' | 'modules'>): number =>
  Object.values(modules).reduce((sum, text) => sum + text.length, code.length);

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
