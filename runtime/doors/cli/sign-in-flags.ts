import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { SealedStore } from '../../auth/kept-tokens.ts';
import type { SignIns } from '../../auth/sign-ins.ts';
import { parseJson, readText } from './files.ts';
import type { Flag, ParsedArguments } from './flags.ts';
import { keyPathOf } from './key-file.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

export const OAUTH_FLAGS: readonly Flag[] = [
  {
    name: 'oauth',
    value: 'FILE',
    help: 'Let callers sign in to the services in a JSON file, so that tools act for them there. Needs SECRET_KEY. Default none.',
  },
  {
    name: 'tokens',
    value: 'FILE',
    help: 'Where their tokens are kept, sealed. Default tokens.json beside the keys.',
  },
];

/** By `--oauth`. @throws {UsageError} for a file that says what nobody takes, and without SECRET_KEY. */
export async function readSignIns(
  parsed: ParsedArguments,
  terminal: Pick<Terminal, 'env' | 'cwd'>,
): Promise<SignIns | undefined> {
  const file = parsed.one('oauth');
  if (file === undefined) return undefined;
  const { env, cwd } = terminal;
  const [current, ...old] = [env.SECRET_KEY ?? '', ...(env.SECRET_KEY_OLD ?? '').split(',')].filter(
    (secret, index) => index === 0 || secret !== '',
  );
  if (current === undefined || current === '')
    throw new UsageError(
      'Cannot use --oauth: SECRET_KEY is not set, which seals the tokens',
      'Make one with: openssl rand -base64 32',
    );
  const document = parseJson(await readText(file, cwd), `--oauth=${file}`);
  const named = parsed.one('tokens');
  const path =
    named === undefined ? resolve(dirname(keyPathOf(parsed, terminal)), 'tokens.json') : resolve(cwd, named);
  const [{ readProviders }, { createSealer }, { createSignIns }] = await Promise.all([
    import('../../auth/providers.ts'),
    import('../../auth/sealer.ts'),
    import('../../auth/sign-ins.ts'),
  ]);
  try {
    return createSignIns({
      providers: readProviders(document, env),
      store: openTokenFile(path),
      sealer: await createSealer([current, ...old], 'tokens'),
      fetch: (url, init) => fetch(url, init),
      now: Date.now,
    });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new UsageError(`Cannot use --oauth=${file}: ${error.message}`, 'docs/security.md has an example');
    throw error;
  }
}

const MOST_BYTES = 64 * 1024 * 1024;

/** One file, read once, written whole: readable by its owner only. */
function openTokenFile(path: string): SealedStore {
  let entries: Promise<Map<string, string>> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const load = (): Promise<Map<string, string>> => {
    entries ??= read(path);
    return entries;
  };
  return {
    get: async (key) => (await load()).get(key),
    async set(key, sealed) {
      const all = await load();
      if (sealed === undefined) all.delete(key);
      else all.set(key, sealed);
      // One after the other: each writes what there is by then.
      writing = writing.catch(() => undefined).then(() => write(path, all));
      await writing;
    },
  };
}

async function read(path: string): Promise<Map<string, string>> {
  const found = await stat(path).catch(() => undefined); // no file: nobody is signed in
  if (found === undefined) return new Map();
  try {
    if (found.size > MOST_BYTES) throw new Error('too large');
    const { version, tokens } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const list =
      version === 1 && typeof tokens === 'object' && tokens !== null ? Object.entries(tokens) : undefined;
    if (list === undefined || !list.every(([, value]) => typeof value === 'string'))
      throw new Error('another form');
    return new Map(list as [string, string][]);
  } catch {
    throw new UsageError(`Cannot read the tokens of "${path}": it is not a file of tokens`);
  }
}

async function write(path: string, all: ReadonlyMap<string, string>): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${crypto.randomUUID()}`;
  await writeFile(fresh, `${JSON.stringify({ version: 1, tokens: Object.fromEntries(all) })}\n`, {
    mode: 0o600,
  });
  await chmod(fresh, 0o600);
  await rename(fresh, path);
}
