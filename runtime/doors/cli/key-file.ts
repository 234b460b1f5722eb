import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type ApiKey, holderOf, type KeyHolder } from '../../auth/api-key.ts';
import type { ParsedArguments } from './flags.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** Keys kept in one file: hashes of them, and what each allows. */
export interface KeyFile {
  readonly path: string;
  /** @throws {UsageError} for a file that is none of keys. */
  read(): Promise<readonly ApiKey[]>;
  /** Puts a list in the place of the one before, readable by its owner only. */
  write(keys: readonly ApiKey[]): Promise<void>;
  /** Whom a key stands for, by the file as it is now: what was revoked counts from then on. */
  holderOf(text: string, now: number): Promise<KeyHolder | undefined>;
}

const MOST_BYTES = 4 * 1024 * 1024;

/** By `--keys`, the variable SANDGLASS_KEYS, else in the user's folder of configurations. */
export function keyPathOf(parsed: ParsedArguments, { env, cwd }: Pick<Terminal, 'env' | 'cwd'>): string {
  const named = parsed.one('keys') ?? env.SANDGLASS_KEYS;
  if (named !== undefined && named !== '') return resolve(cwd, named);
  const folder = env.XDG_CONFIG_HOME ?? join(env.HOME ?? env.USERPROFILE ?? cwd, '.config');
  return join(folder, 'sandglass', 'keys.json');
}

export function openKeyFile(path: string): KeyFile {
  let known: { readonly stamp: string; readonly keys: readonly ApiKey[] } | undefined;
  const read = async (): Promise<readonly ApiKey[]> => {
    const found = await stat(path).catch(() => undefined); // no file: no keys
    if (found === undefined) return [];
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (known?.stamp !== stamp) known = { stamp, keys: await load(path, found.size) };
    return known.keys;
  };
  return {
    path,
    read,
    async write(keys) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const fresh = `${path}.${crypto.randomUUID()}`;
      await writeFile(fresh, `${JSON.stringify({ version: 1, keys }, undefined, 2)}\n`, { mode: 0o600 });
      await chmod(fresh, 0o600);
      await rename(fresh, path);
    },
    holderOf: async (text, now) => holderOf(text, await read(), now),
  };
}

async function load(path: string, bytes: number): Promise<readonly ApiKey[]> {
  if (bytes > MOST_BYTES) throw noKeys(path, `over ${MOST_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw noKeys(path, 'it is not JSON, or cannot be read');
  }
  const { version, keys } = (value ?? {}) as { readonly version?: unknown; readonly keys?: unknown };
  if (version !== 1 || !Array.isArray(keys) || !keys.every(isKey))
    throw noKeys(path, 'it is not a file of keys');
  return keys;
}

const isKey = (value: unknown): value is ApiKey => {
  const { name, hash, permissions, createdAt } = (value ?? {}) as Partial<Record<keyof ApiKey, unknown>>;
  return (
    typeof name === 'string' &&
    typeof hash === 'string' &&
    Array.isArray(permissions) &&
    typeof createdAt === 'number'
  );
};

const noKeys = (path: string, reason: string): UsageError =>
  new UsageError(`Cannot read the keys of "${path}": ${reason}`, 'sandglass keys add NAME makes such a file');
