import { fstatSync } from 'node:fs';

/**
 * Whether somebody has put something into stdin: a pipe of a shell, or a file. Sockets are left out, since programs that start this one make
 * them by default and may never close them.
 */
export function isPiped(fd = 0): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isFile();
  } catch {
    return false; // closed
  }
}
