import type { RunSpec } from '../../engine.ts';

export interface Preopen {
  /** What the guest is told: an absolute path, or `.` for where relative paths start. */
  readonly name: string;
  /** Guest path of the folder. */
  readonly path: string;
}

/** The folders that a program finds open: every mount, and `.` where the run's working folder lies in one. */
export function preopens({ mounts, cwd }: RunSpec): readonly Preopen[] {
  const all = mounts.map(({ path }) => ({ name: path, path }));
  const inside = mounts.some(({ path }) => cwd === path || path === '/' || cwd.startsWith(`${path}/`));
  // libc takes the last name that fits; a root mount already serves relative paths that start at the root.
  return inside && cwd !== '/' ? [...all, { name: '.', path: cwd }] : all;
}
