import { describe, expect, test } from 'vitest';
import {
  ALL,
  CREATE,
  DIRECTORY,
  ERRNO,
  EXCLUSIVE,
  openShim,
  READ,
  type ShimHarness,
  TRUNCATE,
  WRITE,
} from '../../support/shim-harness.ts';

const FOLDER = 3;
const APPEND = 1;
const FOLLOW = 1;
const [SET, CUR, END] = [0, 1, 2];
const BUFFER = 0x4000;

interface Open {
  readonly folder?: number;
  readonly follow?: boolean;
  readonly oflags?: number;
  readonly rights?: bigint;
  readonly inheriting?: bigint;
  readonly fdflags?: number;
}

const open = (shim: ShimHarness, path: string, options: Open = {}): { errno: unknown; fd: number } => {
  const { folder = FOLDER, follow = true, oflags = 0, rights = ALL, inheriting = ALL, fdflags = 0 } = options;
  const [at, length] = shim.put(0x8000, path);
  const errno = shim.call(
    'path_open',
    folder,
    follow ? FOLLOW : 0,
    at,
    length,
    oflags,
    rights,
    inheriting,
    fdflags,
    0x8ff0,
  );
  return { errno, fd: shim.u32(0x8ff0) };
};

const opened = (shim: ShimHarness, path: string, options: Open = {}): number => {
  const { errno, fd } = open(shim, path, options);
  expect(errno).toBe(ERRNO.SUCCESS);
  return fd;
};

const vector = (shim: ShimHarness, at: number, length: number): void => {
  shim.setU32(64, at);
  shim.setU32(68, length);
};

const write = (shim: ShimHarness, fd: number, text: string, offset?: bigint): [unknown, number] => {
  vector(shim, ...shim.put(BUFFER, text));
  const errno =
    offset === undefined
      ? shim.call('fd_write', fd, 64, 1, 80)
      : shim.call('fd_pwrite', fd, 64, 1, offset, 80);
  return [errno, shim.u32(80)];
};

const read = (shim: ShimHarness, fd: number, length: number, offset?: bigint): [unknown, string] => {
  vector(shim, BUFFER, length);
  const errno =
    offset === undefined ? shim.call('fd_read', fd, 64, 1, 80) : shim.call('fd_pread', fd, 64, 1, offset, 80);
  return [errno, errno === ERRNO.SUCCESS ? shim.text(BUFFER, shim.u32(80)) : ''];
};

const tell = (shim: ShimHarness, fd: number): bigint => {
  expect(shim.call('fd_tell', fd, 96)).toBe(ERRNO.SUCCESS);
  return shim.u64(96);
};

