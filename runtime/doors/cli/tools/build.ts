import { createHash } from 'node:crypto';
import { readdir, rename, stat, watch, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { withManifest } from '../../../build/tool-source.ts';
import { SandglassError } from '../../../vocabulary/errors.ts';
import { didYouMean } from '../../../vocabulary/nearest.ts';
import type { CommandContext } from '../command.ts';
import type { ParsedArguments } from '../flags.ts';
import { interruptOf } from '../interrupt.ts';
import { showProgress } from '../progress.ts';
import { formatDuration, formatSize } from '../quantities.ts';
import { errorLines } from '../report.ts';
import { styleFor } from '../style.ts';
import { UsageError } from '../usage-error.ts';
import { buildScript, SCRIPT_ENGINES, type ScriptEngine } from './build-script.ts';
import { compileTool } from './compilers.ts';
import { findSource, type ToolSource } from './find-source.ts';
import { withTools } from './with-tools.ts';

/** Builds one tool, again and again with --watch, and answers the exit code. @throws {UsageError | SandglassError} */
export async function build(context: CommandContext, parsed: ParsedArguments): Promise<number> {
  const { cwd } = context.terminal;
  const [path = '.', ...others] = parsed.positionals;
  if (others.length > 0)
    throw new UsageError(`Cannot build more than one tool: "${others[0]}" is one too many`);
  const engine = engineOf(parsed.one('engine'));
  const source = await findSource(path, cwd);
  if (engine === 'starlingmonkey' && source.kind !== 'script')
    throw new UsageError(`Cannot use --engine with ${path}: it is about JavaScript and TypeScript`);
  using interrupt = interruptOf(context.terminal);
  if (!parsed.has('watch')) {
    await buildOnce(source, engine, context, parsed, interrupt.signal);
    return interrupt.exitCode() ?? 0;
  }
  await watching(source.folder, interrupt.signal, async () => {
    try {
      await buildOnce(await findSource(path, cwd), engine, context, parsed, interrupt.signal);
    } catch (error) {
      // Whoever watches is about to mend it.
      const known = error instanceof UsageError ? new SandglassError('INPUT_INVALID', error.message) : error;
      if (!(known instanceof SandglassError)) throw error;
      const { stderr } = context.terminal;
      stderr.write(errorLines(known.toJSON(), styleFor(stderr, context.terminal)));
    }
  });
  return interrupt.exitCode() ?? 0;
}

async function buildOnce(
  source: ToolSource,
  engine: ScriptEngine,
  context: CommandContext,
  parsed: ParsedArguments,
  signal: AbortSignal,
): Promise<void> {
  const { stdout, stderr, cwd } = context.terminal;
  if (source.kind === 'python') {
    stdout.write(`${relative(cwd, source.entry)} is called as it is: there is nothing to build\n`);
    return;
  }
  const started = performance.now();
  const progress = showProgress(
    stderr,
    styleFor(stderr, context.terminal),
    `Building ${basename(source.output)}`,
  );
  try {
    const bytes =
      source.kind === 'script'
        ? await buildScript(source, engine)
        : withManifest(await compileTool(source, signal), source.manifest);
    // What would be refused later is refused now.
    const [tool] = await withTools(context, undefined, async (tools) => tools.register(undefined, bytes));
    const draft = `${source.output}.${process.pid}`;
    await writeFile(draft, bytes);
    await rename(draft, source.output);
    progress.stop();
    const file = relative(cwd, source.output);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    stdout.write(
      parsed.has('json')
        ? `${JSON.stringify({ tool: tool?.name, file, bytes: bytes.byteLength, sha256 })}\n`
        : `${file}  ${formatSize(bytes.byteLength)}  sha256 ${sha256.slice(0, 16)}  ${formatDuration(performance.now() - started)}\n`,
    );
  } finally {
    progress.stop();
  }
}

function engineOf(text = 'quickjs'): ScriptEngine {
  const engine = SCRIPT_ENGINES.find((name) => name === text);
  if (engine === undefined)
    throw new UsageError(
      `Unknown engine "${text}"${didYouMean(text, SCRIPT_ENGINES)}`,
      `Engines: ${SCRIPT_ENGINES.join(', ')}`,
    );
  return engine;
}

/** Calls `action` now, and whenever a source of the folder is another, until the signal. */
async function watching(folder: string, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  const changes = watch(folder, { recursive: true, signal })[Symbol.asyncIterator]();
  // It watches from its first question on: what changes while `action` is at work must not be missed.
  let next = ended(changes.next(), signal);
  let built: string | undefined;
  for (;;) {
    const now = await fingerprint(folder);
    if (now !== built) {
      built = now;
      await action();
      continue;
    }
    if (await next) return;
    next = ended(changes.next(), signal);
  }
}

/** Whether there is nothing more to watch. */
const ended = (change: Promise<IteratorResult<unknown>>, signal: AbortSignal): Promise<boolean> =>
  change.then(
    ({ done }) => done === true,
    (error: unknown) => {
      if (signal.aborted) return true;
      throw error;
    },
  );

const SOURCES = /\.(?:[jt]s|mjs|json|py|rs|go|c|h|toml|mod)$/;

/** Names, sizes and times of the sources; not of what builders put beside them. */
async function fingerprint(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => SOURCES.test(name) && !/(?:^|[/\\])(?:target|node_modules|\.[^/\\]*)[/\\]/.test(name))
    .sort();
  const seen = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name)).catch(() => undefined);
      return `${name} ${info?.size} ${info?.mtimeMs}`;
    }),
  );
  return seen.join('\n');
}
