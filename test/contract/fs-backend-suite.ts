import { describe, expect, test } from 'vitest';
import type { FsBackend } from '../../host-functions/fs/backend.ts';
import type { FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import { decode, encode, type FsGuest, openGuest } from '../support/fs-harness.ts';

export interface BackendUnderTest {
  readonly name: string;
  /** A fresh back end and the `host` of an empty folder in it. */
  make(): { readonly backend: FsBackend; readonly host: string } & Disposable;
}

/** What every fs back end must do, seen as a guest sees it. */
export function fsBackendSuite({ name, make }: BackendUnderTest): void {
  const withGuest = (run: (guest: FsGuest) => void) => (): void => {
    using place = make();
    using guest = openGuest({
      backend: place.backend,
      grant: [{ host: place.host, guest: '/d', access: ['read', 'write'] }],
      scratchBytes: 0,
    });
    run(guest);
  };
  const put = (guest: FsGuest, path: string, text = ''): void => {
    guest.call('fs.writeFile', { path }, text);
  };

  describe(`fs back end ${name}: files`, () => {
    test(
      'writeFile() makes and replaces, readFile() answers the bytes',
      withGuest((guest) => {
        expect(guest.call('fs.writeFile', { path: '/d/a' }, 'héllo')).toEqual({
          value: { written: 6 },
          bytes: undefined,
          ingressBytes: 0,
          egressBytes: 6,
        });
        put(guest, '/d/a', 'x');
        const read = guest.call('fs.readFile', { path: '/d/a' });
        expect([decode(read.bytes), read.ingressBytes, read.egressBytes]).toEqual(['x', 1, 0]);
        put(guest, '/d/empty');
        expect(guest.call('fs.readFile', { path: '/d/empty' }).bytes).toHaveLength(0);
      }),
    );

    test(
      'writeFile({ exclusive }) makes only what is not there',
      withGuest((guest) => {
        guest.call('fs.writeFile', { path: '/d/a', exclusive: true }, '1');
        expect(guest.reason('fs.writeFile', { path: '/d/a', exclusive: true }, '2')).toBe('exists');
        guest.call('fs.symlink', { path: '/d/l', target: 'nowhere' });
        expect(guest.reason('fs.writeFile', { path: '/d/l', exclusive: true }, '2')).toBe('exists');
        expect(guest.text('/d/a')).toBe('1');
      }),
    );

    test(
      'open({ replace }) shows nothing until commit(), and then all, at once',
      withGuest((guest) => {
        const begin = (more: object = {}) =>
          guest.call('fs.open', { path: '/d/a', replace: true, ...more }).value.handle;
        const fresh = begin();
        guest.call('fs.write', { handle: fresh, offset: 3 }, 'new');
        guest.call('fs.write', { handle: fresh, offset: 0 }, 'all');
        expect(guest.names('/d')).toEqual([]);
        expect(guest.reason('fs.readFile', { path: '/d/a' })).toBe('not-found');
        expect(guest.reason('fs.read', { handle: fresh, offset: 0, length: 1 })).toBe('bad-handle');
        guest.call('fs.commit', { handle: fresh });
        expect(guest.text('/d/a')).toBe('allnew');
        expect(guest.reason('fs.write', { handle: fresh, offset: 0 }, 'x')).toBe('bad-handle');
        const second = begin();
        guest.call('fs.write', { handle: second, offset: 0 }, 'v2');
        expect([guest.text('/d/a'), guest.names('/d')]).toEqual(['allnew', ['a']]);
        guest.call('fs.close', { handle: second });
        expect([guest.text('/d/a'), guest.names('/d')]).toEqual(['allnew', ['a']]);
        const third = begin();
        guest.call('fs.write', { handle: third }, 'v3');
        guest.call('fs.commit', { handle: third });
        expect([guest.text('/d/a'), guest.names('/d')]).toEqual(['v3', ['a']]);
        expect(guest.reason('fs.open', { path: '/d/a', replace: true, exclusive: true })).toBe('exists');
        expect(guest.reason('fs.open', { path: '/d', replace: true })).toBe('is-directory');
        for (const flag of ['read', 'write', 'append', 'create', 'truncate', 'directory']) {
          expect(guest.reason('fs.open', { path: '/d/a', replace: true, [flag]: true })).toBe('invalid');
        }
        const plain = guest.call('fs.open', { path: '/d/a', write: true }).value.handle;
        expect(guest.reason('fs.commit', { handle: plain })).toBe('bad-handle');
      }),
    );

    test(
      'commit() puts nothing where something else has come, or where the folder no longer is',
      withGuest((guest) => {
        const begin = (path: string, more: object = {}) => {
          const { handle } = guest.call('fs.open', { path, replace: true, ...more }).value;
          guest.call('fs.write', { handle }, 'mine');
          return handle;
        };
        const late = begin('/d/late', { exclusive: true });
        put(guest, '/d/late', 'theirs');
        expect(guest.reason('fs.commit', { handle: late })).toBe('exists');
        const folder = begin('/d/folder');
        guest.call('fs.mkdir', { path: '/d/folder' });
        expect(guest.reason('fs.commit', { handle: folder })).toBe('is-directory');
        const link = begin('/d/link');
        guest.call('fs.symlink', { path: '/d/link', target: 'late' });
        expect(guest.reason('fs.commit', { handle: link })).toBe('loop');
        const inner = begin('/d/folder/x');
        guest.call('fs.rename', { path: '/d/folder', to: '/d/moved' });
        expect(guest.reason('fs.commit', { handle: inner })).toBe('not-found');
        for (const handle of [late, folder, link, inner]) guest.call('fs.close', { handle });
        expect([guest.text('/d/late'), guest.names('/d'), guest.names('/d/moved')]).toEqual([
          'theirs',
          ['late', 'link', 'moved'],
          [],
        ]);
        // A back end that knows folders by their paths only cannot find what it left in one that was renamed; it stays hidden.
        if (name !== 'node by path') guest.call('fs.remove', { path: '/d/moved', kind: 'directory' });
      }),
    );

    test(
      'append() makes and adds',
      withGuest((guest) => {
        guest.call('fs.append', { path: '/d/a' }, 'a');
        guest.call('fs.append', { path: '/d/a' }, 'b');
        expect(guest.text('/d/a')).toBe('ab');
        expect(guest.reason('fs.append', { path: '/d/no/a' }, 'b')).toBe('not-found');
      }),
    );

    test(
      'folders are not files',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/f' });
        for (const path of ['/d/f', '/d/f/', '/d/f/.', '/d', '/d/f/..', '/']) {
          expect(guest.reason('fs.readFile', { path })).toBe('is-directory');
        }
        expect(guest.reason('fs.writeFile', { path: '/d/f' }, 'x')).toBe('is-directory');
        expect(guest.reason('fs.append', { path: '/d/f' }, 'x')).toBe('is-directory');
        expect(guest.names('/d')).toEqual(['f']);
      }),
    );

    test(
      'a file is not a folder, also with a slash behind',
      withGuest((guest) => {
        put(guest, '/d/a', 'x');
        for (const path of ['/d/a/', '/d/a/b', '/d/a/.', '/d/a/..']) {
          expect(guest.reason('fs.readFile', { path })).toBe('not-directory');
          expect(guest.reason('fs.stat', { path })).toBe('not-directory');
        }
        expect(guest.reason('fs.writeFile', { path: '/d/a/' }, 'y')).toBe('not-directory');
        expect(guest.reason('fs.writeFile', { path: '/d/new/' }, 'y')).toBe('is-directory');
        expect(guest.reason('fs.list', { path: '/d/a' })).toBe('not-directory');
        expect(guest.text('/d/a')).toBe('x');
        expect(guest.names('/d')).toEqual(['a']);
      }),
    );
  });

  describe(`fs back end ${name}: handles`, () => {
    test(
      'open() follows its flags',
      withGuest((guest) => {
        expect(guest.reason('fs.open', { path: '/d/a', read: true })).toBe('not-found');
        expect(guest.reason('fs.open', { path: '/d/a', write: true })).toBe('not-found');
        guest.call('fs.open', { path: '/d/a', write: true, create: true, exclusive: true });
        expect(guest.reason('fs.open', { path: '/d/a', write: true, create: true, exclusive: true })).toBe(
          'exists',
        );
        put(guest, '/d/a', 'abc');
        expect(guest.call('fs.open', { path: '/d/a', write: true, create: true }).value.stat.size).toBe(3);
        expect(guest.call('fs.open', { path: '/d/a', write: true, truncate: true }).value.stat.size).toBe(0);
        expect(guest.reason('fs.open', { path: '/d/a', directory: true })).toBe('not-directory');
        expect(guest.reason('fs.open', { path: '/d', write: true })).toBe('is-directory');
        expect(guest.reason('fs.open', { path: '/d', write: true, create: true, exclusive: true })).toBe(
          'exists',
        );
        expect(guest.reason('fs.open', { path: '/d/new/', write: true, create: true })).toBe('is-directory');
        expect(guest.reason('fs.open', { path: '/d/new', directory: true })).toBe('not-found');
        expect(guest.call('fs.open', { path: '/d', read: true }).value.stat.type).toBe('directory');
        expect(guest.names('/d')).toEqual(['a']);
      }),
    );

    test(
      'read() and write() work at offsets, and past the end',
      withGuest((guest) => {
        const { handle } = guest.call('fs.open', {
          path: '/d/a',
          read: true,
          write: true,
          create: true,
        }).value;
        expect(guest.call('fs.write', { handle, offset: 0 }, 'hello').value).toEqual({ written: 5 });
        guest.call('fs.write', { handle, offset: 8 }, 'you');
        guest.call('fs.write', { handle }, '!');
        guest.call('fs.write', { handle, offset: 1 }, 'E');
        const at = (offset: number, length: number): string =>
          decode(guest.call('fs.read', { handle, offset, length }).bytes);
        expect(at(0, 100)).toBe('hEllo\0\0\0you!');
        expect(at(8, 2)).toBe('yo');
        expect(at(50, 10)).toBe('');
        expect(guest.call('fs.fstat', { handle }).value.size).toBe(12);
        guest.call('fs.close', { handle });
        expect(guest.reason('fs.read', { handle, offset: 0, length: 1 })).toBe('bad-handle');
        expect(guest.reason('fs.close', { handle })).toBe('bad-handle');
      }),
    );

    test(
      'a handle does only what it was opened for',
      withGuest((guest) => {
        put(guest, '/d/a', 'abc');
        const reader = guest.call('fs.open', { path: '/d/a', read: true }).value.handle;
        const writer = guest.call('fs.open', { path: '/d/a', write: true }).value.handle;
        const folder = guest.call('fs.open', { path: '/d', directory: true }).value.handle;
        expect(guest.reason('fs.write', { handle: reader, offset: 0 }, 'x')).toBe('bad-handle');
        expect(guest.reason('fs.ftruncate', { handle: reader, size: 0 })).toBe('bad-handle');
        expect(guest.reason('fs.read', { handle: writer, offset: 0, length: 1 })).toBe('bad-handle');
        expect(guest.reason('fs.read', { handle: folder, offset: 0, length: 1 })).toBe('is-directory');
        expect(guest.reason('fs.flist', { handle: reader })).toBe('not-directory');
        expect(guest.reason('fs.stat', { path: 'a', at: reader })).toBe('not-directory');
        expect(guest.text('/d/a')).toBe('abc');
      }),
    );

    test(
      'append handles write at the end whatever the offset',
      withGuest((guest) => {
        put(guest, '/d/a', 'abc');
        const { handle } = guest.call('fs.open', { path: '/d/a', append: true }).value;
        guest.call('fs.write', { handle, offset: 0 }, 'd');
        put(guest, '/d/other', 'x');
        guest.call('fs.write', { handle }, 'e');
        expect(guest.text('/d/a')).toBe('abcde');
      }),
    );

    test(
      'ftruncate() cuts, and grows with zeros',
      withGuest((guest) => {
        put(guest, '/d/a', 'abcdef');
        const { handle } = guest.call('fs.open', { path: '/d/a', read: true, write: true }).value;
        guest.call('fs.ftruncate', { handle, size: 2 });
        expect(guest.text('/d/a')).toBe('ab');
        guest.call('fs.ftruncate', { handle, size: 5 });
        expect(guest.text('/d/a')).toBe('ab\0\0\0');
        guest.call('fs.sync', { handle });
      }),
    );

    test(
      'an open file lives on after it is removed or replaced',
      withGuest((guest) => {
        put(guest, '/d/a', 'old');
        put(guest, '/d/b', 'gone');
        const a = guest.call('fs.open', { path: '/d/a', read: true }).value.handle;
        const b = guest.call('fs.open', { path: '/d/b', read: true }).value.handle;
        put(guest, '/d/a', 'new');
        guest.call('fs.remove', { path: '/d/b' });
        expect(decode(guest.call('fs.read', { handle: a, offset: 0, length: 9 }).bytes)).toBe('old');
        expect(decode(guest.call('fs.read', { handle: b, offset: 0, length: 9 }).bytes)).toBe('gone');
        expect(guest.call('fs.fstat', { handle: b }).value.links).toBe(0);
        expect(guest.text('/d/a')).toBe('new');
      }),
    );

    test(
      'paths relative to a folder handle work and stay below it',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/f/g', recursive: true });
        put(guest, '/d/top', 'top');
        const at = guest.call('fs.open', { path: '/d/f', directory: true }).value.handle;
        guest.call('fs.writeFile', { path: 'x', at }, '1');
        guest.call('fs.rename', { path: 'x', at, to: 'g/y', toAt: at });
        expect(guest.text('/d/f/g/y')).toBe('1');
        expect(guest.call('fs.stat', { path: 'g/../g/./y', at }).value.size).toBe(1);
        expect(guest.call('fs.stat', { path: '.', at }).value.type).toBe('directory');
        expect(guest.call('fs.flist', { handle: at }).value).toMatchObject([
          { name: 'g', type: 'directory' },
        ]);
        for (const path of ['..', '../top', 'g/../../top', '/d/top', '/', '/d/f/x']) {
          expect(guest.refusal('fs.stat', { path, at })).toMatchObject({
            code: 'CAPABILITY_DENIED',
            details: { reason: 'not-permitted' },
          });
        }
        expect(guest.reason('fs.stat', { path: 'x', at: 999 })).toBe('bad-handle');
      }),
    );

    test(
      'a folder handle stays with its folder when that is renamed',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/f/inner', recursive: true });
        const at = guest.call('fs.open', { path: '/d/f/inner', directory: true }).value.handle;
        guest.call('fs.rename', { path: '/d/f', to: '/d/g' });
        guest.call('fs.mkdir', { path: '/d/f/inner', recursive: true });
        if (!name.includes('by path')) {
          guest.call('fs.writeFile', { path: 'x', at }, 'here');
          expect(guest.text('/d/g/inner/x')).toBe('here');
        } else expect(guest.reason('fs.flist', { handle: at })).toBe('not-found');
        expect(guest.names('/d/f/inner')).toEqual([]);
      }),
    );
  });

  describe(`fs back end ${name}: folders`, () => {
    test(
      'mkdir() makes one, or all that are missing',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/a' });
        guest.call('fs.mkdir', { path: '/d/slash/' });
        expect(guest.reason('fs.mkdir', { path: '/d/a' })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d/a/' })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d' })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d/x/y' })).toBe('not-found');
        guest.call('fs.mkdir', { path: '/d/x/y/z', recursive: true });
        guest.call('fs.mkdir', { path: '/d/x/y', recursive: true });
        put(guest, '/d/file');
        expect(guest.reason('fs.mkdir', { path: '/d/file' })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d/file', recursive: true })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d/file/x', recursive: true })).toBe('not-directory');
        expect(guest.names('/d')).toEqual(['a', 'file', 'slash', 'x']);
      }),
    );

    test(
      'list() is sorted and tells types',
      withGuest((guest) => {
        for (const file of ['b', 'a', 'B', 'é', '10', '9']) put(guest, `/d/${file}`);
        guest.call('fs.mkdir', { path: '/d/dir' });
        guest.call('fs.symlink', { path: '/d/link', target: 'a' });
        const entries = guest.call('fs.list', { path: '/d' }).value;
        expect(entries.map((entry) => [entry.name, entry.type])).toEqual([
          ['10', 'file'],
          ['9', 'file'],
          ['B', 'file'],
          ['a', 'file'],
          ['b', 'file'],
          ['dir', 'directory'],
          ['link', 'symlink'],
          ['é', 'file'],
        ]);
        expect(new Set(entries.map(({ inode }) => inode)).size).toBe(8);
        const inode = entries.find((entry) => entry.name === 'a')?.inode;
        expect(guest.call('fs.stat', { path: '/d/a' }).value.inode).toBe(inode);
      }),
    );

    test(
      'remove() takes files, links and empty folders, and only the kind that is asked for',
      withGuest((guest) => {
        put(guest, '/d/a', 'x');
        guest.call('fs.mkdir', { path: '/d/f/g', recursive: true });
        guest.call('fs.symlink', { path: '/d/l', target: 'f' });
        expect(guest.reason('fs.remove', { path: '/d/none' })).toBe('not-found');
        expect(guest.reason('fs.remove', { path: '/d/a', kind: 'directory' })).toBe('not-directory');
        expect(guest.reason('fs.remove', { path: '/d/a/' })).toBe('not-directory');
        expect(guest.reason('fs.remove', { path: '/d/f', kind: 'file' })).toBe('is-directory');
        expect(guest.reason('fs.remove', { path: '/d/f' })).toBe('not-empty');
        expect(guest.reason('fs.remove', { path: '/d/l', kind: 'directory' })).toBe('not-directory');
        expect(guest.reason('fs.remove', { path: '/d/l/' })).toBe('not-directory');
        expect(guest.reason('fs.remove', { path: '/d/f/.' })).toBe('invalid');
        guest.call('fs.remove', { path: '/d/l' });
        guest.call('fs.remove', { path: '/d/f/g/' });
        guest.call('fs.remove', { path: '/d/f', kind: 'directory' });
        guest.call('fs.remove', { path: '/d/a', kind: 'file' });
        expect(guest.names('/d')).toEqual([]);
      }),
    );

    test(
      'remove({ recursive }) takes all, and links but not what they point to',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/f/g/h', recursive: true });
        put(guest, '/d/keep', 'kept');
        put(guest, '/d/f/a', 'x');
        put(guest, '/d/f/g/b', 'x');
        guest.call('fs.symlink', { path: '/d/f/g/l', target: '../../keep' });
        guest.call('fs.symlink', { path: '/d/f/up', target: '..' });
        guest.call('fs.remove', { path: '/d/f', recursive: true });
        expect(guest.names('/d')).toEqual(['keep']);
        expect(guest.text('/d/keep')).toBe('kept');
      }),
    );
  });

  describe(`fs back end ${name}: rename and links`, () => {
    test(
      'rename() moves, and replaces what POSIX replaces',
      withGuest((guest) => {
        put(guest, '/d/a', 'a');
        put(guest, '/d/b', 'b');
        guest.call('fs.mkdir', { path: '/d/empty' });
        guest.call('fs.mkdir', { path: '/d/full/x', recursive: true });
        expect(guest.reason('fs.rename', { path: '/d/none', to: '/d/x' })).toBe('not-found');
        expect(guest.reason('fs.rename', { path: '/d/a', to: '/d/none/x' })).toBe('not-found');
        expect(guest.reason('fs.rename', { path: '/d/a', to: '/d/empty' })).toBe('is-directory');
        expect(guest.reason('fs.rename', { path: '/d/empty', to: '/d/a' })).toBe('not-directory');
        expect(guest.reason('fs.rename', { path: '/d/empty', to: '/d/full' })).toBe('not-empty');
        expect(guest.reason('fs.rename', { path: '/d/full', to: '/d/full/x/y' })).toBe('invalid');
        expect(guest.reason('fs.rename', { path: '/d/a', to: '/d/new/' })).toBe('not-directory');
        expect(guest.reason('fs.rename', { path: '/d/a/', to: '/d/new' })).toBe('not-directory');
        expect(guest.reason('fs.rename', { path: '/d/full/.', to: '/d/new' })).toBe('invalid');
        guest.call('fs.rename', { path: '/d/a', to: '/d/b' });
        expect(guest.text('/d/b')).toBe('a');
        guest.call('fs.rename', { path: '/d/b', to: '/d/b' });
        guest.call('fs.rename', { path: '/d/full', to: '/d/empty/' });
        guest.call('fs.rename', { path: '/d/empty/', to: '/d/moved/' });
        expect(guest.names('/d')).toEqual(['b', 'moved']);
        expect(guest.names('/d/moved')).toEqual(['x']);
      }),
    );

    test(
      'link() gives a file a second name',
      withGuest((guest) => {
        put(guest, '/d/a', 'a');
        guest.call('fs.mkdir', { path: '/d/f' });
        guest.call('fs.link', { path: '/d/a', to: '/d/f/b' });
        const { handle } = guest.call('fs.open', { path: '/d/f/b', append: true }).value;
        guest.call('fs.write', { handle }, 'b');
        expect(guest.text('/d/a')).toBe('ab');
        const [a, b] = [
          guest.call('fs.stat', { path: '/d/a' }).value,
          guest.call('fs.stat', { path: '/d/f/b' }).value,
        ];
        expect([a.inode, a.links]).toEqual([b.inode, 2]);
        expect(guest.reason('fs.link', { path: '/d/a', to: '/d/f/b' })).toBe('exists');
        expect(guest.reason('fs.link', { path: '/d/f', to: '/d/g' })).toBe('not-permitted');
        expect(guest.reason('fs.link', { path: '/d/none', to: '/d/g' })).toBe('not-found');
        expect(guest.reason('fs.link', { path: '/d/a', to: '/d/g/' })).toBe('not-found');
        guest.call('fs.remove', { path: '/d/a' });
        expect(guest.text('/d/f/b')).toBe('ab');
      }),
    );

    test(
      'symbolic links are followed, read and seen as such',
      withGuest((guest) => {
        guest.call('fs.mkdir', { path: '/d/f/g', recursive: true });
        put(guest, '/d/f/a', 'a');
        guest.call('fs.symlink', { path: '/d/l', target: 'f/a' });
        guest.call('fs.symlink', { path: '/d/f/g/up', target: '../..' });
        guest.call('fs.symlink', { path: '/d/dir', target: 'f/g/' });
        expect(guest.text('/d/l')).toBe('a');
        expect(guest.text('/d/f/g/up/l')).toBe('a');
        expect(guest.text('/d/dir/../a')).toBe('a');
        expect(guest.call('fs.readlink', { path: '/d/l' }).value).toEqual({ target: 'f/a' });
        expect(guest.reason('fs.readlink', { path: '/d/f' })).toBe('invalid');
        expect(guest.reason('fs.readlink', { path: '/d/f/a' })).toBe('invalid');
        expect(guest.call('fs.stat', { path: '/d/l' }).value.type).toBe('file');
        expect(guest.call('fs.stat', { path: '/d/l', noFollow: true }).value).toMatchObject({
          type: 'symlink',
          size: 3,
        });
        expect(guest.call('fs.stat', { path: '/d/dir/', noFollow: true }).value.type).toBe('directory');
        expect(guest.reason('fs.open', { path: '/d/l', read: true, noFollow: true })).toBe('loop');
        expect(guest.reason('fs.open', { path: '/d/dir', directory: true, noFollow: true })).toBe(
          'not-directory',
        );
        expect(guest.reason('fs.symlink', { path: '/d/l', target: 'x' })).toBe('exists');
        expect(guest.reason('fs.mkdir', { path: '/d/l' })).toBe('exists');
        put(guest, '/d/l', 'through');
        expect(guest.text('/d/f/a')).toBe('through');
        expect(guest.call('fs.stat', { path: '/d/l', noFollow: true }).value.type).toBe('symlink');
      }),
    );

    test(
      'dangling links can be written through, loops end',
      withGuest((guest) => {
        guest.call('fs.symlink', { path: '/d/l', target: 'later' });
        expect(guest.reason('fs.readFile', { path: '/d/l' })).toBe('not-found');
        expect(guest.reason('fs.open', { path: '/d/l', write: true, create: true, exclusive: true })).toBe(
          'exists',
        );
        guest.call('fs.open', { path: '/d/l', write: true, create: true });
        expect(guest.names('/d')).toEqual(['l', 'later']);
        guest.call('fs.symlink', { path: '/d/loop', target: 'loop' });
        guest.call('fs.symlink', { path: '/d/ping', target: 'pong' });
        guest.call('fs.symlink', { path: '/d/pong', target: 'ping' });
        for (const path of ['/d/loop', '/d/ping', '/d/loop/x'])
          expect(guest.reason('fs.stat', { path })).toBe('loop');
        expect(guest.call('fs.stat', { path: '/d/loop', noFollow: true }).value.type).toBe('symlink');
        guest.call('fs.remove', { path: '/d/loop' });
      }),
    );

    test(
      'rename() and link() take the link itself',
      withGuest((guest) => {
        put(guest, '/d/a', 'a');
        guest.call('fs.symlink', { path: '/d/l', target: 'a' });
        guest.call('fs.rename', { path: '/d/l', to: '/d/m' });
        guest.call('fs.link', { path: '/d/m', to: '/d/n', noFollow: true });
        guest.call('fs.link', { path: '/d/m', to: '/d/hard' });
        const typeOf = (path: string): string => guest.call('fs.stat', { path, noFollow: true }).value.type;
        expect(['/d/m', '/d/n', '/d/hard'].map(typeOf)).toEqual(['symlink', 'symlink', 'file']);
      }),
    );
  });

  describe(`fs back end ${name}: stat and times`, () => {
    test(
      'stat() tells size, links and times',
      withGuest((guest) => {
        const before = Date.now() - 2000;
        put(guest, '/d/a', 'abc');
        const stat = guest.call('fs.stat', { path: '/d/a' }).value;
        expect(stat).toMatchObject({ type: 'file', size: 3, links: 1 });
        for (const ms of [stat.accessedMs, stat.modifiedMs, stat.changedMs])
          expect(ms).toBeGreaterThan(before);
        expect(guest.call('fs.stat', { path: '/d' }).value).toMatchObject({ type: 'directory', size: 0 });
        expect(stat.inode).toMatch(/^\d+$/);
        expect(stat.device).toMatch(/^\d+$/);
      }),
    );

    test(
      'utimes() and futimes() set one time or both, of a link itself with noFollow',
      withGuest((guest) => {
        put(guest, '/d/a', 'abc');
        guest.call('fs.symlink', { path: '/d/l', target: 'a' });
        const times = (path: string): readonly number[] => {
          const { accessedMs, modifiedMs } = guest.call('fs.stat', { path, noFollow: true }).value;
          return [accessedMs, modifiedMs];
        };
        guest.call('fs.utimes', { path: '/d/l', accessedMs: 1000, modifiedMs: 2000 });
        expect(times('/d/a')).toEqual([1000, 2000]);
        guest.call('fs.utimes', { path: '/d/a', modifiedMs: 3500 });
        expect(times('/d/a')).toEqual([1000, 3500]);
        guest.call('fs.utimes', { path: '/d/l', accessedMs: 4000, modifiedMs: 5000, noFollow: true });
        expect(times('/d/a')).toEqual([1000, 3500]);
        expect(times('/d/l')[1]).toBe(5000);
        const { handle } = guest.call('fs.open', { path: '/d/a', write: true }).value;
        guest.call('fs.futimes', { handle, accessedMs: 7000 });
        expect(times('/d/a')).toEqual([7000, 3500]);
        guest.call('fs.utimes', { path: '/d', modifiedMs: 9000 });
        expect(guest.call('fs.stat', { path: '/d' }).value.modifiedMs).toBe(9000);
        const folder = guest.call('fs.open', { path: '/d', directory: true }).value.handle;
        guest.call('fs.futimes', { handle: folder, modifiedMs: 8000 });
        expect(guest.call('fs.fstat', { handle: folder }).value.modifiedMs).toBe(8000);
        expect(guest.reason('fs.utimes', { path: '/d/none', modifiedMs: 1 })).toBe('not-found');
      }),
    );

    test(
      'names are taken as they are',
      withGuest((guest) => {
        const long = 'n'.repeat(255);
        put(guest, `/d/${long}`, 'x');
        put(guest, '/d/%2e%2e', 'x');
        put(guest, '/d/...', 'x');
        put(guest, '/d/ space ', 'x');
        put(guest, '/d/__proto__', 'p');
        expect(guest.text('/d/__proto__')).toBe('p');
        expect(guest.names('/d')).toEqual([' space ', '%2e%2e', '...', '__proto__', long]);
        expect(guest.reason('fs.writeFile', { path: `/d/${long}n` }, 'x')).toBe('name-too-long');
        expect(guest.reason('fs.stat', { path: `/d/${'é'.repeat(128)}` })).toBe('name-too-long');
        expect(guest.reason('fs.stat', { path: `/d${'/d'.repeat(2048)}` })).toBe('name-too-long');
        expect(guest.reason('fs.stat', { path: '' })).toBe('not-found');
        for (const path of ['/d/a\0b', '/d\\x', '/d/\ud800'])
          expect(guest.reason('fs.stat', { path })).toBe('invalid');
        expect(guest.reason('fs.stat', { path: 'relative' })).toBe('invalid');
      }),
    );

    test(
      'bytes that were sent are freed, and the file has its own',
      withGuest((guest) => {
        const bytes = encode('before');
        guest.call('fs.writeFile', { path: '/d/a' }, bytes);
        expect(bytes.byteLength).toBe(0);
        expect(guest.text('/d/a')).toBe('before');
      }),
    );
  });

  describe(`fs back end ${name}: watching`, () => {
    const watching =
      (run: (guest: FsGuest) => Promise<void>, more: Partial<FsGrant> = {}) =>
      async (): Promise<void> => {
        using place = make();
        using guest = openGuest({
          backend: place.backend,
          grant: [{ host: place.host, guest: '/d', access: ['read', 'write'], ...more }],
          scratchBytes: 0,
        });
        await run(guest);
      };
    const watch = (guest: FsGuest, recursive = false): number =>
      guest.call('fs.watch', { path: '/d', recursive }).value.handle;

    test(
      'watchNext() tells of a file that was changed, made, removed, replaced and renamed, one event each',
      watching(async (guest) => {
        put(guest, '/d/old', '1');
        put(guest, '/d/kept', '1');
        const handle = watch(guest);
        guest.call('fs.append', { path: '/d/old' }, '23');
        expect(await guest.next(handle)).toEqual({
          events: [{ path: '/d/old', kind: 'change' }],
          overflow: false,
          done: false,
        });
        put(guest, '/d/new', 'x');
        expect((await guest.next(handle)).events).toEqual([{ path: '/d/new', kind: 'create' }]);
        put(guest, '/d/old', 'y');
        expect((await guest.next(handle)).events).toEqual([{ path: '/d/old', kind: 'change' }]);
        guest.call('fs.rename', { path: '/d/old', to: '/d/moved' });
        expect((await guest.next(handle)).events).toEqual([
          { path: '/d/old', kind: 'remove' },
          { path: '/d/moved', kind: 'create' },
        ]);
        guest.call('fs.remove', { path: '/d/kept' });
        expect((await guest.next(handle)).events).toEqual([{ path: '/d/kept', kind: 'remove' }]);
      }),
    );

    test(
      'watchNext() waits until something changes, and a second wait is refused meanwhile',
      watching(async (guest) => {
        const handle = watch(guest);
        const waiting = guest.next(handle);
        await expect(guest.next(handle)).rejects.toMatchObject({ details: { reason: 'invalid' } });
        put(guest, '/d/a');
        expect((await waiting).events).toEqual([{ path: '/d/a', kind: 'create' }]);
      }),
    );

    test(
      'watch() looks into folders below only with recursive',
      watching(async (guest) => {
        guest.call('fs.mkdir', { path: '/d/f/g', recursive: true });
        const [flat, deep] = [watch(guest), watch(guest, true)];
        const inner = guest.call('fs.watch', { path: '/d/f' }).value.handle;
        put(guest, '/d/f/g/x', '1');
        expect((await guest.next(deep)).events).toEqual([{ path: '/d/f/g/x', kind: 'create' }]);
        put(guest, '/d/f/y', '1');
        expect((await guest.next(inner)).events).toEqual([{ path: '/d/f/y', kind: 'create' }]);
        expect((await guest.next(deep)).events).toEqual([{ path: '/d/f/y', kind: 'create' }]);
        put(guest, '/d/z', '1');
        expect((await guest.next(flat)).events).toEqual([{ path: '/d/z', kind: 'create' }]);
      }),
    );

    test(
      'close() and the end of the run end a wait',
      watching(async (guest) => {
        const handle = watch(guest);
        const waiting = guest.next(handle);
        guest.call('fs.close', { handle });
        const nothing = { events: [], overflow: false, done: true };
        expect(await waiting).toEqual(nothing);
        await expect(guest.next(handle)).rejects.toMatchObject({ details: { reason: 'bad-handle' } });
        const other = watch(guest);
        const last = guest.next(other);
        guest.abort();
        expect(await last).toEqual(nothing);
      }),
    );

    test(
      'watch() refuses files, what is not there, and other handles',
      watching(async (guest) => {
        put(guest, '/d/a');
        expect(guest.reason('fs.watch', { path: '/d/a' })).toBe('not-directory');
        expect(guest.reason('fs.watch', { path: '/d/none' })).toBe('not-found');
        const folder = guest.call('fs.open', { path: '/d', directory: true }).value.handle;
        await expect(guest.next(folder)).rejects.toMatchObject({ details: { reason: 'bad-handle' } });
      }),
    );

    test('more than one answer holds is told as overflow', async () => {
      using place = make();
      using guest = openGuest({
        backend: place.backend,
        grant: [{ host: place.host, guest: '/d', access: ['read', 'write'] }],
        scratchBytes: 0,
        hostCallBytes: 1024,
      });
      const handle = watch(guest);
      for (let at = 0; at < 30; at++) put(guest, `/d/${at}`);
      const { events, overflow } = await guest.next(handle);
      expect(overflow).toBe(true);
      expect(JSON.stringify(events).length).toBeLessThanOrEqual(1024);
      expect(events.length).toBeGreaterThan(5);
    });
  });
}
