/** A folder that a WASI program finds open when it starts. */
export interface Preopen<Mount> {
  /** What the guest is told: an absolute path, or `.` for where relative paths start. */
  readonly name: string;
  /** Guest path of the folder. */
  readonly path: string;
  /** What was granted there; absent for the root that stands for single files. */
  readonly mount: Mount | undefined;
}

interface Folders<Mount> {
  readonly mounts: readonly Mount[];
  readonly cwd: string;
  readonly granted: readonly string[];
}

/**
 * The folders that a WASI program finds open, for preview 1 and 0.2 alike: every mount, and `.` where the run's working folder lies in one.
 * Where single files are all that was granted, they are reached through `/`.
 */
export function preopens<Mount extends { readonly path: string; readonly scratch?: boolean }>({
  mounts,
  cwd,
  granted,
}: Folders<Mount>): readonly Preopen<Mount>[] {
  const all = mounts.map((mount) => ({ name: mount.path, path: mount.path, mount }));
  if (granted.includes('fs') && mounts.every(({ scratch }) => scratch === true))
    return [...all, { name: '/', path: '/', mount: undefined }];
  const holding = mounts.filter(({ path }) => cwd === path || path === '/' || cwd.startsWith(`${path}/`));
  const mount = holding.toSorted((left, right) => right.path.length - left.path.length)[0];
  // libc takes the last name that fits; a root mount already serves relative paths that start at the root.
  return mount !== undefined && cwd !== '/' ? [...all, { name: '.', path: cwd, mount }] : all;
}
