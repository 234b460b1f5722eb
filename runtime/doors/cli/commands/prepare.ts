import type { Command } from '../command.ts';
import { showProgress } from '../progress.ts';
import { formatDuration } from '../quantities.ts';
import { styleFor } from '../style.ts';
import { UsageError } from '../usage-error.ts';

/** The smallest program of each language; running it makes what its engine keeps. */
const PROGRAMS = [
  { language: 'javascript', code: '1' },
  { language: 'typescript', code: '1' },
  { language: 'python', code: '1' },
  { language: 'shell', code: ':' },
] as const;

export const prepareCommand: Command = {
  name: 'prepare',
  summary: 'Make what first runs would have to make, for images and CI',
  usage: '[flags]',
  about: [
    'Runs the smallest program of each language once, so that what is made once for each version ' +
      '(what is compiled of Python above all) lies in the cache folder, XDG_CACHE_HOME or ~/.cache. Later ' +
      'processes start from it.',
    'Ends with 5 when nothing can be kept there.',
  ],
  flags: [],
  examples: ['sandglass prepare', 'XDG_CACHE_HOME=/opt/cache sandglass prepare'],
  async run(context, parsed) {
    const { terminal } = context;
    if (parsed.positionals.length > 0)
      throw new UsageError(`Cannot use "${parsed.positionals[0]}": prepare takes no argument`);
    const style = styleFor(terminal.stderr, terminal);
    let kept = true;
    await using runtime = await context.createRuntime({
      cells: { maxCells: 1, warm: 0 },
      onNotice: ({ kind, message }) => {
        if (kind === 'not-kept') kept = false;
        terminal.stderr.write(`${style.dim(message)}\n`);
      },
    });
    for (const { language, code } of PROGRAMS) {
      if (!runtime.engines().some((engine) => engine.languages.includes(language))) continue;
      const progress = showProgress(terminal.stderr, style, `Preparing ${language}`);
      const started = performance.now();
      const outcome = await runtime
        .run({ language, code, limits: { timeoutMs: 600_000 } })
        .finally(() => progress.stop());
      if (!outcome.ok)
        throw new UsageError(`Cannot prepare ${language}: ${outcome.error.message}`, outcome.error.hint);
      terminal.stdout.write(`${language} ready in ${formatDuration(performance.now() - started)}\n`);
    }
    return kept ? 0 : 5;
  },
};
