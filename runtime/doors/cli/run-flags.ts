import type { LooseRunOptions } from '../../contracts/api/run.ts';
import type { RuntimeOptions } from '../../contracts/api/runtime.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { type IsolationLevel, LEVELS } from '../../vocabulary/levels.ts';
import type { Limits } from '../../vocabulary/limits.ts';
import { DEFAULT_MODULE_BYTES } from '../../vocabulary/module-size.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';
import { MAX_FILE_BYTES, parseJson, readBytes, readText } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { GRANT_FLAGS, readGrant } from './grant-flags.ts';
import { readNames } from './package-flags.ts';
import { POLICY_FLAG } from './policy-flag.ts';
import {
  parseCalls,
  parseDuration,
  parseFuel,
  parseOutputSize,
  parseShare,
  parseSize,
} from './quantities.ts';
import { readGets, readPuts, SCRATCH_FLAGS } from './scratch-flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** For commands that take a `.wasm`. */
export const MODULE_FLAGS: readonly Flag[] = [
  { name: 'max-module', value: 'SIZE', help: 'Largest .wasm that is taken, e.g. 128MiB. Default 64MiB.' },
];

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
    name: 'output',
    value: 'SIZE',
    help: 'Limit of what is printed and answered together, e.g. 16MiB. Default 1MiB.',
  },
  { name: 'host-calls', value: 'N', help: 'Limit of calls to the host, e.g. 5000. Default 1000.' },
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
  POLICY_FLAG,
  ...LIMIT_FLAGS,
  ...SCRATCH_FLAGS,
  {
    name: 'stdin',
    value: 'FILE|-',
    help: 'What the guest reads as stdin: a file, or - for yours. Default yours when it is a pipe or a file, else nothing.',
  },
  {
    name: 'inputs',
    value: 'JSON|@FILE',
    help: 'JSON object: globals of a script, by their names, or the input of a tool.',
  },
  {
    name: 'trace',
    help: 'Tell what the run did, and when: its start, its calls of the host, what its guest logged.',
  },
  {
    name: 'trace-grants',
    help: 'Tell the smallest grant that would have sufficed, as JSON for --grant: exact files, origins, methods and paths.',
  },
  {
    name: 'cwd',
    value: 'GUEST',
    help: 'Where relative paths of the guest start. Default the first granted folder, else /tmp.',
  },
  { name: 'quiet', help: 'Print no line of what the run used.' },
  {
    name: 'exit-code',
    help: 'End with the exit code of the program itself, where it has one.',
  },
  { name: 'json', help: 'Print one JSON object: ok, value, stdout, stderr, exitCode, error, usage, meta.' },
];

/** The options of a run that the shared flags give. @throws {UsageError} */
export async function readRunFlags(
  parsed: ParsedArguments,
  terminal: Terminal,
  /** Nothing else is read from stdin. */
  options: { readonly stdinIsFree: boolean },
): Promise<
  Pick<
    LooseRunOptions,
    | 'observe'
    | 'trace'
    | 'cwd'
    | 'grant'
    | 'limits'
    | 'level'
    | 'stdin'
    | 'argv'
    | 'packages'
    | 'files'
    | 'collect'
    | 'inputs'
  >
> {
  const stdin = parsed.one('stdin') ?? (options.stdinIsFree && terminal.stdinIsPiped ? '-' : undefined);
  const inputs = parsed.one('inputs');
  const cwd = parsed.one('cwd');
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
    ...(inputs === undefined ? {} : { inputs: await readInputs(inputs, terminal.cwd) }),
    argv: parsed.rest,
    ...(parsed.has('trace-grants') ? { observe: true } : {}),
    ...(parsed.has('trace') ? { trace: true } : {}),
    ...defined({ cwd }),
    ...(packages.length === 0 ? {} : { packages }),
    ...(Object.keys(files).length === 0 ? {} : { files }),
    ...(collect.length === 0 ? {} : { collect }),
  };
}

/** `{"name": …}` as it stands, or in the file after `@`. @throws {UsageError} */
async function readInputs(text: string, cwd: string): Promise<Readonly<Record<string, JsonValue>>> {
  const source = text.startsWith('@') ? await readText(text.slice(1), cwd) : text;
  const inputs = parseJson(source, '--inputs');
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new UsageError(
      `Cannot read --inputs=${text}: expected a JSON object, e.g. --inputs='{"text": "a b"}'`,
    );
  }
  return inputs as Readonly<Record<string, JsonValue>>; // the runtime refuses what is not JSON, a bigint above all
}

/** @throws {UsageError} */
export function readMaxModule(parsed: ParsedArguments): number {
  const text = parsed.one('max-module');
  return text === undefined ? DEFAULT_MODULE_BYTES : parseSize('--max-module', text);
}

/** @throws {UsageError} */
export function readLimitFlags(parsed: ParsedArguments): Pick<RuntimeOptions, 'level' | 'limits'> {
  const level = parsed.one('isolation');
  return {
    limits: {
      ...limit(parsed, 'timeout', 'timeoutMs', parseDuration),
      ...limit(parsed, 'memory', 'memoryBytes', parseSize),
      ...limit(parsed, 'fuel', 'fuel', parseFuel),
      ...limit(parsed, 'output', 'outputBytes', parseOutputSize),
      ...limit(parsed, 'host-calls', 'hostCalls', parseCalls),
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
