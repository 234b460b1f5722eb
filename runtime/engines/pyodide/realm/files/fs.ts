export interface Stat {
  dev: number;
  ino: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  size: number;
  atime: Date;
  mtime: Date;
  ctime: Date;
  blksize: number;
  blocks: number;
}

export interface FsNode {
  id: number;
  mode: number;
  node_ops: object;
  stream_ops: object;
  contents?: Uint8Array;
  usedBytes: number;
  /** Of a link in memory: its target. */
  link?: string;
  handle: number;
  users: number;
  /** Of a file or folder that the host serves. */
  path?: string;
  /** Kinds of a listed folder's entries, by name. */
  kinds?: Map<string, number>;
}

export interface FsStream {
  node: FsNode;
  flags: number;
  position: number;
  getdents?: string[];
}

/** Memory that stands for a part of a file. */
export interface Mapped {
  ptr: number;
  allocated: boolean;
}

/** The parts of Emscripten's `FS` that are used here; its own functions call each other through this object. */
export interface Fs {
  currentPath: string;
  root: FsNode;
  ErrnoError: new (errno: number) => Error;
  FSNode: new (parent: FsNode, name: string, mode: number, device: number) => FsNode;
  createStream(stream: object): FsStream;
  readonly streams: readonly (FsStream | null | undefined)[];
  cwd(): string;
  lookupPath(path: string): { readonly node: FsNode };
  isFile(mode: number): boolean;
  isDir(mode: number): boolean;
  mkdirTree(path: string): void;
  writeFile(path: string, bytes: Uint8Array, options: object): void;
  filesystems: {
    MEMFS: {
      expandFileStorage(node: FsNode, capacity: number): void;
      resizeFileStorage(node: FsNode, size: number): void;
      ops_table: {
        file: {
          stream: {
            write: (...args: never[]) => number;
            mmap: (
              stream: object,
              length: number,
              position: number,
              protection: number,
              flags: number,
            ) => Mapped;
          };
        };
      };
    };
  };
  [name: string]: unknown;
}
