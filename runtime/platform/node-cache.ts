import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ByteCache } from '../contracts/engine.ts';

const DIGEST_BYTES = 32;

/**
 * A folder of derived bytes. Each entry starts with the SHA-256 of what follows: a damaged or half-written entry reads as absent. Whoever can
 * write to the folder can run code in a cell, so it is made private to its owner.
 */
export function openFileCache(folder: string | undefined): ByteCache {
  const root = folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sandglass');
  const pathOf = async (key: string): Promise<string> => join(root, (await sha256(key)).toString('hex'));
  return {
    get: async (key) => {
      let entry: Uint8Array<ArrayBuffer>;
      try {
        entry = new Uint8Array(await readFile(await pathOf(key)));
      } catch {
        return undefined; // absent or unreadable: derived again
      }
      const bytes = entry.slice(DIGEST_BYTES);
      const digest = await sha256(bytes);
      return digest.equals(entry.subarray(0, DIGEST_BYTES)) ? bytes : undefined;
    },
    set: async (key, bytes) => {
      const path = await pathOf(key);
      const draft = `${path}.${crypto.randomUUID()}`;
      try {
        await mkdir(root, { recursive: true, mode: 0o700 });
        await writeFile(draft, Buffer.concat([await sha256(bytes), bytes]), {
          mode: 0o600,
        });
        await rename(draft, path);
      } catch {
        await rm(draft, { force: true }).catch(() => undefined); // a cache that cannot be written costs time, not a run
      }
    },
  };
}

/** Loaded late: many runs never look into the cache, and node:crypto is large. */
async function sha256(content: string | Uint8Array): Promise<Buffer> {
  const { createHash } = await import('node:crypto');
  return createHash('sha256').update(content).digest();
}
