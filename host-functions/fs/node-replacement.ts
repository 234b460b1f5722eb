import type { FsDirectory, FsReplacement } from './backend.ts';
import { NodeFile } from './node-file.ts';

/** The folder in which a hidden file waits. */
interface TemporaryFolder {
  commitTemporary(
    temporary: string,
    fd: number,
    to: FsDirectory,
    name: string,
    exclusive: boolean,
    synced: boolean,
  ): void;
  dropTemporary(temporary: string): void;
  close(): void;
}

/** A hidden file beside the one that it will replace. */
export class NodeReplacement extends NodeFile implements FsReplacement {
  readonly #directory: TemporaryFolder;
  readonly #temporary: string;
  readonly #fd: number;
  #committed = false;

  /** Takes over `directory` and `fd`. */
  constructor(directory: TemporaryFolder, temporary: string, fd: number) {
    super(fd, false);
    this.#directory = directory;
    this.#temporary = temporary;
    this.#fd = fd;
  }

  commit(to: FsDirectory, name: string, exclusive: boolean, synced = false): void {
    this.#directory.commitTemporary(this.#temporary, this.#fd, to, name, exclusive, synced);
    this.#committed = true;
  }

  override close(): void {
    super.close();
    if (!this.#committed) this.#directory.dropTemporary(this.#temporary);
    this.#directory.close();
  }
}
