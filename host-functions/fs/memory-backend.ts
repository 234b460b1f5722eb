import {
  type FsBackend,
  type FsDirectory,
  type FsFile,
  type FsReplacement,
  type FsRoot,
  isReservedName,
  type NodeEntry,
  type NodeStat,
  type NodeTimes,
  type OpenFlags,
} from './backend.ts';
import { FsFault } from './fs-fault.ts';
import {
  type DirectoryNode,
  type FileNode,
  MemoryTree,
  type Node,
  nameBytes,
  setTimes,
  statOf,
} from './memory-tree.ts';

export interface MemoryBackendOptions {
  /** Bytes of all files, names and links together. @default 64 MiB */
  readonly maxBytes?: number;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;
/** Files that live in this object and nowhere else. `host` is the path of a folder in it, made when it is first opened. */
export function createMemoryBackend(options: MemoryBackendOptions = {}): FsBackend {
  const tree = new MemoryTree(options.maxBytes ?? DEFAULT_MAX_BYTES, options.now ?? Date.now);
  const split = (host: string): readonly string[] =>
    host.split('/').filter((segment) => segment !== '' && segment !== '.');
  return {
    open: (host): FsRoot => {
      const path = split(host);
      let node: DirectoryNode = tree.root;
      for (const name of path) {
        const child = node.children.get(name);
        if (child === undefined) node = tree.makeDirectory(node, name);
        else if (child.type === 'directory') node = child;
        else if (child.type === 'file' && name === path.at(-1)) {
          return { directory: new MemoryDirectory(tree, node), file: name };
        } else throw new FsFault('not-directory');
      }
      return { directory: new MemoryDirectory(tree, node) };
    },
    nameOf: (host) => split(host).at(-1) ?? '',
    canonical: (host) => `/${split(host).join('/')}`,
    below: (outer, inner) => {
      const [from, to] = [split(outer), split(inner)];
      return from.every((name, index) => to[index] === name) ? to.slice(from.length) : undefined;
    },
  };
}

class MemoryDirectory implements FsDirectory {
  readonly #tree: MemoryTree;
  readonly node: DirectoryNode;

  constructor(tree: MemoryTree, node: DirectoryNode) {
    this.#tree = tree;
    this.node = node;
  }

  #child(name: string): Node {
    const node = this.node.children.get(name);
    if (node === undefined) throw new FsFault('not-found');
    return node;
  }

  stat(): NodeStat {
    return statOf(this.node);
  }

  lookup(name: string): NodeStat | undefined {
    const node = this.node.children.get(name);
    return node === undefined ? undefined : statOf(node);
  }

