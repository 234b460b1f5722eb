import type { ToolCallOptions, ToolOutcome } from '../../../contracts/api/tool-call.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { exitCodeOf } from '../../../vocabulary/errors.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { readGrant, readPowers } from '../grant-flags.ts';
import { interruptOf } from '../interrupt.ts';
import { readPackageSources } from '../package-flags.ts';
import { readPolicyUse } from '../policy-flag.ts';
import { showProgress } from '../progress.ts';
import { formatDuration } from '../quantities.ts';
import { errorLines, observedLines, stepLines, usageLine, valueLine } from '../report.ts';
import { readLimitFlags, readMaxModule } from '../run-flags.ts';
import { readServers } from '../server-flags.ts';
import { printable, type Style, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { CELLS_WITH_TOOLS, checkToolGrant, readTools, warnOfSkipped } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';
import { readCallInput } from './call-input.ts';
import { nameOf, targetOf } from './target.ts';

/** Calls one tool for a person or a pipe, and answers the exit code. @throws {UsageError | SandglassError} */
export async function call(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const { stdout, stderr } = terminal;
  const [wanted, given, ...others] = parsed.positionals;
  if (wanted === undefined)
    throw new UsageError(
      'Nothing to call: give the name of a tool, or its file',
      'E.g. sandglass call ./tool.wasm \'{"text": "a"}\'',
    );
  if (others.length > 0)
    throw new UsageError(
      `Cannot use "${others[0]}": the arguments are one JSON object`,
      'Put it between single quotes',
    );
  const target = targetOf(wanted);
  const { policyFile, callGrant: grant } = await readPolicyUse(
    parsed,
    await readGrant(parsed, terminal.cwd),
    terminal.cwd,
  );
  const tools = { ...(await readTools(parsed, terminal.cwd)), ...(await readServers(parsed, terminal)) };
  const packages = await readPackageSources(parsed, terminal, false);
  const args = await readCallInput(given, terminal);
  const style = styleFor(stderr, terminal);
  const progress = showProgress(stderr, style, `Calling ${wanted}`);
  using interrupt = interruptOf(terminal);
  try {
    await using runtime = await context.createRuntime({
      cells: CELLS_WITH_TOOLS,
      ...readPowers(parsed, terminal),
      maxModuleBytes: readMaxModule(parsed),
      tools: { builtin: true, ...tools },
      ...defined({ packages, policyFile }),
      onNotice: ({ kind, message }) => {
        if (kind === 'preparing') progress.tell(message);
        else stderr.write(`${style.dim(`warning: ${message}`)}\n`);
      },
      onError: (error) =>
        stderr.write(`${printable(String(error instanceof Error ? error.stack : error))}\n`),
    });
    const name = await nameOf(target, runtime.tools, terminal.cwd);
    const report = await checkToolGrant(parsed, { tools: ['*'], ...grant }, runtime.tools);
    if (!parsed.has('quiet') && !parsed.has('json')) warnOfSkipped(report, stderr, style);
    const options: ToolCallOptions = {
      ...defined({ grant }),
      ...readLimitFlags(parsed),
      signal: interrupt.signal,
      confirm: parsed.has('yes'),
      ...(parsed.has('trace-grants') ? { observe: true } : {}),
      ...(parsed.has('trace') ? { trace: true } : {}),
    };
    const outcome = await runtime.tools.call(name, args, options).catch(misuse);
    progress.stop();
    if (interrupt.readerLeft()) return interrupt.exitCode() ?? 0;
    if (parsed.has('json')) stdout.write(`${JSON.stringify(outcome)}\n`);
    else show(outcome, runtime.tools.info(name)?.kind === 'command', parsed, context, style);
    return interrupt.exitCode() ?? (outcome.ok ? 0 : exitCodeOf(outcome.error.code));
  } finally {
    progress.stop();
  }
}

/** The value alone goes to stdout; what the guest printed goes to stderr, unless it is the value. */
function show(
  outcome: ToolOutcome,
  isCommand: boolean,
  parsed: ParsedArguments,
  { terminal: { stdout, stderr } }: CommandContext,
  style: Style,
): void {
  if (!(isCommand && outcome.ok)) stderr.write(outcome.stdout);
  stderr.write(outcome.stderr);
  if (outcome.ok && outcome.value !== undefined) stdout.write(`${valueLine(outcome.value)}\n`);
  if (!outcome.ok) stderr.write(errorLines(outcome.error, style, outcome.stderr));
  if (parsed.has('trace')) stderr.write(`${stageLines(outcome)}${stepLines(outcome.meta)}`);
  if (outcome.meta.observed !== undefined)
    stderr.write(observedLines({ grant: outcome.meta.observed.grant })); // a tool starts in its own folder
  if (!parsed.has('quiet')) stderr.write(`${style.dim(usageLine(outcome.usage))}\n`);
}

/** The stages that the call passed, in order, with the time of each. */
const stageLines = ({ trace }: ToolOutcome): string =>
  `${table(trace.map(({ stage, ms, code }) => [`  ${stage}`, formatDuration(ms), code ?? '']))}\n`;

/** Misuse of the library is, from here, a mistake on the command line. */
function misuse(error: unknown): never {
  throw error instanceof TypeError || error instanceof RangeError ? new UsageError(error.message) : error;
}
