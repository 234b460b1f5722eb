import { basename } from 'node:path';
import type { Runtime } from '../../../contracts/api/runtime.ts';
import type { SessionOptions } from '../../../contracts/api/session.ts';
import { defined } from '../../../vocabulary/defined.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import type { Outcome } from '../../../vocabulary/outcome.ts';
import type { CommandContext } from '../command.ts';
import { moduleSize, readBytes } from '../files.ts';
import type { ParsedArguments } from '../flags.ts';
import { readGrant, readPowers } from '../grant-flags.ts';
import { showProgress } from '../progress.ts';
import { errorLines, valueLine } from '../report.ts';
import { readLimitFlags, readMaxModule } from '../run-flags.ts';
import { languageOf } from '../source.ts';
import { printable, type Style, styleFor } from '../style.ts';
import { SIGNAL_EXIT_CODES, type Signal } from '../terminal.ts';
import { CELLS_WITH_TOOLS, readToolOptions } from '../tool-flags.ts';
import { UsageError } from '../usage-error.ts';
import { INTERRUPTED, openPrompt, type Prompt } from './prompt.ts';
import { moduleSubject, type OpenSubject, type Subject, scriptSubject } from './subject.ts';

const HELP = `.exit                  ends it, as Ctrl-D does
.reset                 begins anew, with nothing of before
.help                  shows this
`;

/** Reads, runs and shows until the end of its input, and answers the exit code. @throws {UsageError} */
export async function repl(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { terminal } = context;
  const { level, limits } = readLimitFlags(parsed);
  const options: Omit<SessionOptions, 'language'> = {
    grant: await readGrant(parsed, terminal.cwd),
    idleMs: 86_400_000,
    ...defined({ level, limits }),
  };
  const subject = await readSubject(context, parsed, options);
  const { tools, onRuntime } = await readToolOptions(parsed, options.grant, terminal);
  await using runtime = await context.createRuntime({
    cells: { ...(tools === undefined ? { maxCells: 2, warm: 0 } : CELLS_WITH_TOOLS), maxSessions: 1 },
    ...defined({ tools }),
    maxModuleBytes: readMaxModule(parsed),
    ...readPowers(parsed, terminal),
    onError: (error) => terminal.stderr.write(`${printable(String(error))}\n`),
  });
  await onRuntime?.(runtime);
  return await loop(context, runtime, subject);
}

/** A language, or the module of the file that is named. @throws {UsageError} */
async function readSubject(
  { terminal, loadInspector }: CommandContext,
  parsed: ParsedArguments,
  options: Omit<SessionOptions, 'language'>,
): Promise<Subject> {
  const [file, ...others] = parsed.positionals;
  const lang = parsed.one('lang');
  if (file === undefined) {
    const language = languageOf(lang ?? 'javascript');
    if (language !== 'wasm') return scriptSubject({ ...options, language });
    throw new UsageError('Cannot use --lang=wasm without a file', 'sandglass repl FILE.wasm');
  }
  if (others.length > 0)
    throw new UsageError(`Cannot keep more than one module: "${others[0]}" is one too many`);
  if (lang !== undefined && languageOf(lang) !== 'wasm')
    throw new UsageError(`Cannot use --lang=${lang} with a file: repl keeps an instance of a .wasm`);
  if (lang === undefined && !file.toLowerCase().endsWith('.wasm'))
    throw new UsageError(
      `Cannot use "${file}": repl takes a .wasm, or no file`,
      `To run a file: sandglass run ${file}`,
    );
  const module = await readBytes(file, terminal.cwd, moduleSize(readMaxModule(parsed)));
  const { exports } = (await loadInspector())(module);
  const functions = exports.filter(({ type }) => type?.startsWith('func') !== false).map(({ name }) => name);
  return moduleSubject({ name: basename(file), module, functions, options });
}

