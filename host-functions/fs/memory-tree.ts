import type { NodeStat, NodeTimes } from './backend.ts';
import { FsFault } from './fs-fault.ts';

export interface FileNode extends Times {
  readonly type: 'file';
  readonly id: number;
  /** Capacity; the file's bytes are its first `size`. */
  data: Uint8Array;
  size: number;
  links: number;
  /** Open handles; the bytes of a removed file are given back when the last one closes. */
  opens: number;
}
export interface DirectoryNode extends Times {
  readonly type: 'directory';
  readonly id: number;
  readonly children: Map<string, Node>;
  parent: DirectoryNode | undefined;
  removed: boolean;
}
export interface LinkNode extends Times {
  readonly type: 'symlink';
  readonly id: number;
  readonly target: string;
  links: number;
}
export type Node = FileNode | DirectoryNode | LinkNode;
interface Times {
  accessedMs: number;
  modifiedMs: number;
  changedMs: number;
}

/** Charged for each node beside its bytes, so that empty files are not free. */
const NODE_BYTES = 256;

/** Nodes and how many bytes they may take together. */
export class MemoryTree {
  readonly root: DirectoryNode;
  readonly now: () => number;
  readonly #maxBytes: number;
  #usedBytes = 0;
  #nextId = 1;

  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.now = now;
    this.root = {
      type: 'directory',
      children: new Map(),
      parent: undefined,
      removed: false,
      ...this.#fresh(),
    };
  }

  /** @throws {FsFault} `no-space`, before anything is allocated. */
  charge(bytes: number): void {
    if (this.#usedBytes + bytes > this.#maxBytes) throw new FsFault('no-space');
    this.#usedBytes += bytes;
  }

  refund(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  #fresh(): Times & { readonly id: number } {
    const at = this.now();
    return { id: this.#nextId++, accessedMs: at, modifiedMs: at, changedMs: at };
  }

  #add<N extends Node>(parent: DirectoryNode, name: string, make: () => N): N {
    if (parent.removed) throw new FsFault('not-found');
    if (parent.children.has(name)) throw new FsFault('exists');
    this.charge(nameBytes(name));
    const node = make();
    parent.children.set(name, node);
    this.touch(parent);
    return node;
  }

  makeDirectory(parent: DirectoryNode, name: string): DirectoryNode {
    return this.#add(parent, name, () => ({
      type: 'directory',
      children: new Map(),
      parent,
      removed: false,
      ...this.#fresh(),
    }));
  }

  makeFile(parent: DirectoryNode, name: string): FileNode {
    return this.#add(parent, name, () => ({
      type: 'file',
      data: new Uint8Array(),
      size: 0,
      links: 1,
      opens: 0,
      ...this.#fresh(),
    }));
  }

  /** A file without a name, which goes when it is closed unless it was given one. */
  looseFile(): FileNode {
    return { type: 'file', data: new Uint8Array(), size: 0, links: 0, opens: 0, ...this.#fresh() };
  }

  makeLink(parent: DirectoryNode, name: string, target: string): void {
    this.charge(target.length * 2);
    try {
      this.#add(parent, name, () => ({ type: 'symlink', target, links: 1, ...this.#fresh() }));
    } catch (error) {
      this.refund(target.length * 2);
      throw error;
    }
  }

  /**
   * Writes a whole file. What the old one gives back pays for it, so that a full tree takes a smaller file; one that does not fit changes
   * nothing.
   */
  replace(parent: DirectoryNode, name: string, old: FileNode | undefined, bytes: Uint8Array): void {
    if (parent.removed) throw new FsFault('not-found');
    const isLast = old !== undefined && old.links === 1 && old.opens === 0;
    const given = old === undefined ? 0 : nameBytes(name) + (isLast ? old.size : 0);
    const needed = nameBytes(name) + bytes.length - given;
    if (needed > 0 && this.#usedBytes + needed > this.#maxBytes) throw new FsFault('no-space');
    const data = new Uint8Array(bytes);
    if (old !== undefined) this.unlink(parent, name, old);
    const made = this.makeFile(parent, name);
    this.charge(data.length);
    made.data = data;
    made.size = data.length;
  }

  addName(parent: DirectoryNode, name: string, node: FileNode | LinkNode): void {
    this.#add(parent, name, () => node);
    node.links += 1;
    node.changedMs = this.now();
  }

  /** Takes a name away, and what it named when that was the last name. */
  unlink(parent: DirectoryNode, name: string, node: Node): void {
    parent.children.delete(name);
    this.touch(parent);
    this.refund(nameBytes(name));
    if (node.type === 'directory') {
      node.removed = true;
      return;
    }
    node.links -= 1;
    node.changedMs = this.now();
    if (node.links > 0) return;
    if (node.type === 'symlink') this.refund(node.target.length * 2);
    else this.release(node);
  }

  release(node: FileNode): void {
    if (node.links > 0 || node.opens > 0) return;
    this.refund(node.size);
    node.data = new Uint8Array();
    node.size = 0;
  }

  resize(node: FileNode, size: number): void {
    if (size > node.size) {
      this.charge(size - node.size);
      if (size > node.data.length) {
        const capacity =
          node.size === 0 ? size : Math.max(size, Math.min(node.data.length * 2, this.#maxBytes));
        const grown = new Uint8Array(capacity);
        grown.set(node.data.subarray(0, node.size));
        node.data = grown;
      } else node.data.fill(0, node.size, size);
    } else {
      this.refund(node.size - size);
      if (size < node.data.length / 2) node.data = node.data.slice(0, size);
    }
    node.size = size;
    this.touch(node);
  }

  touch(node: Node): void {
    node.modifiedMs = this.now();
    node.changedMs = node.modifiedMs;
  }
}

export const nameBytes = (name: string): number => NODE_BYTES + name.length * 2;

export function setTimes(node: Node, times: NodeTimes, now: number): void {
  if (times.accessedMs !== undefined) node.accessedMs = times.accessedMs;
  if (times.modifiedMs !== undefined) node.modifiedMs = times.modifiedMs;
  node.changedMs = now;
}

export function statOf(node: Node): NodeStat {
  const { type, accessedMs, modifiedMs, changedMs } = node;
  const identity = String(node.id);
  // Counting subfolders, as some file systems do, would make every look at a large folder slow.
  if (node.type === 'directory') {
    return { type, size: 0, accessedMs, modifiedMs, changedMs, links: 1, identity };
  }
  const size = node.type === 'file' ? node.size : node.target.length;
  return { type, size, accessedMs, modifiedMs, changedMs, links: node.links, identity };
}
