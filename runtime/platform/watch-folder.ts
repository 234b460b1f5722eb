import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLookedInto } from './read-tools.ts';

/** Changes come in bursts: an editor writes, renames, sets times. */
const PAUSE_MS = 50;

/**
 * Calls back some time after something in a folder, in one of its folders, or in the folder of a file may have changed. Nothing is kept alive by it.
 * @returns What ends that.
 * @throws when there is nothing to watch.
 */
export function watchFolder(given: string | URL, onChange: () => void): () => void {
  const path = resolve(given instanceof URL ? fileURLToPath(given) : given);
  const root = statSync(path).isDirectory() ? path : dirname(path);
  const isFolder = root === path;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watchers = new Map<string, FSWatcher>();
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      watchAll();
      onChange();
    }, PAUSE_MS);
    timer.unref();
  };
  const watchOne = (folder: string): void => {
    if (watchers.has(folder)) return;
    const watcher = watch(folder, { persistent: false }, soon);
    watchers.set(folder, watcher);
    // One that is gone: what it held cannot be read, which is told.
    watcher.on('error', () => {
      watcher.close();
      watchers.delete(folder);
      soon();
    });
  };
  /** Folders that have come since are watched, too; those that are gone are let go. */
  const watchAll = (): void => {
    const wanted = new Set([root, ...(isFolder ? foldersIn(root) : [])]);
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      try {
        watchOne(folder);
      } catch {
        // It went meanwhile: its folder tells of it.
      }
    }
  };
  watchOne(root);
  watchAll();
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers.values()) watcher.close();
  };
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isLookedInto(entry.name))
      .map(({ name }) => join(folder, name));
  } catch {
    return []; // gone
  }
}
