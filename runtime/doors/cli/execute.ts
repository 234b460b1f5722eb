import type { LooseRunOptions, RunOptions } from '../../contracts/api/run.ts';
import type { NodeRuntimeOptions, PythonPackageOptions } from '../../index.ts';
import { defined } from '../../vocabulary/defined.ts';
import { exitCodeOf } from '../../vocabulary/errors.ts';
import type { Outcome } from '../../vocabulary/outcome.ts';
import { outcomeToJson } from '../../vocabulary/outcome-json.ts';
import { matchesScratch } from '../../vocabulary/scratch-glob.ts';
import type { CommandContext } from './command.ts';
import { interruptOf } from './interrupt.ts';
import { showProgress } from './progress.ts';
import { errorLines, observedLines, stepLines, usageLine, valueLine } from './report.ts';
import { type Fetch, notLeft, writeFetched } from './scratch-flags.ts';
import { printable, styleFor } from './style.ts';
import { CELLS_WITH_TOOLS, type ToolUse } from './tool-flags.ts';
import { UsageError } from './usage-error.ts';

export interface ExecuteOptions extends ToolUse, Pick<NodeRuntimeOptions, 'secrets' | 'sql'> {
  readonly run: Omit<LooseRunOptions, 'signal' | 'onOutput'>;
  /** Where packages of Python guests come from. */
  readonly packages?: PythonPackageOptions | undefined;
  /** The policy that holds. */
  readonly policyFile?: string | undefined;
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

/** A single run needs a single cell, and none in reserve. */
const CELLS = { maxCells: 1, warm: 0 };

/**
 * Runs one guest for a person or a pipe, and answers the exit code. Streams go out as they come; a signal or a reader that goes away
 * cancels the run, and everything is cleaned up before this returns.
 */
export async function execute(context: CommandContext, options: ExecuteOptions): Promise<number> {
  const { stdout, stderr } = context.terminal;
  const style = styleFor(stderr, context.terminal);
  using interrupt = interruptOf(context.terminal);
  const progress = showProgress(stderr, style, `Running ${options.run.filename ?? 'the code'}`);
  let lineOpen = false;

  try {
    await using runtime = await context.createRuntime({
      cells: options.tools === undefined ? CELLS : CELLS_WITH_TOOLS,
      ...defined({
        secrets: options.secrets,
        sql: options.sql,
        maxModuleBytes: options.maxModuleBytes,
        tools: options.tools,
        policyFile: options.policyFile,
      }),
      ...defined({ packages: options.packages }),
      onNotice: ({ kind, message }) => {
        if (kind === 'preparing') progress.tell(message);
        else stderr.write(`${style.dim(`warning: ${message}`)}\n`);
      },
      // Only a fault of ours gets here; its cause is what a report of it needs.
      onError: (error) =>
        stderr.write(`${printable(String(error instanceof Error ? error.stack : error))}\n`),
    });
    await options.onRuntime?.(runtime);
    const outcome = await runtime
      .run({
        ...options.run,
        signal: interrupt.signal,
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
    if (interrupt.readerLeft()) return interrupt.exitCode() ?? 0;
    if (options.json) stdout.write(`${JSON.stringify(outcomeToJson(outcome))}\n`);
    else {
      if (outcome.ok && outcome.value !== undefined) {
        stdout.write(`${lineOpen ? '\n' : ''}${valueLine(outcome.value)}\n`);
      }
      if (!outcome.ok) stderr.write(errorLines(outcome.error, style, outcome.stderr));
      stderr.write(stepLines(outcome.meta));
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
    const missed = outcome.ok ? notLeft(outcome.files ?? {}, options.fetches ?? [], matchesScratch) : [];
    for (const path of missed)
      stderr.write(`sandglass: Cannot get "${printable(path)}": the program left no such file in /tmp\n`);
    const interrupted = interrupt.exitCode();
    if (interrupted !== undefined) return interrupted;
    const code = options.passExitCode === true ? (outcome.exitCode ?? codeOf(outcome)) : codeOf(outcome);
    return code === 0 && missed.length > 0 ? NOT_LEFT : code;
  } finally {
    progress.stop();
  }
}

/** The program did not do what was asked of it: it left no file that `--get` names. */
const NOT_LEFT = 1;

const codeOf = (outcome: Outcome): number => (outcome.ok ? 0 : exitCodeOf(outcome.error.code));

/** Misuse of the library is, from here, a mistake on the command line: all options came from there. */
function misuse(error: unknown): never {
  throw error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message) : error;
}
