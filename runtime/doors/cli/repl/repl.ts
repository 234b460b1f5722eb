import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { Session, SessionOptions } from '../../../contracts/api/session.ts';
import type { Outcome } from '../../../vocabulary/outcome.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { readGrant, readSecrets } from '../grant-flags.ts';
import { showProgress } from '../progress.ts';
import { errorLines, valueLine } from '../report.ts';
import { readLimitFlags } from '../run-flags.ts';
import { languageOf } from '../source.ts';
import { printable, type Style, styleFor } from '../style.ts';
import { CELLS_WITH_TOOLS, readToolOptions } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';
import { isComplete } from './is-complete.ts';
import { completeNames } from './names.ts';
import { INTERRUPTED, openPrompt } from './prompt.ts';

const MARKS: Readonly<Record<string, readonly [first: string, more: string]>> = {
  javascript: ['js> ', '... '],
  typescript: ['ts> ', '... '],
  python: ['>>> ', '... '],
};

const HELP = `.exit   ends it, as Ctrl-D does
.reset  begins anew, with nothing of before
.help   shows this
`;

/** Reads, runs and shows until the end of its input, and answers the exit code. @throws {UsageError} */
export async function repl(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const language = languageOf(parsed.one('lang') ?? 'javascript');
  if (language === 'wasm') throw new UsageError('Cannot use --lang=wasm: a .wasm has no lines to read');
  if (parsed.positionals.length > 0)
    throw new UsageError(`Cannot use "${parsed.positionals[0]}": repl takes no argument`);
  const { level, limits } = readLimitFlags(parsed);
  const options: SessionOptions = {
    language,
    grant: await readGrant(parsed, terminal.cwd),
    idleMs: 86_400_000,
    ...(level === undefined ? {} : { level }),
    ...(limits === undefined ? {} : { limits }),
  };
  const { tools, onRuntime } = await readToolOptions(parsed, options.grant, terminal);
  await using runtime = await context.createRuntime({
    cells: { ...(tools === undefined ? { maxCells: 2, warm: 0 } : CELLS_WITH_TOOLS), maxSessions: 1 },
    ...(tools === undefined ? {} : { tools }),
    secrets: readSecrets(parsed, terminal.env),
    onError: (error) => terminal.stderr.write(`${printable(String(error))}\n`),
  });
  await onRuntime?.(runtime);
  return await loop(context, runtime, options);
}

async function loop(context: CommandContext, runtime: Runtime, options: SessionOptions): Promise<number> {
  const { terminal } = context;
  const style = styleFor(terminal.stdout, terminal);
  const { language } = options;
  const [first, more] = MARKS[language] ?? ['> ', '... '];
  let session = await openSession(context, runtime, options);
  const prompt = await openPrompt(language, (line) => completeNames(line, language, session), terminal.env);
  if (prompt.isInteractive)
    terminal.stdout.write(style.dim(`sandglass ${context.version}, ${language}; .help tells more\n`));
  let typed: string[] = [];
  let failed = false;
  const run = async (code: string): Promise<void> => {
    const outcome = await runLine(context, session, code);
    failed ||= !outcome.ok;
    show(context, outcome, style);
    if (outcome.meta.sessionEnded !== true) return;
    if (prompt.isInteractive)
      terminal.stderr.write(style.dim('The guest has ended; a new one begins, with nothing of before\n'));
    session = await openSession(context, runtime, options);
  };
  try {
    for (;;) {
      const line = await prompt.ask(typed.length === 0 ? first : more);
      if (line === undefined) break;
      if (line === INTERRUPTED) typed = [];
      else if (typed.length === 0 && line.trim() === '.exit') return 0;
      else if (typed.length === 0 && line.trim() === '.help') terminal.stdout.write(HELP);
      else if (typed.length === 0 && line.trim() === '.reset') {
        await session.close();
        session = await openSession(context, runtime, options);
      } else {
        typed.push(line);
        const code = typed.join('\n');
        if (code.trim() !== '' && !isComplete(code, language)) continue;
        typed = [];
        if (code.trim() !== '') await run(code);
      }
    }
    // What a pipe has left open is run as it is: the engine says what is missing.
    if (typed.join('').trim() !== '') await run(typed.join('\n'));
  } finally {
    await prompt.close();
  }
  return failed && !prompt.isInteractive ? 1 : 0;
}

async function openSession(
  context: CommandContext,
  runtime: Runtime,
  options: SessionOptions,
): Promise<Session> {
  const { stderr } = context.terminal;
  const progress = showProgress(stderr, styleFor(stderr, context.terminal), `Starting ${options.language}`);
  return runtime.sessions.open(options).finally(() => progress.stop());
}

/** One line; a signal stops it, and not the whole. */
async function runLine({ terminal }: CommandContext, session: Session, code: string): Promise<Outcome> {
  const cancel = new AbortController();
  const takeBack = terminal.onSignal(() => cancel.abort());
  try {
    return await session.run({
      code,
      signal: cancel.signal,
      onOutput: ({ stream, bytes }) => terminal[stream].write(bytes),
    });
  } finally {
    takeBack();
  }
}

function show({ terminal }: CommandContext, outcome: Outcome, style: Style): void {
  // An engine that wrote the error to stderr has shown it.
  const isShown = !outcome.ok && outcome.stderr.includes(outcome.error.message);
  if (!outcome.ok && !isShown) terminal.stderr.write(errorLines(outcome.error, style, outcome.stderr));
  if (outcome.ok && outcome.value !== undefined && outcome.value !== null)
    terminal.stdout.write(`${valueLine(outcome.value)}\n`);
}
