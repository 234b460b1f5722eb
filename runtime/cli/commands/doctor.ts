import type { EngineInfo, PlatformInfo } from '../../api.ts';
import { LEVELS } from '../../levels.ts';
import type { Command } from '../command.ts';
import { formatSize } from '../quantities.ts';
import { styleFor } from '../style.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage-error.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Tell what this platform can run, and what is missing',
  usage: '[flags]',
  about: ['Tells what Sandglass can do here: levels, engines, languages, and how to get what is missing.'],
  flags: [{ name: 'json', help: 'Print one JSON object: version, platform, engines, missing.' }],
  examples: ['sandglass doctor'],
  async run({ terminal, version, createRuntime }, parsed) {
    if (parsed.positionals.length > 0)
      throw new UsageError(`Cannot use "${parsed.positionals[0]}": doctor takes no argument`);
    await using runtime = await createRuntime({ cells: { maxCells: 1, warm: 0 } });
    const platform = runtime.platform();
    const engines = runtime.engines();
    const missing = whatIsMissing(platform, engines);
    if (parsed.has('json')) {
      terminal.stdout.write(`${JSON.stringify({ version, platform, engines, missing })}\n`);
      return 0;
    }
    const { bold } = styleFor(terminal.stdout, terminal);
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
          ['  engine', 'version', 'runs', 'memory', 'levels'],
          ...engines.map((engine) => [
            `  ${engine.name}`,
            engine.version,
            engine.languages.join(', ') || '.wasm',
            formatSize(engine.memoryBytes),
            engine.levels.join(', ') || 'none',
          ]),
        ]),
        '',
        bold('Missing'),
        ...(missing.length === 0
          ? ['  nothing']
          : missing.flatMap(({ what, how }) => [`  ${what}`, `    ${how}`])),
        '',
      ].join('\n'),
    );
    return 0;
  },
};

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
