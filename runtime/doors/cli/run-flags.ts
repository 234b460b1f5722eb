import type { LooseRunOptions } from '../../contracts/api/run.ts';
import type { RuntimeOptions } from '../../contracts/api/runtime.ts';
import { type IsolationLevel, LEVELS } from '../../vocabulary/levels.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';
import { MAX_FILE_BYTES, readBytes } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { GRANT_FLAGS, readGrant } from './grant-flags.ts';
import { readNames } from './package-flags.ts';
import { parseDuration, parseFuel, parseShare, parseSize } from './quantities.ts';
import { readGets, readPuts, SCRATCH_FLAGS } from './scratch-flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export const LIMIT_FLAGS: readonly Flag[] = [
  { name: 'timeout', value: 'TIME', help: 'Wall-clock limit, e.g. 500ms, 5s, 2m. Default 10s.' },
  {
    name: 'memory',
    value: 'SIZE',
    help: 'Memory limit, e.g. 64MiB, 1GiB. Default 64MiB, for Python 512MiB.',
  },
  {
    name: 'fuel',
    value: 'N',
    help: 'Limit of work units, about one wasm operator each, e.g. 5M. Default 20G.',
  },
  {
    name: 'cpu-share',
    value: 'SHARE',
    help: 'Share of one processor, e.g. 0.5; over it the guest rests. Default 1.',
  },
  {
    name: 'isolation',
    value: 'LEVEL',
    help: `How strictly the guest is held: ${LEVELS.join(', ')}. Default standard, a worker thread.`,
  },
];

/** Flags that `run` and `eval` share. */
export const RUN_FLAGS: readonly Flag[] = [
  ...GRANT_FLAGS,
  ...LIMIT_FLAGS,
  ...SCRATCH_FLAGS,
  {
    name: 'stdin',
    value: 'FILE|-',
    help: 'What the guest reads as stdin: a file, or - for yours. Default nothing.',
  },
  { name: 'json', help: 'Print one JSON object: ok, value, stdout, stderr, exitCode, error, usage, meta.' },
];

/** The options of a run that the shared flags give. @throws {UsageError} */
export async function readRunFlags(
  parsed: ParsedArguments,
  terminal: Terminal,
): Promise<
  Pick<LooseRunOptions, 'grant' | 'limits' | 'level' | 'stdin' | 'argv' | 'packages' | 'files' | 'collect'>
> {
  const stdin = parsed.one('stdin');
  const packages = readNames(parsed.all('with'));
  const files = await readPuts(parsed, terminal.cwd);
  const collect = readGets(parsed, terminal.cwd).map(({ pattern }) => pattern);
  return {
    grant: await readGrant(parsed, terminal.cwd),
    ...readLimitFlags(parsed),
    ...(stdin === undefined
      ? {}
      : {
          stdin:
            stdin === '-' ? await terminal.readStdin(MAX_FILE_BYTES) : await readBytes(stdin, terminal.cwd),
        }),
    argv: parsed.rest,
    ...(packages.length === 0 ? {} : { packages }),
    ...(Object.keys(files).length === 0 ? {} : { files }),
    ...(collect.length === 0 ? {} : { collect }),
  };
}

/** @throws {UsageError} */
export function readLimitFlags(parsed: ParsedArguments): Pick<RuntimeOptions, 'level' | 'limits'> {
  const level = parsed.one('isolation');
  return {
    limits: {
      ...limit(parsed, 'timeout', 'timeoutMs', parseDuration),
      ...limit(parsed, 'memory', 'memoryBytes', parseSize),
      ...limit(parsed, 'fuel', 'fuel', parseFuel),
      ...limit(parsed, 'cpu-share', 'cpuShare', parseShare),
    },
    ...(level === undefined ? {} : { level: levelOf(level) }),
  };
}

function limit(
  parsed: ParsedArguments,
  flag: string,
  name: keyof Limits,
  parse: (flag: string, text: string) => number,
): Partial<Limits> {
  const text = parsed.one(flag);
  return text === undefined ? {} : { [name]: parse(`--${flag}`, text) };
}

function levelOf(text: string): IsolationLevel {
  const level = LEVELS.find((name) => name === text);
  if (level === undefined) {
    throw new UsageError(
      `Unknown isolation level "${text}"${didYouMean(text, LEVELS)}`,
      `Levels, from the least strict: ${LEVELS.join(', ')}`,
    );
  }
  return level;
}
