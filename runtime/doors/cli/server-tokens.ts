import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerSignIn, SignInStore, ToolServer } from '../../contracts/api/tool-servers.ts';
import { UsageError } from './usage-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Servers that are signed in to keep their tokens from one command to the next, sealed: a file for each. @throws {UsageError} without SECRET_KEY */
export async function withTokens(
  servers: Readonly<Record<string, ToolServer>>,
  folder: string,
  env: Environment,
): Promise<Readonly<Record<string, ToolServer>>> {
  const kept = Object.entries(servers).map(async ([name, server]) => {
    if (!('url' in server) || server.oauth === undefined) return [name, server] as const;
    const given: ServerSignIn = server.oauth === true ? {} : server.oauth;
    const store = await openStore(name, join(folder, 'server-tokens'), env);
    return [name, { ...server, oauth: { ...given, store } }] as const;
  });
  return Object.fromEntries(await Promise.all(kept));
}

async function openStore(name: string, folder: string, env: Environment): Promise<SignInStore> {
  const [current = '', ...old] = [env.SECRET_KEY ?? '', ...(env.SECRET_KEY_OLD ?? '').split(',')].filter(
    (secret, index) => index === 0 || secret !== '',
  );
  if (current === '')
    throw new UsageError(
      `Cannot use oauth of the server ${name}: SECRET_KEY is not set, which seals its tokens`,
      'Make one with: openssl rand -base64 32',
    );
  const { createSealer } = await import('../../auth/sealer.ts');
  const sealer = await createSealer([current, ...old], 'servers');
  // Names have letters, digits, - and _: the runtime refuses others.
  const path = join(folder, `${encodeURIComponent(name)}.sealed`);
  return {
    async get() {
      const sealed = await readFile(path, 'utf8').catch(() => undefined); // nobody is signed in
      return sealed === undefined ? undefined : sealer.open(sealed, name);
    },
    async set(text) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const fresh = `${path}.${crypto.randomUUID()}`;
      await writeFile(fresh, await sealer.seal(text, name), { mode: 0o600 });
      await chmod(fresh, 0o600);
      await rename(fresh, path);
    },
  };
}
