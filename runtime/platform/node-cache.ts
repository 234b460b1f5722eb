import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ByteCache } from '../contracts/engine.ts';
import type { TellNotice } from '../vocabulary/notice.ts';
import { MIB } from '../vocabulary/units.ts';
import { digestInSlices } from './digest-in-slices.ts';

const DIGEST_BYTES = 32;
const DEFAULT_MAX_BYTES = 2 * 1024 * MIB;
/** What an entry is called. Nothing else in the folder is ever removed. */
const ENTRY_NAME = /^[0-9a-f]{64}$/;

export interface FileCacheOptions {
  /** Bytes of all entries together; the ones used last stay. @default 2 GiB */
  readonly maxBytes?: number;
  /** Told once when an entry cannot be kept. */
  readonly tell?: TellNotice;
}

/**
 * A folder of derived bytes. Each entry starts with the SHA-256 of what follows: a damaged or half-written entry reads as absent. Whoever can
 * write to the folder can run code in a cell, so it is made private to its owner.
 */
export function openFileCache(
  folder: string | undefined,
  { maxBytes = DEFAULT_MAX_BYTES, tell = () => undefined }: FileCacheOptions = {},
): ByteCache {
  let toldOf = false;
  const warn = (error: unknown): void => {
    if (toldOf) return;
    toldOf = true;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    tell({
      kind: 'not-kept',
      message:
        `Nothing can be kept in ${root} (${reason}), so every process prepares its engines anew; set ` +
        'XDG_CACHE_HOME, or the option cache, to a folder that can be written to',
    });
  };
  const root = folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sandglass');
  const pathOf = async (key: string): Promise<string> => join(root, (await sha256(key)).toString('hex'));
  /** Written since the folder was last looked through, and what it held then; unknown at first. */
  let held = Number.POSITIVE_INFINITY;
  let trimming: Promise<void> | undefined;
  const trim = async (): Promise<void> => {
    held = await removeOldest(root, maxBytes);
  };
  return {
    get: async (key) => {
      let entry: Uint8Array<ArrayBuffer>;
      const path = await pathOf(key);
      try {
        entry = await readFile(path);
      } catch {
        return undefined; // absent or unreadable: derived again
      }
      const { buffer, byteOffset, byteLength } = entry;
      if (byteLength < DIGEST_BYTES) return undefined;
      const bytes = new Uint8Array(buffer, byteOffset + DIGEST_BYTES, byteLength - DIGEST_BYTES);
      const digest = await sha256(bytes);
      if (!digest.equals(entry.subarray(0, DIGEST_BYTES))) return undefined;
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined); // then it only looks older than it is
      return bytes;
    },
    set: async (key, bytes) => {
      const size = DIGEST_BYTES + bytes.byteLength;
      if (size > maxBytes) return;
      const path = await pathOf(key);
      const draft = `${path}.${crypto.randomUUID()}`;
      try {
        await makeFolder(root);
        await writeFile(draft, [await sha256(bytes), bytes], { mode: 0o600 });
        await rename(draft, path);
        held += size;
        if (held <= maxBytes) return;
        trimming ??= trim().finally(() => {
          trimming = undefined;
        });
        await trimming;
      } catch (error) {
        warn(error);
        await rm(draft, { force: true }).catch(() => undefined); // a cache that cannot be written costs time, not a run
      }
    },
  };
}

/** Folder by folder: Node's own recursive mkdir never ends where a parent cannot be made and is not told so, as below /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what node:fs throws
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path, { mode: 0o700 });
  }
}

/** Removes the entries that were not used for longest until the rest fits. @returns The bytes of what stays. */
async function removeOldest(root: string, maxBytes: number): Promise<number> {
  const entries: { readonly path: string; readonly size: number; readonly usedAt: number }[] = [];
  for (const name of await readdir(root)) {
    if (!ENTRY_NAME.test(name)) continue;
    const path = join(root, name);
    const found = await stat(path).catch(() => undefined); // another process removed it
    if (found !== undefined) entries.push({ path, size: found.size, usedAt: found.mtimeMs });
  }
  entries.sort((one, other) => one.usedAt - other.usedAt);
  let left = entries.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of entries) {
    if (left <= maxBytes) break;
    await rm(path, { force: true }).catch(() => undefined); // it is tried again the next time
    left -= size;
  }
  return left;
}

const sha256 = (content: string | Uint8Array): Promise<Buffer> => digestInSlices('sha256', content);