  openDirectory(name: string): FsDirectory {
    const node = this.#child(name);
    if (node.type !== 'directory') throw new FsFault('not-directory');
    return new MemoryDirectory(this.#tree, node);
  }

  reopen(): FsDirectory {
    return new MemoryDirectory(this.#tree, this.node);
  }

  openFile(name: string, flags: OpenFlags): FsFile {
    let node = this.node.children.get(name);
    if (node !== undefined && flags.create && flags.exclusive) throw new FsFault('exists');
    if (node === undefined && flags.create) node = this.#tree.makeFile(this.node, name);
    if (node === undefined) throw new FsFault('not-found');
    if (node.type === 'symlink') throw new FsFault('loop');
    if (node.type === 'directory') throw new FsFault('is-directory');
    if (flags.truncate) this.#tree.resize(node, 0);
    return new MemoryFile(this.#tree, node, flags.append);
  }

  list(maxBytes: number): readonly NodeEntry[] {
    let bytes = 0;
    const entries: NodeEntry[] = [];
    for (const [name, node] of this.node.children) {
      bytes += name.length + ENTRY_BYTES;
      if (bytes > maxBytes) throw new FsFault('too-large');
      if (!isReservedName(name)) entries.push({ name, type: node.type, identity: String(node.id) });
    }
    return entries;
  }

  readLink(name: string): string {
    const node = this.#child(name);
    if (node.type !== 'symlink') throw new FsFault('invalid');
    return node.target;
  }

  makeDirectory(name: string): void {
    this.#tree.makeDirectory(this.node, name);
  }

  makeLink(name: string, target: string): void {
    this.#tree.makeLink(this.node, name, target);
  }

  linkFile(name: string, to: FsDirectory, toName: string): void {
    const node = this.#child(name);
    if (node.type === 'directory') throw new FsFault('not-permitted');
    this.#tree.addName(own(to).node, toName, node);
  }

  removeFile(name: string): void {
    const node = this.#child(name);
    if (node.type === 'directory') throw new FsFault('is-directory');
    this.#tree.unlink(this.node, name, node);
  }

  removeDirectory(name: string): void {
    const node = this.#child(name);
    if (node.type !== 'directory') throw new FsFault('not-directory');
    if (node.children.size > 0) throw new FsFault('not-empty');
    this.#tree.unlink(this.node, name, node);
  }

  rename(name: string, to: FsDirectory, toName: string): void {
    const node = this.#child(name);
    const target = own(to).node;
    if (target.removed) throw new FsFault('not-found');
    const old = target.children.get(toName);
    if (old === node) return;
    if (node.type === 'directory') {
      for (let above: DirectoryNode | undefined = target; above !== undefined; above = above.parent) {
        if (above === node) throw new FsFault('invalid');
      }
    }
    if (old !== undefined) {
      if (node.type === 'directory' && old.type !== 'directory') throw new FsFault('not-directory');
      if (node.type !== 'directory' && old.type === 'directory') throw new FsFault('is-directory');
      if (old.type === 'directory' && old.children.size > 0) throw new FsFault('not-empty');
    }
    const growth = nameBytes(toName) - nameBytes(name);
    if (old === undefined && growth > 0) this.#tree.charge(growth);
    else this.#tree.refund(old === undefined ? -growth : nameBytes(name));
    if (old !== undefined) {
      // The name stays in use by the new node, so its bytes stay charged.
      this.#tree.unlink(target, toName, old);
      this.#tree.charge(nameBytes(toName));
    }
    this.node.children.delete(name);
    target.children.set(toName, node);
    if (node.type === 'directory') node.parent = target;
    node.changedMs = this.#tree.now();
    this.#tree.touch(this.node);
    this.#tree.touch(target);
  }

  setTimes(name: string, times: NodeTimes): void {
    setTimes(this.#child(name), times, this.#tree.now());
  }

  setOwnTimes(times: NodeTimes): void {
    setTimes(this.node, times, this.#tree.now());
  }

  replaceFile(name: string, bytes: Uint8Array, exclusive: boolean): void {
    this.#tree.replace(this.node, name, this.replaced(name, exclusive), bytes);
  }

  beginReplacement(name: string, exclusive: boolean): FsReplacement {
    this.replaced(name, exclusive);
    return new MemoryReplacement(this.#tree, this.#tree.looseFile());
  }

  /** The file that a new one of this name would replace. */
  replaced(name: string, exclusive: boolean): FileNode | undefined {
    const old = this.node.children.get(name);
    if (old !== undefined && exclusive) throw new FsFault('exists');
    if (old?.type === 'directory') throw new FsFault('is-directory');
    if (old?.type === 'symlink') throw new FsFault('loop');
    return old;
  }

  close(): void {}
}

/** Bytes that one entry of a listing takes beside its name. */
const ENTRY_BYTES = 48;

class MemoryFile implements FsFile {
  readonly #tree: MemoryTree;
  readonly #node: FileNode;
  readonly #append: boolean;
  #closed = false;

  constructor(tree: MemoryTree, node: FileNode, append: boolean) {
    this.#tree = tree;
    this.#node = node;
    this.#append = append;
    node.opens += 1;
  }

  stat(): NodeStat {
    return statOf(this.#node);
  }

  read(into: Uint8Array, offset: number): number {
    const { data, size } = this.#node;
    const part = data.subarray(Math.min(offset, size), Math.min(offset + into.length, size));
    into.set(part);
    this.#node.accessedMs = this.#tree.now();
    return part.length;
  }

  write(bytes: Uint8Array, offset: number): void {
    const at = this.#append ? this.#node.size : offset;
    if (bytes.length === 0) return;
    if (at + bytes.length > this.#node.size) this.#tree.resize(this.#node, at + bytes.length);
    this.#node.data.set(bytes, at);
    this.#tree.touch(this.#node);
  }

  truncate(size: number): void {
    this.#tree.resize(this.#node, size);
  }

  setTimes(times: NodeTimes): void {
    setTimes(this.#node, times, this.#tree.now());
  }

  sync(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#node.opens -= 1;
    this.#tree.release(this.#node);
  }
}

class MemoryReplacement extends MemoryFile implements FsReplacement {
  readonly #tree: MemoryTree;
  readonly #node: FileNode;

  constructor(tree: MemoryTree, node: FileNode) {
    super(tree, node, false);
    this.#tree = tree;
    this.#node = node;
  }

  commit(to: FsDirectory, name: string, exclusive: boolean): void {
    const target = own(to);
    const old = target.replaced(name, exclusive);
    if (old !== undefined) this.#tree.unlink(target.node, name, old);
    this.#tree.addName(target.node, name, this.#node);
  }
}

/** A directory of another back end can only come here by a bug above. */
function own(directory: FsDirectory): MemoryDirectory {
  if (directory instanceof MemoryDirectory) return directory;
  throw new FsFault('cross-device');
}
