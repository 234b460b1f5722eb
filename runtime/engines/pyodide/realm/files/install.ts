import type { EmscriptenModule, RealmPort } from '../contract.ts';
import type { Fs } from './fs.ts';
import type { GivenFiles, serveGivenFiles } from './given-files.ts';
import type { askHostFiles } from './host-files.ts';
import type { lateFile } from './late-file.ts';
import type { keepMounts } from './mounts.ts';
import type { openHostFiles } from './open-files.ts';
import type { serveHostPaths } from './paths.ts';
import type { limitScratch } from './scratch.ts';
import type { keepUmask } from './umask.ts';

/** The granted folders as the guest's file system sees them. */
export interface FileRealm {
  /** Puts a file of a package in place; before `enter`. */
  install(path: string, bytes: Uint8Array): void;
  /** Puts a file in place whose bytes are brought once it is read; before `enter`. One that is there stays. */
  offer(path: string, size: number, read: () => Uint8Array): void;
  /** Tells of the mounts of the run, and stands in its working folder. `scratchBytes` counts from the first run on. */
  enter(
    mounts: readonly string[],
    writable: readonly boolean[],
    cwd: string,
    chunkBytes: number,
    scratchBytes: number,
  ): void;
  /** What the host gives to the run and takes from it. */
  readonly given: GivenFiles;
  /** Back to where nothing is granted, and files can be installed. */
  leave(): void;
  /** Sets the permissions that new files do not get; answers those of before. */
  umask(mask: number): number;
  /** The refusal behind the last failed call, as JSON; empty if there was none. Asking clears it. */
  refusal(): string;
}

/** The functions that it is made of, each of the guest's realm. */
export interface FileParts {
  readonly askHostFiles: typeof askHostFiles;
  readonly keepMounts: typeof keepMounts;
  readonly keepUmask: typeof keepUmask;
  readonly lateFile: typeof lateFile;
  readonly limitScratch: typeof limitScratch;
  readonly openHostFiles: typeof openHostFiles;
  readonly serveGivenFiles: typeof serveGivenFiles;
  readonly serveHostPaths: typeof serveHostPaths;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. Paths in a granted folder go to the host, one call for what one system call does, and
 * nothing is cached: the host looks at the grant and at the disk each time. Writes outside the scratch folder go there too, to be refused
 * in the host's own words. All else is the interpreter's own files, in memory.
 */
export function installFiles(module: EmscriptenModule, port: RealmPort, parts: FileParts): FileRealm {
  const FS = module.FS as unknown as Fs; // the shape is Emscripten's, checked by the tests that use each function
  const SITE_PACKAGES = '/lib/python3.14/site-packages';
  const host = parts.askHostFiles(FS, port);
  const mounts = parts.keepMounts(FS);
  const files = parts.openHostFiles(FS, port, host, mounts);
  const scratch = parts.limitScratch(FS, host, mounts);
  const given = parts.serveGivenFiles(FS, port, mounts);
  const umask = parts.keepUmask(FS); // before the host is put ahead of the same functions: what it makes has its own modes
  parts.serveHostPaths(FS, host, mounts, files, scratch);
  /** The budget of files in memory is that of the whole guest, not of each of its runs. */
  let hasBudget = false;
  const offered = new Set<string>();
  const nothing = new Uint8Array();

  return {
    install: (path, bytes) => {
      const whole = `${SITE_PACKAGES}/${path}`;
      FS.mkdirTree(whole.slice(0, whole.lastIndexOf('/')));
      FS.writeFile(whole, bytes, { canOwn: true });
    },
    offer: (path, size, read) => {
      if (offered.has(path)) return;
      mounts.leave();
      if (offered.size === 0) FS.mkdirTree(path.slice(0, path.lastIndexOf('/')));
      offered.add(path);
      FS.writeFile(path, nothing, {});
      parts.lateFile(FS, path, size, read);
    },
    enter: (paths, writes, cwd, chunkBytes, scratchBytes) => {
      if (!hasBudget) scratch.set(scratchBytes);
      hasBudget = true;
      mounts.enter(paths, writes);
      files.setChunk(chunkBytes);
      // A guest that is kept stays where its last run has gone to.
      if (cwd !== '' && (mounts.isGranted(cwd) || cwd === '/tmp')) FS.currentPath = cwd;
    },
    given,
    umask: umask.set,
    leave: () => {
      mounts.leave();
      umask.reset();
      hasBudget = false;
      scratch.set(Number.POSITIVE_INFINITY);
    },
    refusal: host.refusal,
  };
}
