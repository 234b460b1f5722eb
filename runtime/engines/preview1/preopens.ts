import type { RunSpec } from '../../contracts/engine.ts';

export interface Preopen {
  /** What the guest is told: an absolute path, or `.` for where relative paths start. */
  readonly name: string;
  /** Guest path of the folder. */
  readonly path: string;
}

/**
 * The folders that a program finds open: every mount, and `.` where the run's working folder lies in one. Where single files are all that was
 * granted, they are reached through `/`.
 */
export function preopens({ mounts, cwd, granted }: RunSpec): readonly Preopen[] {
  const all = mounts.map(({ path }) => ({ name: path, path }));
  if (granted.includes('fs') && mounts.every(({ scratch }) => scratch === true))
    return [...all, { name: '/', path: '/' }];
  const inside = mounts.some(({ path }) => cwd === path || path === '/' || cwd.startsWith(`${path}/`));
  // libc takes the last name that fits; a root mount already serves relative paths that start at the root.
  return inside && cwd !== '/' ? [...all, { name: '.', path: cwd }] : all;
}
