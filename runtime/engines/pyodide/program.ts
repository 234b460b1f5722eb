import type { PyodideAssets } from './assets.ts';
import type { LibraryModule } from './library.ts';
import type { PackageFile } from './packages.ts';

/** What every interpreter starts from, as `Engine.shared` gives it to a cell. */
export interface PyodideShared {
  /** Without a snapshot, each interpreter starts from nothing, with a hash seed of its own. */
  readonly assets: PyodideAssets;
  /** The maximum that the module was compiled with, bytes. */
  readonly maxMemoryBytes: number;
  /** Imported in the snapshot; their files are put in place ahead. */
  readonly packages?: readonly PackageFile[];
}

/** One prepared program. */
export interface PyodideProgram {
  readonly code: string;
  readonly filename: string;
  readonly modules: Readonly<Record<string, string>>;
  /** To be installed for it. */
  readonly packages?: readonly PackageFile[];
  /** Modules of the standard library that it may import. */
  readonly library?: readonly LibraryModule[];
  /** Present when the run needs another interpreter than the shared one: more memory than that has, or hashes that repeat. */
  readonly shared?: PyodideShared;
}
