import type { FsDirectory, FsFile, FsReplacement } from './backend.ts';
import type { FolderWatch } from './folder-watch.ts';
import { FsFault } from './fs-fault.ts';
import type { EntryState } from './mount-tree.ts';
import type { Location } from './walk.ts';

/** An open file. `entry`: pays for what goes through it. */
export interface FileHandle {
  readonly kind: 'file';
  readonly file: FsFile;
  readonly device: string;
  /** As the guest knows it, for messages. */
  readonly path: string;
  /** Absent: opened for neither. */
  readonly reader: EntryState | undefined;
  readonly writer: EntryState | undefined;
  readonly append: boolean;
  /** The same file, where it will replace the one at `path`. */
  readonly replacement?: { readonly file: FsReplacement; readonly exclusive: boolean };
}

/** An open folder, its own opening of it. A rename by this guest moves `location`. */
export interface FolderHandle {
  readonly kind: 'folder';
  location: Location;
  readonly directory: FsDirectory | undefined;
  readonly entry: EntryState | undefined;
  /** It tells what changes in it. */
  readonly watch?: FolderWatch;
}

export type Handle = FileHandle | FolderHandle;

/** Folders above the mounts are free for the guest, but not endless. */
const MAX_HANDLES = 4096;

/** What one run has open. A guest's number means nothing outside this table. */
export class HandleTable {
  readonly #handles = new Map<number, Handle>();
  #next: number;

  /** @param first Number of the first handle. */
  constructor(first = 1) {
    this.#next = first;
  }

  /** @throws {FsFault} `too-many-open`; then the caller still owns what it opened. */
  add(handle: Handle): number {
    const payer = payerOf(handle);
    if (this.#handles.size >= MAX_HANDLES || (payer && payer.openFiles >= payer.policy.maxOpenFiles)) {
      throw new FsFault('too-many-open');
    }
    if (payer !== undefined) payer.openFiles += 1;
    const number = this.#next++;
    this.#handles.set(number, handle);
    return number;
  }

  /** `undefined` for a number that is nobody's. */
  find(number: number): Handle | undefined {
    return this.#handles.get(number);
  }

  /** @throws {FsFault} `bad-handle` */
  get(number: number): Handle {
    const handle = this.#handles.get(number);
    if (handle === undefined) throw new FsFault('bad-handle');
    return handle;
  }

  file(number: number): FileHandle {
    const handle = this.get(number);
    if (handle.kind !== 'file') throw new FsFault('is-directory');
    return handle;
  }

  folder(number: number): FolderHandle {
    const handle = this.get(number);
    if (handle.kind !== 'folder') throw new FsFault('not-directory');
    return handle;
  }

  close(number: number): void {
    const handle = this.get(number);
    this.#handles.delete(number);
    const payer = payerOf(handle);
    if (payer !== undefined) payer.openFiles -= 1;
    if (handle.kind === 'file') handle.file.close();
    else {
      handle.watch?.close();
      handle.directory?.close();
    }
  }

  /** Entries that the watches look at, but for those of `but`. */
  watchedEntries(but: Handle): number {
    let entries = 0;
    for (const handle of this.#handles.values()) {
      if (handle !== but && handle.kind === 'folder') entries += handle.watch?.size ?? 0;
    }
    return entries;
  }

  closeAll(): void {
    for (const number of [...this.#handles.keys()]) this.close(number);
  }

  /** A folder was renamed: what is open in it moves along, so that the deny list is asked about where it is now. */
  moved(from: readonly string[], to: readonly string[]): void {
    for (const handle of this.#handles.values()) {
      if (handle.kind !== 'folder') continue;
      const { path } = handle.location;
      if (path.length >= from.length && from.every((name, index) => path[index] === name)) {
        handle.location = { ...handle.location, path: [...to, ...path.slice(from.length)] };
      }
    }
  }
}

const payerOf = (handle: Handle): EntryState | undefined =>
  handle.kind === 'file' ? (handle.writer ?? handle.reader) : handle.entry;
