import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const NAME = 'audit.lock';
/** Locks that this process holds. */
const held = new Set<string>();

/**
 * Keeps a folder for one writer: two would tear what is written. What a process that is gone has left is taken over.
 * @param name Of the file that says so. @default 'audit.lock'
 * @returns Gives it back.
 * @throws {Error} when another one writes to it.
 */
export function lockFolder(dir: string, name: string = NAME): () => void {
  const path = join(resolve(dir), name);
  const holder = held.has(path) ? process.pid : holderOf(path);
  if (holder !== undefined)
    throw new Error(
      `process ${holder} writes to it: each server or runtime needs a folder of its own. Where ${holder} is another program by now, remove ${name}`,
    );
  rmSync(path, { force: true });
  // Fails when somebody else was faster.
  writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
  held.add(path);
  return () => {
    held.delete(path);
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
