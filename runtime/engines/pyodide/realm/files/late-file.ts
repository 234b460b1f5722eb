import type { Fs } from './fs.ts';

/**
 * Runs inside the guest's realm; see `bootRealm`. A file that is there already, and whose bytes are brought once somebody reads or writes them:
 * of the standard library most programs import nothing that is not in the snapshot.
 * @param size In bytes, of what `read` answers.
 */
export function lateFile(FS: Fs, path: string, size: number, read: () => Uint8Array): void {
  const { defineProperty } = Reflect;
  const { node } = FS.lookupPath(path);
  const has = (value: unknown): void => {
    defineProperty(node, 'contents', { value, writable: true, enumerable: true, configurable: true });
  };
  const bring = (): Uint8Array => {
    const bytes = read();
    has(bytes);
    return bytes;
  };
  defineProperty(node, 'contents', { get: bring, set: has, enumerable: true, configurable: true });
  node.usedBytes = size;
}
