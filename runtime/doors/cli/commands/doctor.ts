import type { EngineInfo, PlatformInfo } from '../../../contracts/api/info.ts';
import { exitCodeOf, SandglassError } from '../../../vocabulary/errors.ts';
import { LEVELS } from '../../../vocabulary/levels.ts';
import type { Command, CommandContext } from '../command.ts';
import { type BrokenEngine, tryEngines } from '../engine-trials.ts';
import { findPackageSources, type PackageSources } from '../package-flags.ts';
import { showProgress } from '../progress.ts';
import { formatSize } from '../quantities.ts';
import { type Style, styleFor } from '../style.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Tell what this platform can run, and what is missing',
  usage: '[flags]',
  about: [
    'Tells what Sandglass can do here: levels, engines, languages, the options of their runs, where ' +
      'packages of Python guests come from, and how to get what is missing.',
    'It runs the smallest guest on each engine, and ends with 5 when one of them does not work.',
  ],
  flags: [{ name: 'json', help: 'Print one JSON object: version, platform, engines, packages, missing.' }],
  examples: ['sandglass doctor'],
  async run(context, parsed) {
    const { terminal, version } = context;
    if (parsed.positionals.length > 0)
      throw new UsageError(`Cannot use "${parsed.positionals[0]}": doctor takes no argument`);
    const found = await examine(context);
    const { platform, engines, broken } = found;
    const packages = await findPackageSources(terminal);
    const missing = [
      ...broken.map(howToMend),
      ...(platform === undefined ? [] : whatIsMissing(platform, engines)),
    ];
    const code = broken.length === 0 ? 0 : exitCodeOf('INTERNAL');
    if (parsed.has('json')) {
      terminal.stdout.write(
        `${JSON.stringify({ version, platform: platform ?? null, engines, packages, missing })}\n`,
      );
      return code;
    }
    const { bold } = styleFor(terminal.stdout, terminal);
    const lines = [bold('Missing'), ...missing.flatMap(({ what, how }) => [`  ${what}`, `    ${how}`])];
    if (platform === undefined) {
      terminal.stdout.write([`${bold('sandglass')} ${version}`, '', ...lines, ''].join('\n'));
      return code;
    }
    terminal.stdout.write(
      [
        `${bold('sandglass')} ${version} on ${platform.name} ${platform.version}`,
        '',
        bold('Platform'),
        table([
          ['  levels', platform.levels.join(', ')],
          ...CAN.map(([key, what]) => [`  ${what}`, platform[key] ? 'yes' : 'no']),
        ]),
        '',
        bold('Engines'),
        table([
          ['  engine', 'version', 'runs', 'memory', 'levels', 'works'],
          ...engines.map((engine) => [
            `  ${engine.name}`,
            engine.version,
            engine.languages.join(', ') || '.wasm',
            formatSize(engine.memoryBytes),
            engine.levels.join(', ') || 'none',
            broken.some(({ name }) => name === engine.name) ? 'no' : 'yes',
          ]),
        ]),
        '',
        ...optionLines(engines, bold),
        ...packageLines(engines, packages, bold),
        ...lines,
        ...(missing.length === 0 ? ['  nothing'] : []),
        '',
      ].join('\n'),
    );
    return code;
  },
};

/** What `options` of a run may name; the flags of "run" and "eval" have the same names, but for `packages`, which is --with. */
function optionLines(engines: readonly EngineInfo[], bold: Style['bold']): readonly string[] {
  const rows = engines
    .filter(({ options }) => options.length > 0)
    .map(({ name, options }) => [`  ${name}`, options.join(', ')]);
  return rows.length === 0 ? [] : [bold('Options of a run'), table(rows), ''];
}

function packageLines(
  engines: readonly EngineInfo[],
  { wheels, index }: PackageSources,
  bold: Style['bold'],
): readonly string[] {
  if (!engines.some(({ languages }) => languages.includes('python'))) return [];
  return [
    bold('Python packages'),
    table([
      ['  folder of wheels', wheels ?? 'none; --wheels or SANDGLASS_WHEELS names one'],
      ['  index', index ?? 'none; --index or SANDGLASS_INDEX names one'],
    ]),
    '',
  ];
}

interface Found {
  /** `undefined`: no runtime could be made. */
  readonly platform: PlatformInfo | undefined;
  readonly engines: readonly EngineInfo[];
  readonly broken: readonly BrokenEngine[];
}

async function examine({ createRuntime, terminal }: CommandContext): Promise<Found> {
  const cells = { maxCells: 1, warm: 0 };
  // A fault of an engine is what is looked for: it is told in the report.
  const onError = (): void => undefined;
  const { stderr } = terminal;
  const progress = showProgress(stderr, styleFor(stderr, terminal), 'Trying each engine');
  try {
    await using runtime = await createRuntime({ cells, onError });
    await using uncached = await createRuntime({ cells, onError, cache: false });
    const engines = runtime.engines();
    return { platform: runtime.platform(), engines, broken: await tryEngines(engines, runtime, uncached) };
  } catch (error) {
    if (!(error instanceof SandglassError)) throw error;
    return { platform: undefined, engines: [], broken: [{ name: 'engines', error: error.toJSON() }] };
  } finally {
    progress.stop();
  }
}

const howToMend = ({ name, error }: BrokenEngine): Missing => ({
  what: `${name} cannot run: ${error.message}`,
  how: error.hint ?? 'Install the package again: npm install sandglass',
});

type Ability = Exclude<keyof PlatformInfo, 'name' | 'version' | 'levels'>;

const CAN: readonly (readonly [Ability, string])[] = [
  ['workers', 'worker threads'],
  ['processes', 'child processes'],
  ['hardKill', 'ends a running guest from outside'],
  ['jspi', 'wasm waits for promises (JSPI)'],
  ['syncWait', 'blocking host calls'],
  ['compiles', 'compiles wasm at run time'],
];

interface Missing {
  readonly what: string;
  readonly how: string;
}

const LANGUAGES: readonly (readonly [string, string])[] = [
  ['javascript', 'JavaScript'],
  ['typescript', 'TypeScript'],
  ['python', 'Python'],
  ['shell', 'Shell'],
];

function whatIsMissing(platform: PlatformInfo, engines: readonly EngineInfo[]): readonly Missing[] {
  const languages = new Set(engines.flatMap((engine) => engine.languages));
  const names = new Set(engines.map((engine) => engine.name));
  const reinstall = 'Install the package again: npm install sandglass';
  return [
    ...LANGUAGES.filter(([language]) => !languages.has(language)).map(([, name]) => ({
      what: `${name} guests: no engine for them`,
      how: reinstall,
    })),
    ...(['component', 'preview1'] as const)
      .filter((name) => !names.has(name))
      .map((name) => ({ what: `.wasm guests of kind ${name}: no engine for them`, how: reinstall })),
    ...(platform.jspi
      ? []
      : [
          {
            what: 'JSPI: guests that wait for host calls need a worker',
            how: 'Use Node 24 or later; until then do not use --isolation=minimal for them',
          },
        ]),
    ...LEVELS.filter((level) => !platform.levels.includes(level)).map((level) => ({
      what: `isolation level ${level}: ${platform.name} cannot give it`,
      how: 'Use Node 24 or later, which has worker threads and processes with --permission',
    })),
  ];
}
