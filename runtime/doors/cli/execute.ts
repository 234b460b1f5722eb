import type { LooseRunOptions, RunOptions } from '../../contracts/api/run.ts';
import type { Secret } from '../../contracts/host-function.ts';
import type { PythonPackageOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import { exitCodeOf } from '../../vocabulary/errors.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { outcomeToJson } from '../../vocabulary/outcome-json.ts';
import { matchesScratch } from '../../vocabulary/scratch-glob.ts';
import type { CommandContext } from './command.ts';
import { showProgress } from './progress.ts';
import { errorLines, observedLines, usageLine, valueLine } from './report.ts';
import { type Fetch, writeFetched } from './scratch-flags.ts';
import { printable, styleFor } from './style.ts';
import { SIGNAL_EXIT_CODES, type Signal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export interface ExecuteOptions {
  readonly run: Omit<LooseRunOptions, 'signal' | 'onOutput'>;
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Where packages of Python guests come from. */
  readonly packages?: PythonPackageOptions | undefined;
  /** Largest module that is taken. */
  readonly maxModuleBytes?: number;
  /** Prints one JSON object instead of the guest's own streams. */
  readonly json: boolean;
  /** Prints no line of usage. */
  readonly quiet?: boolean;
  /** Ends with the program's own exit code, where it has one. */
  readonly passExitCode?: boolean;
  /** Where the files that the run gives back go. */
  readonly fetches?: readonly Fetch[];
}

const NEWLINE = 0x0a;
/** As a shell reports a program that SIGPIPE has ended. */
const PIPE_EXIT_CODE = 141;

/** A single run needs a single cell, and none in reserve. */
const CELLS = { maxCells: 1, warm: 0 };

/**
 * Runs one guest for a person or a pipe, and answers the exit code. Streams go out as they come; a signal or a reader that goes away
 * cancels the run, and everything is cleaned up before this returns.
 */
export async function execute(context: CommandContext, options: ExecuteOptions): Promise<number> {
  const { stdout, stderr, onSignal } = context.terminal;
  const style = styleFor(stderr, context.terminal);
  const cancel = new AbortController();
  let signal: Signal | undefined;
  let readerLeft = false;
  const takeBack = [
    onSignal((seen) => {
      signal = seen;
      cancel.abort();
    }),
    stdout.onBroken(() => {
      readerLeft = true;
      cancel.abort();
    }),
  ];
  const progress = showProgress(stderr, style, `Running ${options.run.filename ?? 'the code'}`);
  let lineOpen = false;

  try {
    await using runtime = await context.createRuntime({
      cells: CELLS,
      secrets: options.secrets,
      ...defined({ maxModuleBytes: options.maxModuleBytes }),
      ...(options.packages === undefined ? {} : { packages: options.packages }),
      onNotice: ({ kind, message }) => {
        if (kind === 'preparing') progress.tell(message);
        else stderr.write(`${style.dim(`warning: ${message}`)}\n`);
      },
      // Only a fault of ours gets here; its cause is what a report of it needs.
      onError: (error) =>
        stderr.write(`${printable(String(error instanceof Error ? error.stack : error))}\n`),
    });
    const outcome = await runtime
      .run({
        ...options.run,
        signal: cancel.signal,
        onOutput: (chunk) => {
          // The last chunk can tell of a broken sequence only; its bytes have gone out already.
          if (options.json || chunk.bytes.byteLength === 0) return;
          progress.clear();
          if (chunk.stream === 'stdout') lineOpen = chunk.bytes.at(-1) !== NEWLINE;
          context.terminal[chunk.stream].write(chunk.bytes);
        },
      } as RunOptions) // which flags go together, the commands have checked
      .catch(misuse);
    progress.stop();
    // Nobody is there to read anything, e.g. after `| head -1`; whoever started it may want to know why it ended.
    if (readerLeft) return PIPE_EXIT_CODE;
    if (options.json) stdout.write(`${JSON.stringify(outcomeToJson(outcome))}\n`);
    else {
      if (outcome.ok && outcome.value !== undefined) {
        stdout.write(`${lineOpen ? '\n' : ''}${valueLine(outcome.value)}\n`);
      }
      if (!outcome.ok) stderr.write(errorLines(outcome.error, style, outcome.stderr));
      if (outcome.meta.observed !== undefined) stderr.write(observedLines(outcome.meta.observed));
      if (options.quiet !== true) stderr.write(`${style.dim(usageLine(outcome.usage))}\n`);
    }
    const fetched = await writeFetched(
      outcome.files ?? {},
      options.fetches ?? [],
      matchesScratch,
      context.terminal.cwd,
    );
    if (!options.json) for (const path of fetched) stderr.write(`${style.dim(`wrote ${printable(path)}`)}\n`);
    if (signal !== undefined) return SIGNAL_EXIT_CODES[signal];
    return options.passExitCode === true ? (outcome.exitCode ?? codeOf(outcome)) : codeOf(outcome);
  } finally {
    progress.stop();
    for (const action of takeBack) action();
  }
}

const codeOf = (outcome: Outcome): number => (outcome.ok ? 0 : exitCodeOf(outcome.error.code));

/** Misuse of the library is, from here, a mistake on the command line: all options came from there. */
function misuse(error: unknown): never {
  throw error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message) : error;
}
