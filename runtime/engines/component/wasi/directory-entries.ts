import type { FsEntry } from '../../../contracts/operations/fs.ts';
import type { ComponentRun } from '../component-run.ts';
import { type FsErrorCode, ok, type Result } from './errors.ts';
import { type DescriptorType, descriptorType } from './stat.ts';

/** `wasi:filesystem/types.directory-entry-stream`. */
export class DirectoryEntryStream {
  readonly #run: ComponentRun;
  readonly #entries: readonly FsEntry[];
  #next = 0;

  constructor(run: ComponentRun, entries: readonly FsEntry[]) {
    this.#run = run;
    this.#entries = entries;
  }

  readDirectoryEntry(): Result<
    { readonly type: DescriptorType; readonly name: string } | undefined,
    FsErrorCode
  > {
    this.#run.check();
    const entry = this.#entries[this.#next];
    this.#next += 1;
    return ok(entry === undefined ? undefined : { type: descriptorType(entry.type), name: entry.name });
  }
}
