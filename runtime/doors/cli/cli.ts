import { exitCodeOf, SandglassError } from '../../vocabulary/errors.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';
import type { Command, CommandContext } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { callCommand } from './commands/call.ts';
import { completionsCommand } from './commands/completions.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evalCommand } from './commands/eval.ts';
import { inspectCommand } from './commands/inspect.ts';
import { keysCommand } from './commands/keys.ts';
import { mcpCommand } from './commands/mcp.ts';
import { packagesCommand } from './commands/packages.ts';
import { prepareCommand } from './commands/prepare.ts';
import { profileCommand } from './commands/profile.ts';
import { replCommand } from './commands/repl.ts';
import { runCommand } from './commands/run.ts';
import { serveCommand } from './commands/serve.ts';
import { serversCommand } from './commands/servers.ts';
import { toolsCommand } from './commands/tools.ts';
import { parseArguments } from './flags.ts';
import { commandHelp, overview } from './help.ts';
import { errorLines } from './report.ts';
import { styleFor } from './style.ts';
import { UsageError } from './usage-error.ts';

export const COMMANDS: readonly Command[] = [
  runCommand,
  evalCommand,
  replCommand,
  profileCommand,
  callCommand,
  toolsCommand,
  inspectCommand,
  packagesCommand,
  doctorCommand,
  prepareCommand,
  serveCommand,
  mcpCommand,
  serversCommand,
  keysCommand,
  auditCommand,
  completionsCommand(() => COMMANDS),
];

const USAGE_EXIT_CODE = 2;
const HOST_EXIT_CODE = exitCodeOf('INTERNAL');

/** Runs one command line, without the program's name, and answers the exit code. Rejects only for a bug. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  const code = await runCommandLine(args, context);
  const { stdout, stderr } = context.terminal;
  await Promise.all([stdout.flush(), stderr.flush()]);
  const failure = stdout.failure();
  if (failure === undefined) return code;
  // Whoever reads the exit code must not take a part of the output for all of it.
  stderr.write(`sandglass: Cannot write the output: ${failure}\n`);
  await stderr.flush();
  return code === 0 ? HOST_EXIT_CODE : code;
}

async function runCommandLine(args: readonly string[], context: CommandContext): Promise<number> {
  const { stdout, stderr } = context.terminal;
  let command: Command | undefined;
  try {
    const [first, ...others] = args;
    if (first === '--version' || first === '-V' || first === '-v' || first === 'version') {
      stdout.write(`${context.version}\n`);
      return 0;
    }
    if (first === undefined) {
      stderr.write(overview(COMMANDS));
      return USAGE_EXIT_CODE;
    }
    if (looksLikeFile(first)) return await runCommandLine(['run', ...args], context);
    if (first === '--help' || first === '-h' || (first === 'help' && others.length === 0)) {
      stdout.write(overview(COMMANDS));
      return 0;
    }
    const wanted = first === 'help' ? (others[0] ?? '') : first;
    command = COMMANDS.find(({ name }) => name === wanted);
    if (command === undefined) throw unknownCommand(wanted, others);
    const words = first === 'help' ? others.slice(1) : others;
    const inner = innerCommand(command, words);
    command = inner ?? command;
    if (first === 'help' || asksForHelp(others)) {
      stdout.write(commandHelp(command));
      return 0;
    }
    return await command.run(
      context,
      parseArguments(inner === undefined ? others : others.slice(1), command.flags),
    );
  } catch (error) {
    if (error instanceof UsageError) {
      const help = command === undefined ? 'sandglass --help' : `sandglass ${command.name} --help`;
      stderr.write(
        `sandglass: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}See "${help}"\n`,
      );
      return USAGE_EXIT_CODE;
    }
    if (error instanceof SandglassError) {
      stderr.write(errorLines(error.toJSON(), styleFor(stderr, context.terminal)));
      return exitCodeOf(error.code);
    }
    throw error;
  }
}

/** What a second word names. @throws {UsageError} when it names nothing, and no help is asked for. */
function innerCommand(
  { name, subcommands }: Command,
  [word, ...others]: readonly string[],
): Command | undefined {
  if (subcommands === undefined) return undefined;
  const names = subcommands.map((one) => one.name.slice(name.length + 1));
  const found = subcommands[names.indexOf(word ?? '')];
  if (found !== undefined || asksForHelp([word ?? '', ...others])) return found;
  if (word === undefined) return undefined;
  throw new UsageError(
    `Unknown action "${word}" of ${name}${didYouMean(word, names)}`,
    `Actions: ${names.join(', ')}`,
  );
}

/** Help is given whatever else is wrong with the line, but what comes after `--` is the guest's. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args
    .slice(0, end < 0 ? args.length : end)
    .some((argument) => argument === '--help' || argument === '-h');
}

/** By an ending or a folder: no command has one. */
const looksLikeFile = (name: string): boolean => !name.startsWith('-') && /[./\\]/.test(name);

/** Under which other runtimes take a line of code. */
const EVAL_FLAGS = ['-e', '-c', '-p', '--eval', '--print'];

function unknownCommand(name: string, others: readonly string[]): UsageError {
  const names = COMMANDS.map((command) => command.name);
  if (name.startsWith('-')) {
    const file = others.find(looksLikeFile);
    return new UsageError(
      `Unknown flag "${name}": a command comes first`,
      EVAL_FLAGS.includes(name)
        ? 'To run a line of code: sandglass eval CODE'
        : file === undefined
          ? undefined
          : `Flags follow the file: sandglass run ${file} ${name}`,
    );
  }
  return new UsageError(
    `Unknown command "${name}"${didYouMean(name, [...names, 'help'])}`,
    looksLikeFile(name) ? `To run a file: sandglass run ${name}` : `Commands: ${names.join(', ')}`,
  );
}
