import { preopens } from '../../../vocabulary/preopens.ts';
import type { ComponentRun } from '../component-run.ts';
import { after } from '../component-run.ts';
import { Descriptor } from './descriptor.ts';
import { DirectoryEntryStream } from './directory-entries.ts';
import { ok } from './errors.ts';
import { fsCall, shareHandle } from './handle.ts';
import type { IoError } from './io.ts';

/** `wasi:filesystem/*`: the granted folders as preopens, all work done by the `fs` host function. */
export const filesystemInterfaces = (run: ComponentRun) => ({
  'wasi:filesystem/types': {
    Descriptor,
    DirectoryEntryStream,
    filesystemErrorCode: (error: IoError) => error.code,
  },
  'wasi:filesystem/preopens': {
    getDirectories: () =>
      preopens(run.spec).map(
        ({ name, path, mount }) => [preopen(run, path, mount?.write ?? true), name] as const,
      ),
  },
});

/** A folder that is opened on the host side when it is first used: looking at preopens costs no host call. */
function preopen(run: ComponentRun, path: string, mutateDirectory: boolean): Descriptor {
  const handle = shareHandle(run, () =>
    after(fsCall(run, 'fs.open', { path, directory: true }), (answer) =>
      answer.tag === 'ok' ? ok(answer.val.value.handle) : answer,
    ),
  );
  return new Descriptor(run, handle, 'directory', {
    read: true,
    write: false,
    mutateDirectory,
  });
}
