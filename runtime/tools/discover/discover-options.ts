import type { DiscoverOptions, ToolFileKind } from '../../contracts/api/tool-discover.ts';
import { defined } from '../../vocabulary/defined.ts';
import { unknownName } from '../../vocabulary/nearest.ts';
import { refuseUnknown, wholeNumber } from '../../vocabulary/read-options.ts';
import { TOOL_ENDINGS, type ToolChoice } from '../../vocabulary/tool-files.ts';
import { MIB } from '../../vocabulary/units.ts';

const WHERE = 'discover tools';
const MOST = { patterns: 100, characters: 256, depth: 32 } as const;
const DEFAULT_DEPTH = 5;

const KNOWN: Readonly<Record<keyof DiscoverOptions, true>> = {
  dirs: true,
  include: true,
  exclude: true,
  maxBytes: true,
  maxDepth: true,
  kind: true,
  register: true,
};

export interface Discovery {
  readonly dirs: readonly (string | URL)[];
  readonly choice: ToolChoice;
  readonly register: boolean;
}

/** @throws {TypeError | RangeError} naming the option. */
export function readDiscoverOptions(options: DiscoverOptions): Discovery {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`Cannot ${WHERE}: expected an object`);
  refuseUnknown(options, KNOWN, WHERE);
  const { dirs, include, exclude, kind, register = true } = options;
  if (!Array.isArray(dirs) || dirs.length === 0 || !dirs.every(isPlace))
    throw new TypeError(`Cannot ${WHERE}: dirs is not a list of folders`);
  if (typeof register !== 'boolean') throw new TypeError(`Cannot ${WHERE}: register is not true or false`);
  const maxBytes = wholeNumber(options.maxBytes, `${WHERE}: maxBytes`, { minimum: 1, maximum: 64 * MIB });
  const depths = { minimum: 1, maximum: MOST.depth };
  return {
    dirs,
    register,
    choice: {
      maxDepth: wholeNumber(options.maxDepth, `${WHERE}: maxDepth`, depths) ?? DEFAULT_DEPTH,
      ...defined({
        include: patterns(include, 'include'),
        exclude: patterns(exclude, 'exclude'),
        maxBytes,
        kind: kindOf(kind),
      }),
    },
  };
}

const isPlace = (dir: unknown): boolean => typeof dir === 'string' || dir instanceof URL;

function patterns(given: unknown, option: string): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const fits = (one: unknown): one is string =>
    typeof one === 'string' && one !== '' && one.length <= MOST.characters;
  if (Array.isArray(given) && given.length <= MOST.patterns && given.every(fits)) return given;
  throw new TypeError(
    `Cannot ${WHERE}: ${option} is not a list of at most ${MOST.patterns} patterns of names or paths, e.g. "*.py"`,
  );
}

function kindOf(kind: unknown): ToolFileKind | undefined {
  const kinds = [...new Set(Object.values(TOOL_ENDINGS))];
  if (kind === undefined || kinds.some((known) => known === kind)) return kind as ToolFileKind | undefined; // one of them
  throw unknownName(`${WHERE}: unknown kind`, String(kind), kinds);
}
