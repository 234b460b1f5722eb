import type { MountView } from '../../../contracts/host-function.ts';
import type { GuestRun } from '../guest-run.ts';
import { after } from '../guest-run.ts';
import { Descriptor } from './descriptor.ts';
import { DirectoryEntryStream } from './directory-entries.ts';
import { ok } from './errors.ts';
import { fsCall, shareHandle } from './handle.ts';
import type { IoError } from './io.ts';

/** `wasi:filesystem/*`: the granted folders as preopens, all work done by the `fs` host function. */
export const filesystemInterfaces = (run: GuestRun) => ({
  'wasi:filesystem/types': {
    Descriptor,
    DirectoryEntryStream,
    filesystemErrorCode: (error: IoError) => error.code,
  },
  'wasi:filesystem/preopens': {
    getDirectories: () => run.spec.mounts.map((mount) => [preopen(run, mount), mount.path] as const),
  },
});

/** A folder that is opened on the host side when it is first used: looking at preopens costs no host call. */
function preopen(run: GuestRun, mount: MountView): Descriptor {
  const handle = shareHandle(run, () =>
    after(fsCall(run, 'fs.open', { path: mount.path, directory: true }), (answer) =>
      answer.tag === 'ok' ? ok(answer.val.value.handle) : answer,
    ),
  );
  return new Descriptor(run, handle, 'directory', {
    read: true,
    write: false,
    mutateDirectory: mount.write,
  });
}
