import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { LocatedFile } from './sqlite-guest.ts';

/** A database's file by its real path, links resolved; of one that is not there yet, by its folder's. */
export async function locateFile(file: string): Promise<LocatedFile> {
  const path = resolve(file);
  const real = await realpath(path).catch(async () => {
    const folder = await realpath(dirname(path)).catch(() => dirname(path)); // the run says that it is not there
    return join(folder, basename(path));
  });
  return { key: real, folder: dirname(real), name: basename(real) };
}
