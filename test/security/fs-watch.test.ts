import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import { createNodeBackend } from '../../host-functions/fs/node-backend.ts';
import type { FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import { type FsGuest, openGuest } from '../support/fs-harness.ts';
import { verifies } from '../support/verifies.ts';

verifies('FS-17');

interface Place extends Disposable {
  readonly guest: FsGuest;
  /** The granted folder, and one beside it. */
  readonly inside: string;
  readonly outside: string;
}

function place(grant: Partial<FsGrant> = {}, relativeOpens?: boolean): Place {
  const base = mkdtempSync(join(tmpdir(), 'sandglass-watch-'));
  const [inside, outside] = [join(base, 'inside'), join(base, 'outside')];
  mkdirSync(inside);
  mkdirSync(outside);
  const guest = openGuest({
    backend: createNodeBackend(relativeOpens === undefined ? {} : { relativeOpens }),
    grant: [{ host: inside, guest: '/d', access: ['read', 'write'], ...grant }],
  });
  return {
    guest,
    inside,
    outside,
    [Symbol.dispose]: () => {
      guest[Symbol.dispose]();
      rmSync(base, { recursive: true });
    },
  };
}

const watch = (guest: FsGuest, path = '/d'): number =>
  guest.call('fs.watch', { path, recursive: true }).value.handle;

test.each(['/elsewhere', '/', '/d/../elsewhere', '/etc'])(
  'watching %s, which no grant covers, is denied',
  (path) => {
    using here = place();
    expect(here.guest.refusal('fs.watch', { path })).toMatchObject({
      code: 'CAPABILITY_DENIED',
      details: { capability: 'fs.read' },
    });
  },
);

test('watching needs the right to read', () => {
  using here = place({ access: ['write'] });
  expect(here.guest.refusal('fs.watch', { path: '/d' }).code).toBe('CAPABILITY_DENIED');
});

test('a folder of a level without host files is not watched', () => {
  using guest = openGuest({
    backend: createMemoryBackend(),
    grant: [{ host: '/files', guest: '/d' }],
    level: { readOnlyFiles: true, noHostFiles: true },
  });
  expect(guest.refusal('fs.watch', { path: '/d' }).code).toBe('CAPABILITY_DENIED');
});

test('names that deny and extensions hide are in no event', verifies('FS-02', 'FS-14'), async () => {
  using here = place({ deny: ['secret/**', '*.key.txt'], extensions: ['.txt'] });
  mkdirSync(join(here.inside, 'secret'));
  const handle = watch(here.guest);
  writeFileSync(join(here.inside, 'secret', 'plan.txt'), 'x');
  writeFileSync(join(here.inside, 'a.key.txt'), 'x');
  writeFileSync(join(here.inside, 'b.exe'), 'x');
  writeFileSync(join(here.inside, `.sandglass-${'0'.repeat(32)}.tmp`), 'x');
  writeFileSync(join(here.inside, 'seen.txt'), 'x');
  expect((await here.guest.next(handle)).events).toEqual([{ path: '/d/seen.txt', kind: 'create' }]);
  renameSync(join(here.inside, 'seen.txt'), join(here.inside, 'secret', 'seen.txt'));
  expect((await here.guest.next(handle)).events).toEqual([{ path: '/d/seen.txt', kind: 'remove' }]);
});

test('a denied folder cannot be watched, nor told from one that is not there', () => {
  using here = place({ deny: ['secret/**'] });
  mkdirSync(join(here.inside, 'secret'));
  const [hidden, absent] = ['secret', 'absent'].map((name) =>
    here.guest.refusal('fs.watch', { path: `/d/${name}` }),
  );
  expect(JSON.stringify(hidden).replaceAll('secret', 'absent')).toBe(JSON.stringify(absent));
});

test.each([true, false])('links lead no watch outside (relative opens: %s)', async (relativeOpens) => {
  using here = place({}, process.platform === 'linux' ? relativeOpens : false);
  symlinkSync(here.outside, join(here.inside, 'link'));
  expect(here.guest.refusal('fs.watch', { path: '/d/link' }).code).toBe('CAPABILITY_DENIED');
  const handle = watch(here.guest);
  writeFileSync(join(here.outside, 'canary'), 'x');
  writeFileSync(join(here.inside, 'a'), 'x');
  expect((await here.guest.next(handle)).events).toEqual([{ path: '/d/a', kind: 'create' }]);
});

test('a folder that is swapped for a link while it is watched shows nothing of where that leads', async () => {
  using here = place();
  mkdirSync(join(here.inside, 'folder'));
  writeFileSync(join(here.outside, 'canary'), 'x');
  const handle = watch(here.guest);
  renameSync(join(here.inside, 'folder'), join(here.outside, 'was'));
  symlinkSync(here.outside, join(here.inside, 'folder'));
  const { events } = await here.guest.next(handle);
  expect(events).toEqual([{ path: '/d/folder', kind: 'change' }]);
});

test('a renamed folder is watched by what it is called now', async () => {
  using here = place({ deny: ['hidden/**'] });
  here.guest.call('fs.mkdir', { path: '/d/f' });
  const handle = watch(here.guest, '/d/f');
  here.guest.call('fs.rename', { path: '/d/f', to: '/d/g' });
  writeFileSync(join(here.inside, 'g', 'x'), 'x');
  if (process.platform === 'linux')
    expect((await here.guest.next(handle)).events).toEqual([{ path: '/d/g/x', kind: 'create' }]);
});

test('all watches of a run together look at a bounded number of entries', () => {
  using here = place({ maxOpenFiles: 2 });
  for (let at = 0; at < 1_100; at++) writeFileSync(join(here.inside, String(at)), '');
  watch(here.guest);
  expect(here.guest.refusal('fs.watch', { path: '/d' })).toMatchObject({
    code: 'HOST_CALL_FAILED',
    message: 'Cannot watch "/d": too large',
    details: { reason: 'too-large' },
  });
});

test('each watch counts as an open file and as one call', () => {
  using here = place({ maxOpenFiles: 2, maxCalls: 3 });
  watch(here.guest);
  watch(here.guest);
  expect(here.guest.reason('fs.watch', { path: '/d' })).toBe('too-many-open');
  expect(here.guest.refusal('fs.watch', { path: '/d' }).code).toBe('HOST_CALLS_EXCEEDED');
});
