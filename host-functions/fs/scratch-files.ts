import type { ScratchFiles } from '../../runtime/contracts/host-function.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import {
  GUEST_FILES,
  type GuestFile,
  NODE_BYTES,
  overCollected,
} from '../../runtime/vocabulary/guest-file.ts';
import { matchesScratch } from '../../runtime/vocabulary/scratch-glob.ts';
import type { FsDirectory } from './backend.ts';
import { FsFault } from './fs-fault.ts';

/** Levels of folders that are looked into; a guest can nest them as deep as its folder has room. */
const MOST_DEPTH = 64;
const MOST_NAMES = 8 * 1024 * 1024;

/** What the host itself puts into a run's scratch folder and takes out of it. No grant is asked, no call counted. */
export function scratchFiles(root: FsDirectory): ScratchFiles {
  return {
    put: (files) => {
      for (const file of files) put(root, file);
    },
    collect: (patterns) => collect(root, patterns),
  };
}

function put(root: FsDirectory, { path, bytes }: GuestFile): void {
  const names = path.split('/');
  const last = names.pop() ?? '';
  try {
    let folder = root;
    for (const name of names) {
      if (folder.lookup(name) === undefined) folder.makeDirectory(name);
      folder = folder.openDirectory(name);
    }
    folder.replaceFile(last, bytes, false);
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
    throw new SandglassError(
      'INPUT_INVALID',
      `Cannot put the file "${path}" into the scratch folder: ${error.reason}`,
      {
        hint: 'Give fewer or smaller files',
        details: { path, reason: error.reason },
      },
    );
  }
}

function collect(root: FsDirectory, patterns: readonly string[]): readonly GuestFile[] {
  const found: GuestFile[] = [];
  let total = 0;
  const take = (folder: FsDirectory, name: string, path: string, size: number): void => {
    total += size + NODE_BYTES + path.length * 2;
    if (found.length === GUEST_FILES.maxFiles || total > GUEST_FILES.maxBytes) throw overCollected();
    const file = folder.openFile(name, {
      read: true,
      write: false,
      append: false,
      create: false,
      exclusive: false,
      truncate: false,
    });
    const bytes = new Uint8Array(size);
    file.read(bytes, 0);
    file.close();
    found.push({ path, bytes });
  };
  const look = (folder: FsDirectory, above: string, depth: number): void => {
    for (const { name, type } of folder.list(MOST_NAMES)) {
      const path = above === '' ? name : `${above}/${name}`;
      if (type === 'directory' && depth < MOST_DEPTH) look(folder.openDirectory(name), path, depth + 1);
      // A link is not followed: what it names is found by its own name.
      if (type !== 'file' || !patterns.some((pattern) => matchesScratch(pattern, path))) continue;
      take(folder, name, path, folder.lookup(name)?.size ?? 0);
    }
  };
  look(root, '', 0);
  return found;
}
