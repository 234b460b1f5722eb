import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const NAME = 'audit.lock';
/** Folders that this process writes to. */
const held = new Set<string>();

/**
 * Keeps a folder for one writer: two would tear the chain. What a process that is gone has left is taken over.
 * @returns Gives it back.
 * @throws {Error} when another one writes to it.
 */
export function lockFolder(dir: string): () => void {
  const folder = resolve(dir);
  const path = join(folder, NAME);
  const holder = held.has(folder) ? process.pid : holderOf(path);
  if (holder !== undefined)
    throw new Error(
      `process ${holder} writes to it: each server or runtime needs a folder of its own. Where ${holder} is another program by now, remove ${NAME}`,
    );
  rmSync(path, { force: true });
  // Fails when somebody else was faster.
  writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
  held.add(folder);
  return () => {
    held.delete(folder);
    rmSync(path, { force: true });
  };
}

/** The other process that holds it, when there is one. */
function holderOf(path: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // nobody has left one
  }
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
