import { type ApiKey, createApiKey } from '../../auth/api-key.ts';
import { CAPABILITY } from '../../vocabulary/caller.ts';
import { defined } from '../../vocabulary/defined.ts';
import type { CommandContext } from './command.ts';
import type { ParsedArguments } from './flags.ts';
import { absoluteGrant, readGrantFile } from './grant-flags.ts';
import { type KeyFile, keyPathOf, openKeyFile } from './key-file.ts';
import { parseWhole } from './quantities.ts';
import { rateOf } from './rate-flags.ts';
import { table } from './table.ts';
import { UsageError } from './usage-error.ts';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Makes a key, shows it once, and keeps its hash. @throws {UsageError} */
export async function addKey({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const name = nameOf(parsed, 'add');
  const file = openKeyFile(keyPathOf(parsed, terminal));
  const keys = await file.read();
  if (keys.some((key) => key.name === name && key.revokedAt === undefined))
    throw new UsageError(
      `Cannot add the key "${name}": there is one of this name`,
      `Revoke it first: sandglass keys revoke ${name}`,
    );
  const now = Date.now();
  const { text, key } = await createApiKey({
    name,
    permissions: permissionsOf(parsed),
    createdAt: now,
    ...defined({
      tools: parsed.has('tools') ? listOf(parsed.all('tools')) : undefined,
      rate: rateOf(parsed.one('rate')),
      quota: quotaOf(parsed.one('quota')),
      grant: await readGrantOf(parsed.one('grant'), terminal.cwd),
      expiresAt: expiryOf(parsed.one('expires'), now),
    }),
  });
  await file.write([...keys.filter((known) => known.name !== name), key]);
  if (parsed.has('json')) terminal.stdout.write(`${JSON.stringify({ key: text, ...shown(key) })}\n`);
  else {
    terminal.stdout.write(`${text}\n`);
    terminal.stderr.write(`The key of ${name}, shown this once. Its hash is in ${file.path}\n`);
  }
  return 0;
}

export async function listKeys({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const keys = await openKeyFile(keyPathOf(parsed, terminal)).read();
  if (parsed.has('json')) {
    terminal.stdout.write(`${JSON.stringify({ keys: keys.map(shown) })}\n`);
    return 0;
  }
  if (keys.length === 0) terminal.stdout.write('No keys\n');
  else
    terminal.stdout.write(
      `${table([
        ['key', 'state', 'may', 'tools', 'expires'],
        ...keys.map((key) => [
          key.name,
          stateOf(key),
          key.permissions.join(', ') || 'nothing',
          key.tools?.join(', ') ?? 'all',
          key.expiresAt === undefined ? 'never' : new Date(key.expiresAt).toISOString(),
        ]),
      ])}\n`,
    );
  return 0;
}

/** From now on it opens nothing; servers that run see it at their next request. @throws {UsageError} */
export async function revokeKey({ terminal }: CommandContext, parsed: ParsedArguments): Promise<number> {
  const name = nameOf(parsed, 'revoke');
  const file: KeyFile = openKeyFile(keyPathOf(parsed, terminal));
  const keys = await file.read();
  if (!keys.some((key) => key.name === name && key.revokedAt === undefined))
    throw new UsageError(
      `Cannot revoke the key "${name}": there is none of this name`,
      `There are: ${keys.map((key) => key.name).join(', ') || 'none'}`,
    );
  await file.write(keys.map((key) => (key.name === name ? { ...key, revokedAt: Date.now() } : key)));
  terminal.stderr.write(`Revoked ${name}\n`);
  return 0;
}

const shown = ({ hash: _, ...key }: ApiKey): object => ({ ...key, state: stateOf(key) });

const stateOf = ({ revokedAt, expiresAt }: Omit<ApiKey, 'hash'>): string =>
  revokedAt !== undefined
    ? 'revoked'
    : expiresAt !== undefined && expiresAt <= Date.now()
      ? 'expired'
      : 'valid';

function nameOf({ positionals }: ParsedArguments, action: string): string {
  const [name, other] = positionals;
  if (name === undefined) throw new UsageError(`Nothing to ${action}: give the name of a key`);
  if (other !== undefined) throw new UsageError(`Cannot use "${other}": one key at a time`);
  if (!NAME.test(name))
    throw new UsageError(
      `Cannot use the name "${name.slice(0, 80)}": expected 1 to 64 letters, digits, - and _`,
    );
  return name;
}

const listOf = (lists: readonly string[]): readonly string[] =>
  lists
    .flatMap((list) => list.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');

function permissionsOf(parsed: ParsedArguments): readonly string[] {
  if (!parsed.has('permissions')) return ['*'];
  const permissions = listOf(parsed.all('permissions'));
  const wrong = permissions.find((permission) => permission.length > 128 || !CAPABILITY.test(permission));
  if (wrong === undefined) return permissions;
  throw new UsageError(
    `Cannot read --permissions: "${wrong.slice(0, 80)}" is not a capability`,
    'E.g. --permissions=fs.read,tools.call; * is all but dangerous',
  );
}

/** Calls a day. */
function quotaOf(text: string | undefined): ApiKey['quota'] {
  return text === undefined
    ? undefined
    : { calls: parseWhole('--quota', text, 1, 100_000), perMs: 86_400_000 };
}

/** The grant of a file, its folders where they are from here. */
const readGrantOf = async (file: string | undefined, cwd: string): Promise<ApiKey['grant']> =>
  file === undefined ? undefined : absoluteGrant(await readGrantFile(file, cwd), cwd);

function expiryOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  const ms = UNITS[unit ?? ''];
  if (count === undefined || ms === undefined || Number(count) === 0)
    throw new UsageError(`Cannot read --expires=${text}: expected a time from now, e.g. 12h or 30d`);
  return now + Number(count) * ms;
}