describe('files', () => {
  test('a file is written, sought and read where it lives', () => {
    const shim = openShim();
    const fd = opened(shim, 'new.txt', { oflags: CREATE | EXCLUSIVE });
    expect(write(shim, fd, 'hello world')).toEqual([ERRNO.SUCCESS, 11]);
    expect(shim.fs.text('/data/new.txt')).toBe('hello world');
    expect(shim.call('fd_seek', fd, -5n, END, 96)).toBe(ERRNO.SUCCESS);
    expect(shim.u64(96)).toBe(6n);
    expect(read(shim, fd, 100)).toEqual([ERRNO.SUCCESS, 'world']);
    expect(tell(shim, fd)).toBe(11n);
    shim.fs.call('fs.writeFile', { path: '/data/other.txt' }, 'from outside');
    expect(read(shim, opened(shim, 'other.txt'), 100)).toEqual([ERRNO.SUCCESS, 'from outside']);
    expect(open(shim, 'new.txt', { oflags: CREATE | EXCLUSIVE }).errno).toBe(ERRNO.EXIST);
  });

  test('pread and pwrite leave the position alone', () => {
    const shim = openShim({ files: { '/data/a.txt': '0123456789' } });
    const fd = opened(shim, 'a.txt');
    expect(read(shim, fd, 3)).toEqual([ERRNO.SUCCESS, '012']);
    expect(read(shim, fd, 3, 7n)).toEqual([ERRNO.SUCCESS, '789']);
    expect(write(shim, fd, 'xx', 3n)).toEqual([ERRNO.SUCCESS, 2]);
    expect(tell(shim, fd)).toBe(3n);
    expect(read(shim, fd, 100)).toEqual([ERRNO.SUCCESS, 'xx56789']);
  });

  test('append writes at the end for as long as the flag is set', () => {
    const shim = openShim({ files: { '/data/a.txt': 'one' } });
    const fd = opened(shim, 'a.txt', { fdflags: APPEND });
    shim.call('fd_seek', fd, 0n, SET, 96);
    expect(write(shim, fd, 'two')).toEqual([ERRNO.SUCCESS, 3]);
    expect(tell(shim, fd)).toBe(6n);
    expect(shim.call('fd_fdstat_set_flags', fd, 0)).toBe(ERRNO.SUCCESS);
    shim.call('fd_seek', fd, 0n, SET, 96);
    write(shim, fd, 'ONE');
    expect(shim.fs.text('/data/a.txt')).toBe('ONEtwo');
    expect(shim.call('fd_fdstat_set_flags', fd, 0x80)).toBe(ERRNO.INVAL);
  });

  test('one call moves one chunk of a large buffer', () => {
    const shim = openShim({ pages: 40 });
    const fd = opened(shim, 'big.bin', { oflags: CREATE });
    vector(shim, 0, 2 * 1024 * 1024);
    expect(shim.call('fd_write', fd, 64, 1, 80)).toBe(ERRNO.SUCCESS);
    expect(shim.u32(80)).toBe(1024 * 1024);
    shim.call('fd_seek', fd, 0n, SET, 96);
    vector(shim, 65_536, 2 * 1024 * 1024);
    expect(shim.call('fd_read', fd, 64, 1, 80)).toBe(ERRNO.SUCCESS);
    expect(shim.u32(80)).toBe(1024 * 1024);
  });

  test('sizes: truncate on opening, by descriptor, and allocate', () => {
    const shim = openShim({ files: { '/data/a.txt': '0123456789' } });
    const fd = opened(shim, 'a.txt');
    expect(shim.call('fd_filestat_set_size', fd, 4n)).toBe(ERRNO.SUCCESS);
    expect(shim.fs.text('/data/a.txt')).toBe('0123');
    expect(shim.call('fd_allocate', fd, 2n, 4n)).toBe(ERRNO.SUCCESS);
    expect(shim.fs.text('/data/a.txt')).toBe('0123\0\0');
    expect(shim.call('fd_allocate', fd, 0n, 3n)).toBe(ERRNO.SUCCESS);
    expect(shim.call('fd_allocate', fd, 0n, 0n)).toBe(ERRNO.INVAL);
    opened(shim, 'a.txt', { oflags: TRUNCATE });
    expect(shim.fs.text('/data/a.txt')).toBe('');
  });

  test('filestat lays its fields where the ABI has them', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    shim.fs.call('fs.utimes', { path: '/data/a.txt', accessedMs: 1500, modifiedMs: 2500.5 });
    const [at, length] = shim.put(0x8000, 'a.txt');
    expect(shim.call('path_filestat_get', FOLDER, FOLLOW, at, length, 256)).toBe(ERRNO.SUCCESS);
    expect({
      type: shim.u64(272),
      links: shim.u64(280),
      size: shim.u64(288),
      atim: shim.u64(296),
      mtim: shim.u64(304),
    }).toEqual({
      type: 4n,
      links: 1n,
      size: 5n,
      atim: 1_500_000_000n,
      mtim: 2_500_500_000n,
    });
  });

  test('times that were set are told to the nanosecond until the file changes', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    const fd = opened(shim, 'a.txt');
    const stat = (): [bigint, bigint] => {
      expect(shim.call('fd_filestat_get', fd, 256)).toBe(ERRNO.SUCCESS);
      return [shim.u64(296), shim.u64(304)];
    };
    const [accessed] = stat();
    const wanted = 1_700_000_000_123_456_789n;
    expect(shim.call('fd_filestat_set_times', fd, 1n, wanted, 4)).toBe(ERRNO.SUCCESS);
    expect(stat()).toEqual([accessed, wanted]);
    const [at, length] = shim.put(0x8000, 'a.txt');
    expect(shim.call('path_filestat_set_times', FOLDER, FOLLOW, at, length, wanted + 1n, 0n, 1)).toBe(
      ERRNO.SUCCESS,
    );
    expect(stat()).toEqual([wanted + 1n, wanted]);
    shim.fs.call('fs.utimes', { path: '/data/a.txt', modifiedMs: 5000 });
    expect(stat()).toEqual([wanted + 1n, 5_000_000_000n]);
    for (const flags of [3, 12, 16])
      expect(shim.call('fd_filestat_set_times', fd, 0n, 0n, flags)).toBe(ERRNO.INVAL);
  });
});

