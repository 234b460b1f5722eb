import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { ByteCache } from '../engine.ts';

const DIGEST_BYTES = 32;

/**
 * A folder of derived bytes. Each entry starts with the SHA-256 of what follows: a damaged or half-written entry reads as absent. Whoever can
 * write to the folder can run code in a cell, so it is made private to its owner.
 */
export function openFileCache(folder: string | undefined): ByteCache {
  const root = folder ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sandglass');
  const pathOf = (key: string): string => join(root, createHash('sha256').update(key).digest('hex'));
  return {
    get: async (key) => {
      let entry: Uint8Array<ArrayBuffer>;
      try {
        entry = new Uint8Array(await readFile(pathOf(key)));
      } catch {
        return undefined; // absent or unreadable: derived again
      }
      const bytes = entry.slice(DIGEST_BYTES);
      const digest = createHash('sha256').update(bytes).digest();
      return digest.equals(entry.subarray(0, DIGEST_BYTES)) ? bytes : undefined;
    },
    set: async (key, bytes) => {
      const path = pathOf(key);
      const draft = `${path}.${randomUUID()}`;
      try {
        await mkdir(root, { recursive: true, mode: 0o700 });
        await writeFile(draft, Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]), {
          mode: 0o600,
        });
        await rename(draft, path);
      } catch {
        await rm(draft, { force: true }).catch(() => undefined); // a cache that cannot be written costs time, not a run
      }
    },
  };
}
