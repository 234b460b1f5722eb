import type { FsBackend, FsDirectory } from '../../host-functions/fs/backend.ts';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';

/** A back end as an embedder would write one: plain objects that have what the interface names, and nothing else of ours in sight. */
export function createCustomBackend(): FsBackend {
  const store = createMemoryBackend();
  const kept = new WeakMap<FsDirectory, FsDirectory>();
  const unwrap = (directory: FsDirectory): FsDirectory => kept.get(directory) ?? directory;
  const wrap = (inner: FsDirectory): FsDirectory => {
    const directory: FsDirectory = {
      stat: () => inner.stat(),
      lookup: (name) => inner.lookup(name),
      openDirectory: (name) => wrap(inner.openDirectory(name)),
      reopen: () => wrap(inner.reopen()),
      openFile: (name, flags) => inner.openFile(name, flags),
      list: (maxBytes) => inner.list(maxBytes),
      readLink: (name) => inner.readLink(name),
      makeDirectory: (name) => inner.makeDirectory(name),
      makeLink: (name, target) => inner.makeLink(name, target),
      linkFile: (name, to, toName) => inner.linkFile(name, unwrap(to), toName),
      removeFile: (name) => inner.removeFile(name),
      removeDirectory: (name) => inner.removeDirectory(name),
      rename: (name, to, toName) => inner.rename(name, unwrap(to), toName),
      setTimes: (name, times) => inner.setTimes(name, times),
      setOwnTimes: (times) => inner.setOwnTimes(times),
      replaceFile: (name, bytes, exclusive) => inner.replaceFile(name, bytes, exclusive),
      beginReplacement: (name, exclusive) => {
        const file = inner.beginReplacement(name, exclusive);
        return {
          stat: () => file.stat(),
          read: (into, offset) => file.read(into, offset),
          write: (bytes, offset) => file.write(bytes, offset),
          truncate: (size) => file.truncate(size),
          setTimes: (times) => file.setTimes(times),
          sync: () => file.sync(),
          close: () => file.close(),
          commit: (to, toName, isExclusive) => file.commit(unwrap(to), toName, isExclusive),
        };
      },
      close: () => inner.close(),
    };
    kept.set(directory, inner);
    return directory;
  };
  return {
    open: (host) => {
      const { directory, file } = store.open(host);
      return { directory: wrap(directory), ...defined({ file }) };
    },
    nameOf: (host) => store.nameOf(host),
    canonical: (host) => store.canonical(host),
    below: (outer, inner) => store.below(outer, inner),
  };
}