describe('folders', () => {
  const list = (
    shim: ShimHarness,
    fd: number,
    size: number,
    cookie = 0n,
  ): { names: string[]; next: bigint; used: number } => {
    expect(shim.call('fd_readdir', fd, BUFFER, size, cookie, 80)).toBe(ERRNO.SUCCESS);
    const used = shim.u32(80);
    const names: string[] = [];
    let next = cookie;
    let at = BUFFER;
    while (at + 24 <= BUFFER + used) {
      const length = shim.u32(at + 16);
      if (at + 24 + length > BUFFER + used) break;
      next = shim.u64(at);
      names.push(shim.text(at + 24, length));
      at += 24 + length;
    }
    return { names, next, used };
  };

  test('a listing goes on where its cookie says, and is not disturbed by changes', () => {
    const shim = openShim({ files: { '/data/a': '', '/data/bb': '', '/data/ccc': '' } });
    expect(list(shim, FOLDER, 4096)).toEqual({
      names: ['.', '..', 'a', 'bb', 'ccc'],
      next: 5n,
      used: 5 * 24 + 9,
    });
    const first = list(shim, FOLDER, 24 * 3 + 4);
    expect(first.names).toEqual(['.', '..', 'a']);
    expect(first.used).toBe(24 * 3 + 4);
    shim.fs.call('fs.remove', { path: '/data/a' });
    expect(list(shim, FOLDER, 4096, first.next).names).toEqual(['bb', 'ccc']);
    expect(list(shim, FOLDER, 4096).names).toEqual(['.', '..', 'bb', 'ccc']);
    for (const cookie of [5n, 1000n, 2n ** 64n - 1n]) {
      expect(shim.call('fd_readdir', FOLDER, BUFFER, 4096, cookie, 80)).toBe(ERRNO.SUCCESS);
      expect(shim.u32(80)).toBe(0);
    }
  });

  test('are made, renamed and removed', () => {
    const shim = openShim();
    expect(shim.call('path_create_directory', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.SUCCESS);
    expect(shim.call('path_create_directory', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.EXIST);
    shim.fs.call('fs.writeFile', { path: '/data/one/a.txt' }, 'a');
    expect(shim.call('path_remove_directory', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.NOTEMPTY);
    const inner = opened(shim, 'one', { oflags: DIRECTORY, rights: ALL & ~WRITE });
    expect(
      shim.call('path_rename', inner, ...shim.put(0x8000, 'a.txt'), FOLDER, ...shim.put(0x9000, 'b.txt')),
    ).toBe(ERRNO.SUCCESS);
    expect(shim.call('path_unlink_file', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.ISDIR);
    expect(shim.call('path_remove_directory', FOLDER, ...shim.put(0x8000, 'b.txt'))).toBe(ERRNO.NOTDIR);
    expect(shim.call('path_remove_directory', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.SUCCESS);
    expect(shim.call('path_unlink_file', FOLDER, ...shim.put(0x8000, 'b.txt'))).toBe(ERRNO.SUCCESS);
    expect(shim.fs.names('/data')).toEqual([]);
  });

  test('links: hard, symbolic, read in part, followed or not', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    expect(
      shim.call('path_link', FOLDER, 0, ...shim.put(0x8000, 'a.txt'), FOLDER, ...shim.put(0x9000, 'hard')),
    ).toBe(ERRNO.SUCCESS);
    expect(
      shim.call('path_link', FOLDER, FOLLOW, ...shim.put(0x8000, 'a.txt'), FOLDER, ...shim.put(0x9000, 'no')),
    ).toBe(ERRNO.INVAL);
    expect(shim.call('path_symlink', ...shim.put(0x8000, 'a.txt'), FOLDER, ...shim.put(0x9000, 'soft'))).toBe(
      ERRNO.SUCCESS,
    );
    expect(shim.call('path_readlink', FOLDER, ...shim.put(0x8000, 'soft'), BUFFER, 3, 80)).toBe(
      ERRNO.SUCCESS,
    );
    expect([shim.u32(80), shim.text(BUFFER, 3)]).toEqual([3, 'a.t']);
    expect(shim.call('path_readlink', FOLDER, ...shim.put(0x8000, 'a.txt'), BUFFER, 3, 80)).toBe(ERRNO.INVAL);
    expect(read(shim, opened(shim, 'soft'), 10)).toEqual([ERRNO.SUCCESS, 'hello']);
    expect(open(shim, 'soft', { follow: false }).errno).toBe(ERRNO.LOOP);
  });

  test('a folder can be opened without saying so, but not to be written', () => {
    const shim = openShim({ files: {} });
    expect(open(shim, '.', { rights: READ }).errno).toBe(ERRNO.SUCCESS);
    expect(open(shim, '.', { rights: READ | WRITE, oflags: DIRECTORY }).errno).toBe(ERRNO.ISDIR);
    expect(open(shim, '.', { rights: WRITE }).errno).toBe(ERRNO.ISDIR);
    expect(open(shim, 'x', { oflags: CREATE | DIRECTORY }).errno).toBe(ERRNO.INVAL);
  });

  test('under a grant to read, changes are refused and nothing changes', () => {
    const shim = openShim({ grant: [{ host: '/root', guest: '/data', access: ['read'] }] });
    for (const oflags of [CREATE, CREATE | TRUNCATE]) {
      expect(open(shim, 'new.txt', { oflags }).errno).toBe(ERRNO.NOTCAPABLE);
    }
    expect(shim.call('path_create_directory', FOLDER, ...shim.put(0x8000, 'one'))).toBe(ERRNO.NOTCAPABLE);
    expect(shim.fs.names('/data')).toEqual([]);
  });
});

describe('rights', () => {
  const stat = (shim: ShimHarness, fd: number): [bigint, bigint] => {
    expect(shim.call('fd_fdstat_get', fd, 256)).toBe(ERRNO.SUCCESS);
    return [shim.u64(264), shim.u64(272)];
  };

  test('are what was asked, never more than the folder hands on', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    expect(stat(shim, opened(shim, 'a.txt', { rights: READ }))).toEqual([READ, 0n]);
    const [base, inheriting] = stat(
      shim,
      opened(shim, '.', { rights: ALL & ~WRITE, inheriting: READ, oflags: DIRECTORY }),
    );
    expect([base & (READ | WRITE | 4n), inheriting]).toEqual([0n, READ]);
    const folder = opened(shim, '.', { rights: 0x2000n, inheriting: READ, oflags: DIRECTORY });
    expect(stat(shim, opened(shim, 'a.txt', { folder, rights: ALL }))).toEqual([READ, 0n]);
  });

  test('that are missing are told by EBADF for bytes and ENOTCAPABLE for all else', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    const reader = opened(shim, 'a.txt', { rights: READ });
    expect(write(shim, reader, 'x')[0]).toBe(ERRNO.BADF);
    expect(shim.call('fd_filestat_set_size', reader, 0n)).toBe(ERRNO.NOTCAPABLE);
    expect(shim.call('fd_seek', reader, 0n, CUR, 96)).toBe(ERRNO.NOTCAPABLE);
    expect(read(shim, opened(shim, 'a.txt', { rights: WRITE }), 1)[0]).toBe(ERRNO.BADF);
    expect(shim.call('path_open', reader, 0, ...shim.put(0x8000, 'x'), 0, READ, 0n, 0, 80)).toBe(
      ERRNO.NOTDIR,
    );
    expect(shim.fs.text('/data/a.txt')).toBe('hello');
  });

  test('can be dropped and not taken back', () => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    const fd = opened(shim, 'a.txt');
    const [base] = stat(shim, fd);
    expect(shim.call('fd_fdstat_set_rights', fd, base & ~READ, 0n)).toBe(ERRNO.SUCCESS);
    expect(read(shim, fd, 1)[0]).toBe(ERRNO.BADF);
    expect(shim.call('fd_fdstat_set_rights', fd, base, 0n)).toBe(ERRNO.NOTCAPABLE);
    const [folderBase, folderInheriting] = stat(shim, FOLDER);
    expect(shim.call('fd_fdstat_set_rights', FOLDER, folderBase & ~0x2000n, folderInheriting)).toBe(
      ERRNO.SUCCESS,
    );
    expect(open(shim, 'a.txt').errno).toBe(ERRNO.NOTCAPABLE);
  });
});
