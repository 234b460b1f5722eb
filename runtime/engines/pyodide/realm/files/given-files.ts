import type { RealmPort } from '../contract.ts';
import type { Fs, FsNode } from './fs.ts';
import type { Mounts } from './mounts.ts';

/** What the host puts into the scratch folder and takes out of it. */
export interface GivenFiles {
  put(path: string, bytes: Uint8Array): void;
  /** Offers every file of the scratch folder to the host, and gives it those that it wants. */
  collect(): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. What lies in the folder is a guest's: its names are offered as they are, links are not followed,
 * and what the host wants and how much of it is for the host to say.
 */
export function serveGivenFiles(FS: Fs, port: RealmPort, mounts: Mounts): GivenFiles {
  const SCRATCH = '/tmp';
  const MOST_DEPTH = 64;
  const { apply, ownKeys } = Reflect;
  const { isFile, isDir } = FS;
  const Bytes = Uint8Array;
  const Buffer = ArrayBuffer;
  const setBytes = Bytes.prototype.set;
  const subarrayOf = Bytes.prototype.subarray;
  const folder = (FS.analyzePath as (path: string) => { readonly object: FsNode })(SCRATCH).object;

  const give = (node: FsNode): void => {
    const size = node.usedBytes;
    const buffer = new Buffer(size);
    // A file that nothing was written to has no bytes at all.
    if (size > 0) apply(setBytes, new Bytes(buffer), [apply(subarrayOf, node.contents, [0, size])]);
    port.give(buffer);
  };
  const look = (node: FsNode, above: string, depth: number): boolean => {
    const entries = node.contents as unknown as Record<string, FsNode>; // of a folder in memory: its nodes by name
    const names = ownKeys(entries);
    for (let at = 0; at < names.length; at++) {
      const name = names[at] as string; // no symbol is ever set there
      const path = above === '' ? name : `${above}/${name}`;
      const child = entries[name];
      if (child === undefined || mounts.isGranted(`${SCRATCH}/${path}`)) continue;
      if (apply(isDir, FS, [child.mode]) === true) {
        if (depth < MOST_DEPTH && !look(child, path, depth + 1)) return false;
      } else if (apply(isFile, FS, [child.mode]) === true) {
        const wanted = port.wants(path, child.usedBytes);
        if (wanted < 0) return false;
        if (wanted > 0) give(child);
      }
    }
    return true;
  };

  return {
    put: (path, bytes) => {
      const whole = `${SCRATCH}/${path}`;
      FS.mkdirTree(whole.slice(0, whole.lastIndexOf('/')));
      FS.writeFile(whole, bytes, {});
    },
    collect: () => void look(folder, '', 0),
  };
}