async function loop(context: CommandContext, runtime: Runtime, subject: Subject): Promise<number> {
  const { terminal } = context;
  const style = styleFor(terminal.stdout, terminal);
  const [first, more] = subject.marks;
  let session = await openSession(context, runtime, subject);
  const prompt = await openPrompt(subject.history, (line) => session.complete(line), terminal.env);
  if (prompt.isInteractive)
    terminal.stdout.write(style.dim(`sandglass ${context.version}, ${subject.label}; .help tells more\n`));
  let typed: string[] = [];
  let failed = false;
  let ending: Signal | undefined;
  const run = async (line: string): Promise<void> => {
    const { ok, ended, signal } = await runLine(context, session, line, style, prompt);
    failed ||= !ok;
    // Ctrl-C of a person stops the line that runs; whatever else sends a signal means the whole.
    if (signal === 'SIGTERM' || !prompt.isInteractive) ending = signal;
    if (!ended || ending !== undefined) return;
    if (prompt.isInteractive)
      terminal.stderr.write(style.dim('The guest has ended; a new one begins, with nothing of before\n'));
    session = await openSession(context, runtime, subject);
  };
  try {
    for (;;) {
      const line = await prompt.ask(typed.length === 0 ? first : more);
      if (line === undefined) break;
      if (line === INTERRUPTED) typed = [];
      else if (typed.length === 0 && line.trim() === '.exit') return failed && !prompt.isInteractive ? 1 : 0;
      else if (typed.length === 0 && line.trim() === '.help') terminal.stdout.write(`${subject.help}${HELP}`);
      else if (typed.length === 0 && line.trim() === '.reset') {
        await session.close();
        session = await openSession(context, runtime, subject);
      } else {
        typed.push(line);
        const whole = typed.join('\n');
        if (whole.trim() !== '' && !subject.isComplete(whole)) continue;
        typed = [];
        if (whole.trim() !== '') await run(whole);
        if (ending !== undefined) break;
      }
    }
    // What a pipe has left open is run as it is: the engine says what is missing.
    if (typed.join('').trim() !== '') await run(typed.join('\n'));
  } finally {
    await prompt.close();
  }
  if (ending !== undefined) return SIGNAL_EXIT_CODES[ending];
  return failed && !prompt.isInteractive ? 1 : 0;
}

async function openSession(
  context: CommandContext,
  runtime: Runtime,
  subject: Subject,
): Promise<OpenSubject> {
  const { stderr } = context.terminal;
  const progress = showProgress(stderr, styleFor(stderr, context.terminal), `Starting ${subject.label}`);
  return subject.open(runtime).finally(() => progress.stop());
}

/** Runs one line and shows what came of it; a signal stops it. `ended`: the guest is gone with it. */
async function runLine(
  { terminal }: CommandContext,
  session: OpenSubject,
  line: string,
  style: Style,
  prompt: Pick<Prompt, 'onInterrupt'>,
): Promise<{ readonly ok: boolean; readonly ended: boolean; readonly signal: Signal | undefined }> {
  const cancel = new AbortController();
  let signal: Signal | undefined;
  const stop = (sent: Signal): void => {
    signal = sent;
    cancel.abort();
  };
  const takeBack = [terminal.onSignal(stop), prompt.onInterrupt(() => stop('SIGINT'))];
  try {
    const outcome = await session.run(line, {
      signal: cancel.signal,
      onOutput: ({ stream, bytes }) => terminal[stream].write(bytes),
    });
    if (typeof outcome === 'string') {
      terminal.stdout.write(outcome);
      return { ok: true, ended: false, signal };
    }
    show(terminal, outcome, style);
    return { ok: outcome.ok, ended: outcome.meta.sessionEnded === true, signal };
  } catch (error) {
    if (error instanceof SandglassError) terminal.stderr.write(errorLines(error.toJSON(), style));
    else if (error instanceof UsageError)
      terminal.stderr.write(
        `${printable(error.message)}${error.hint === undefined ? '' : `; ${error.hint}`}\n`,
      );
    else throw error;
    return { ok: false, ended: false, signal };
  } finally {
    for (const action of takeBack) action();
  }
}

function show({ stdout, stderr }: CommandContext['terminal'], outcome: Outcome, style: Style): void {
  // An engine that wrote the error to stderr has shown it.
  const isShown = !outcome.ok && outcome.stderr.includes(outcome.error.message);
  if (!outcome.ok && !isShown) stderr.write(errorLines(outcome.error, style, outcome.stderr));
  if (outcome.ok && outcome.value !== undefined && outcome.value !== null)
    stdout.write(`${valueLine(outcome.value)}\n`);
}
