import { expect, test } from 'vitest';
import type { FsDirectory, FsFile } from '../../host-functions/fs/backend.ts';
import { FsFault } from '../../host-functions/fs/fs-fault.ts';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { nameBytes } from '../../host-functions/fs/memory-tree.ts';

const MAX = 20_000;
const FLAGS = { read: true, write: true, append: false, create: true, exclusive: false, truncate: false };

/** A small generator of numbers, the same each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What is there weighs, told by what a guest can see. */
function weigh(folder: FsDirectory, seen: Set<string>): number {
  let sum = 0;
  for (const { name, type, identity } of folder.list(1e9)) {
    sum += nameBytes(name);
    if (type === 'directory') sum += weigh(folder.openDirectory(name), seen);
    else if (!seen.has(identity)) {
      seen.add(identity);
      sum += type === 'file' ? (folder.lookup(name)?.size ?? 0) : folder.readLink(name).length * 2;
    }
  }
  return sum;
}

/** Exactly `free` bytes fit, not one more; a budget off by anything fails. */
function expectFree(root: FsDirectory, free: number): void {
  const room = free - nameBytes('probe');
  if (room < 0) return;
  expect(() => root.replaceFile('probe', new Uint8Array(room + 1), false)).toThrow(FsFault);
  root.replaceFile('probe', new Uint8Array(room), false);
  root.removeFile('probe');
}

const attempt = (call: () => void): void => {
  try {
    call();
  } catch (error) {
    if (!(error instanceof FsFault)) throw error;
  }
};

function randomStep(root: FsDirectory, open: FsFile[], pick: (below: number) => number): void {
  const name = (): string => 'abcdef'.slice(0, 1 + pick(6));
  const where = (): FsDirectory => {
    const folder = name();
    return root.lookup(folder)?.type === 'directory' && pick(2) === 0 ? root.openDirectory(folder) : root;
  };
  const bytes = (): Uint8Array => new Uint8Array(pick(9_000));
  const file = open[pick(Math.max(1, open.length))];
  const steps: readonly (() => void)[] = [
    () => where().replaceFile(name(), bytes(), pick(3) === 0),
    () => where().makeDirectory(name()),
    () => where().makeLink(name(), 'x'.repeat(pick(900))),
    () => where().removeFile(name()),
    () => where().removeDirectory(name()),
    () => where().rename(name(), where(), name()),
    () => where().linkFile(name(), where(), name()),
    () =>
      void open.push(where().openFile(name(), { ...FLAGS, append: pick(2) === 0, truncate: pick(4) === 0 })),
    () => file?.write(bytes(), pick(9_000)),
    () => file?.truncate(pick(12_000)),
    () => {
      const made = where().beginReplacement(name(), false);
      try {
        made.write(bytes(), 0);
        if (pick(2) === 0) made.commit(where(), name(), false);
      } finally {
        made.close();
      }
    },
    () => {
      const [closed] = open.splice(pick(Math.max(1, open.length)), 1);
      closed?.close();
    },
  ];
  attempt(steps[pick(steps.length)] ?? (() => undefined));
}

test.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
  'the budget of a folder in memory is what is in it, after any operations (%i)',
  (seed) => {
    const { directory: root } = createMemoryBackend({ maxBytes: MAX }).open('/');
    const pick = numbers(seed);
    const open: FsFile[] = [];
    for (let step = 0; step < 400; step += 1) randomStep(root, open, pick);
    for (const file of open) file.close();
    expectFree(root, MAX - weigh(root, new Set()));
    const empty = (folder: FsDirectory): void => {
      for (const { name, type } of folder.list(1e9)) {
        if (type !== 'directory') folder.removeFile(name);
        else {
          empty(folder.openDirectory(name));
          folder.removeDirectory(name);
        }
      }
    };
    empty(root); // however full it is, nothing of it is refused
    expectFree(root, MAX);
  },
);

test('a full folder takes less: removed, cut, overwritten by a smaller file, renamed over', () => {
  const { directory: root } = createMemoryBackend({ maxBytes: MAX }).open('/');
  const names = nameBytes('a') + nameBytes('b');
  const fill = (): void => {
    root.replaceFile('b', new Uint8Array(1_000), false);
    root.replaceFile('a', new Uint8Array(MAX - names - 1_000), false);
  };
  fill();
  root.replaceFile('a', new Uint8Array(MAX - names - 1_000), false); // of the same size
  root.replaceFile('a', new Uint8Array(MAX - names - 1_001), false);
  expectFree(root, 1);
  fill();
  root.rename('b', root, 'a');
  expectFree(root, MAX - nameBytes('a') - 1_000);
  fill();
  const file = root.openFile('a', FLAGS);
  file.truncate(10);
  file.close();
  expectFree(root, MAX - names - 1_010);
  fill();
  root.openFile('a', { ...FLAGS, truncate: true }).close();
  expectFree(root, MAX - names - 1_000);
});

test('a file that does not fit leaves the old one and the budget as they were', () => {
  const { directory: root } = createMemoryBackend({ maxBytes: MAX }).open('/');
  root.replaceFile('a', new Uint8Array(100).fill(1), false);
  expect(() => root.replaceFile('a', new Uint8Array(MAX), false)).toThrow(FsFault);
  expect(root.lookup('a')?.size).toBe(100);
  expectFree(root, MAX - nameBytes('a') - 100);
});
