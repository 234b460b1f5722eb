import { defined } from '../../vocabulary/defined.ts';
import type { JsonValue } from '../../vocabulary/json.ts';
import { didYouMean } from '../../vocabulary/nearest.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { UsageError } from './usage-error.ts';

const PRESETS = ['safe'];

/** Flags that hold a program to rules of its own: the options `imports`, `block` and `preset` of a run. */
export const RULE_FLAGS: readonly Flag[] = [
  {
    name: 'imports',
    value: 'NAMES',
    repeats: true,
    help: 'The only modules that the program may import, e.g. math,json; none for --imports= alone. JavaScript and Python.',
  },
  {
    name: 'block',
    value: 'NAMES',
    repeats: true,
    help: 'Builtins of Python, or globals of JavaScript, that the program may not use, e.g. eval,exec.',
  },
  {
    name: 'preset',
    value: PRESETS.join('|'),
    help: 'safe: harmless modules only, no files, no network, no text made code. Beside it, --imports and --block only narrow.',
  },
];

/**
 * The engine options that the rule flags give.
 * @param what What is run, for the message.
 * @throws {UsageError} for a preset that there is not, and for a .wasm, which has no such rules.
 */
export function readRules(
  parsed: ParsedArguments,
  what: { readonly name: string; readonly isScript: boolean },
): { readonly options?: Readonly<Record<string, JsonValue>> } {
  const given = RULE_FLAGS.find(({ name }) => parsed.has(name));
  if (given === undefined) return {};
  if (!what.isScript) {
    throw new UsageError(
      `Cannot use --${given.name} with ${what.name}: it is about JavaScript and Python`,
      'A .wasm imports nothing but what "sandglass inspect" shows and its grant allows',
    );
  }
  const preset = parsed.one('preset');
  if (preset !== undefined && !PRESETS.includes(preset)) {
    throw new UsageError(
      `Unknown preset "${preset}"${didYouMean(preset, PRESETS)}`,
      `Known: ${PRESETS.join(', ')}`,
    );
  }
  return {
    options: {
      ...(parsed.has('imports') ? { imports: namesOf(parsed.all('imports')) } : {}),
      ...(parsed.has('block') ? { block: namesOf(parsed.all('block')) } : {}),
      ...defined({ preset }),
    },
  };
}

const namesOf = (lists: readonly string[]): string[] =>
  lists
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
