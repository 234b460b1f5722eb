import { didYouMean } from '../../vocabulary/nearest.ts';
import { parseJson, readText } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { UsageError } from './usage-error.ts';

export const CONFIG_FLAG: Flag = {
  name: 'config',
  value: 'FILE',
  help: 'Read flags from a JSON file, by their names. Flags of the command line come first, then variables like SANDGLASS_PORT, then the file.',
};

/**
 * The flags of a command line, and beneath them what the environment and a file say: flags first, then variables, then the file.
 * @throws {UsageError} for a file that cannot be read, an unknown name (with the nearest one), or a value of another type.
 */
export async function layerArguments(
  parsed: ParsedArguments,
  flags: readonly Flag[],
  { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): Promise<ParsedArguments> {
  const configurable = flags.filter(({ name }) => name !== CONFIG_FLAG.name);
  const path = parsed.one(CONFIG_FLAG.name);
  const file = path === undefined ? new Map() : await readConfig(path, cwd, configurable);
  const beneath = new Map<string, readonly string[]>(
    configurable.flatMap((flag) => {
      const values = fromVariable(env[variableOf(flag)], flag) ?? file.get(flag.name);
      return values === undefined ? [] : [[flag.name, values] as const];
    }),
  );
  return {
    ...parsed,
    has: (flag) => parsed.has(flag) || beneath.has(flag),
    one: (flag) => parsed.one(flag) ?? beneath.get(flag)?.[0],
    all: (flag) => (parsed.has(flag) ? parsed.all(flag) : (beneath.get(flag) ?? [])),
  };
}

/** `SANDGLASS_ALLOW_READ` */
const variableOf = ({ name }: Flag): string => `SANDGLASS_${name.toUpperCase().replaceAll('-', '_')}`;

function fromVariable(text: string | undefined, flag: Flag): readonly string[] | undefined {
  if (text === undefined || text === '') return undefined;
  if (flag.value === undefined) {
    if (text === '1' || text === 'true') return [''];
    if (text === '0' || text === 'false') return undefined;
    throw new UsageError(`Cannot read ${variableOf(flag)}=${text}: expected true or false`);
  }
  return flag.repeats === true ? text.split(',').filter((part) => part !== '') : [text];
}

async function readConfig(
  path: string,
  cwd: string,
  flags: readonly Flag[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const value = parseJson(await readText(path, cwd), `--config=${path}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`Cannot read --config=${path}: expected a JSON object`);
  const names = flags.map(({ name }) => name);
  const found = new Map<string, readonly string[]>();
  for (const [name, given] of Object.entries(value)) {
    if (name === '$schema') continue;
    const flag = flags.find((known) => known.name === name);
    if (flag === undefined)
      throw new UsageError(
        `Cannot read --config=${path}: unknown name "${name.slice(0, 80)}"${didYouMean(name, names)}`,
        `Known: ${names.join(', ')}`,
      );
    const values = valuesOf(given, flag);
    if (values === undefined)
      throw new UsageError(`Cannot read --config=${path}: "${name}" is not ${expectedOf(flag)}`);
    if (values.length > 0) found.set(name, values);
  }
  return found;
}

/** `undefined` for a value of another type. */
function valuesOf(given: unknown, flag: Flag): readonly string[] | undefined {
  if (flag.value === undefined) return typeof given === 'boolean' ? (given ? [''] : []) : undefined;
  const list = Array.isArray(given) && flag.repeats === true ? given : [given];
  return list.every((item) => typeof item === 'string' || typeof item === 'number')
    ? list.map(String)
    : undefined;
}

const expectedOf = ({ value, repeats }: Flag): string =>
  value === undefined
    ? 'true or false'
    : repeats === true
      ? 'a text or a list of texts'
      : 'a text or a number';

/** JSON Schema of the file, made of the flags. */
export const configSchema = (flags: readonly Flag[]): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Configuration of sandglass serve',
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries([
    ['$schema', { type: 'string' }],
    ...flags
      .filter(({ name }) => name !== CONFIG_FLAG.name)
      .map(({ name, value, repeats, help }) => [
        name,
        {
          description: help,
          ...(value === undefined
            ? { type: 'boolean' }
            : repeats === true
              ? { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }
              : { type: ['string', 'number'] }),
        },
      ]),
  ]),
});
