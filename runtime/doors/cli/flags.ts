import { didYouMean, nearest } from '../../vocabulary/nearest.ts';
import { UsageError } from './usage-error.ts';

/** One flag of a command, as its help shows it. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  /** What stands for the value, e.g. `FILE`; absent for a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeats?: boolean;
  readonly help: string;
}

export interface ParsedArguments {
  has(flag: string): boolean;
  /** The value of a flag that was given. */
  one(flag: string): string | undefined;
  all(flag: string): readonly string[];
  readonly positionals: readonly string[];
  /** What came after `--`. */
  readonly rest: readonly string[];
}

/**
 * Reads `--flag=value`, `--flag value`, switches, and what is not a flag. Nothing unknown is passed over.
 * @throws {UsageError} for an unknown flag (with the nearest one), a missing or a superfluous value, a flag given twice.
 */
export function parseArguments(args: readonly string[], flags: readonly Flag[]): ParsedArguments {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  let rest: readonly string[] = [];
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '--') {
      rest = args.slice(index + 1);
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      positionals.push(argument);
      continue;
    }
    const { name, value: attached } = split(argument);
    const flag = flags.find((known) => known.name === name);
    if (flag === undefined || !argument.startsWith('--')) throw unknownFlag(argument, name, flags);
    let value = attached;
    if (flag.value === undefined) {
      if (value !== undefined) throw new UsageError(`Cannot read ${argument}: --${name} takes no value`);
    } else if (value === undefined) {
      const next = args[index + 1];
      if (next === undefined || (next.startsWith('-') && next !== '-')) {
        throw new UsageError(`Cannot read --${name}: it needs a value, --${name}=${flag.value}`);
      }
      value = next;
      index++;
    }
    const given = values.get(name) ?? [];
    if (given.length > 0 && flag.repeats !== true) {
      throw new UsageError(`Cannot read --${name}: it was given more than once`);
    }
    values.set(name, [...given, value ?? '']);
  }
  return {
    has: (flag) => values.has(flag),
    one: (flag) => values.get(flag)?.[0],
    all: (flag) => values.get(flag) ?? [],
    positionals,
    rest,
  };
}

function split(argument: string): { readonly name: string; readonly value: string | undefined } {
  const equals = argument.indexOf('=');
  const end = equals < 0 ? argument.length : equals;
  return {
    name: argument.slice(0, end).replace(/^-+/, ''),
    value: equals < 0 ? undefined : argument.slice(end + 1),
  };
}

/** What else a flag is called: by the options of the library, and by the commands of others. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  level: 'isolation',
  language: 'lang',
  env: 'allow-env',
  net: 'allow-net',
  network: 'allow-net',
  'allow-http': 'allow-net',
  read: 'allow-read',
  'allow-fs': 'allow-read',
  mount: 'allow-read',
  volume: 'allow-read',
  write: 'allow-write',
  sql: 'allow-sql',
  db: 'database',
  'database-url': 'database',
  kv: 'allow-kv',
  browser: 'allow-browser',
  'allow-browse': 'allow-browser',
  deadline: 'timeout',
  'timeout-ms': 'timeout',
  'memory-bytes': 'memory',
  files: 'put',
  collect: 'get',
  packages: 'with',
  function: 'invoke',
};

function unknownFlag(argument: string, name: string, flags: readonly Flag[]): UsageError {
  const shown = argument.split('=')[0] ?? argument;
  const known = flags.map((flag) => `--${flag.name}`);
  const other = Object.hasOwn(OTHER_NAMES, name) ? `--${OTHER_NAMES[name]}` : '';
  const meant = known.includes(other) ? other : `--${name}`;
  const near = nearest(meant, known);
  return new UsageError(
    `Unknown flag "${shown}"${didYouMean(meant, known)}`,
    near === undefined ? 'Arguments of the guest go after "--"' : undefined,
  );
}
