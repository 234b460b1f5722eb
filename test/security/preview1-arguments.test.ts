import { expect, test } from 'vitest';
import { WASI_FUNCTIONS } from '../../runtime/engines/preview1/wasi-functions.ts';
import {
  ALL,
  CREATE,
  DIRECTORY,
  ERRNO,
  openShim,
  READ,
  type ShimHarness,
  WRITE,
} from '../support/shim-harness.ts';

const PAST = 0x2_0000; // two pages
const HUGE = 0xffff_ffff;

const openFile = (shim: ShimHarness, path: string, oflags = 0, rights = ALL): number => {
  const [at, length] = shim.put(0x8000, path);
  const errno = shim.call('path_open', 3, 1, at, length, oflags, rights, ALL, 0, 0x8800);
  expect(errno).toBe(ERRNO.SUCCESS);
  return shim.u32(0x8800);
};

test('every pointer of every function is refused when it lies outside the memory', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' } });
  const fd = openFile(shim, 'a.txt');
  for (const [name, spec] of Object.entries(WASI_FUNCTIONS)) {
    const places = [
      ...(spec.pointers ?? []).map(([pointer, bytes]) => ({ pointer, length: undefined, bytes })),
      ...(spec.buffers ?? []).map(([pointer, length, bytes]) => ({ pointer, length, bytes })),
      ...(spec.paths ?? []).map(([pointer, length]) => ({ pointer, length, bytes: 1 })),
    ];
    for (const { pointer, length, bytes } of places) {
      for (const value of [PAST, PAST - bytes + 1, HUGE, -1, -8, 0x7fff_ffff]) {
        const args: (number | bigint)[] = [...spec.params].map((letter) => (letter === 'i' ? 64 : 0n));
        for (const place of spec.fds ?? []) args[place] = spec.folders === true ? 3 : fd;
        if (name === 'fd_prestat_get' || name === 'fd_prestat_dir_name' || name === 'fd_readdir') args[0] = 3;
        for (const [, size] of spec.buffers ?? []) args[size] = 1;
        for (const [start, size] of spec.paths ?? []) [args[start], args[size]] = shim.put(0x1000, 'a.txt');
        args[pointer] = value;
        if (length !== undefined) args[length] = 1;
        expect([name, pointer, value, shim.call(name, ...args)]).toEqual([name, pointer, value, ERRNO.FAULT]);
      }
    }
  }
  expect(shim.control.bug).toBeUndefined();
});

test('a length that overflows 32 bits with its pointer does not wrap', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' } });
  const fd = openFile(shim, 'a.txt');
  expect(shim.call('random_get', 16, HUGE)).toBe(ERRNO.FAULT);
  expect(shim.call('random_get', -16, 32)).toBe(ERRNO.FAULT);
  expect(shim.call('fd_read', fd, 64, 0x2000_0000, 0)).toBe(ERRNO.FAULT);
  expect(shim.call('fd_read', fd, 64, HUGE, 0)).toBe(ERRNO.FAULT);
  expect(shim.call('fd_readdir', 3, 16, HUGE, 0n, 0)).toBe(ERRNO.FAULT);
  expect(shim.call('poll_oneoff', 0, 0, 0x8000_0000, 0)).toBe(ERRNO.FAULT);
  expect(shim.call('path_open', 3, 0, 16, HUGE, 0, ALL, ALL, 0, 0)).toBe(ERRNO.FAULT);
  expect(shim.host.memoryBytes()).toBe(0);
});

test('random_get of all the memory fills it and no more', () => {
  const shim = openShim({ pages: 40 });
  expect(shim.call('random_get', 0, 40 * 65_536)).toBe(ERRNO.SUCCESS);
  expect(shim.call('random_get', 0, 40 * 65_536 + 1)).toBe(ERRNO.FAULT);
});

test('iovecs: too many, outside the memory, overlapping, and one over the other', () => {
  const shim = openShim({ files: { '/data/a.txt': '0123456789' }, pages: 4 });
  const fd = openFile(shim, 'a.txt');
  expect(shim.call('fd_read', fd, 1024, 1025, 0)).toBe(ERRNO.INVAL);
  expect(shim.call('fd_write', 1, 1024, 20_000, 0)).toBe(ERRNO.INVAL);

  shim.setU32(64, 4 * 65_536 - 4);
  shim.setU32(68, 5);
  expect(shim.call('fd_read', fd, 64, 1, 0)).toBe(ERRNO.FAULT);
  shim.setU32(64, HUGE);
  shim.setU32(68, HUGE);
  expect(shim.call('fd_write', 1, 64, 1, 0)).toBe(ERRNO.FAULT);

  // Two vectors over the same bytes: the second wins, the count is that of the file.
  for (const at of [64, 72]) {
    shim.setU32(at, 256);
    shim.setU32(at + 4, 5);
  }
  expect(shim.call('fd_pread', fd, 64, 2, 0n, 0)).toBe(ERRNO.SUCCESS);
  expect([shim.u32(0), shim.text(256, 5)]).toEqual([10, '56789']);

  // A vector over the vectors: they were read before anything was written.
  shim.setU32(64, 64);
  shim.setU32(68, 4);
  shim.setU32(72, 300);
  shim.setU32(76, 4);
  expect(shim.call('fd_pread', fd, 64, 2, 0n, 0)).toBe(ERRNO.SUCCESS);
  expect([shim.text(64, 4), shim.text(300, 4)]).toEqual(['0123', '4567']);
});

test('a thousand vectors over the whole memory move one chunk, not a gigabyte', () => {
  const shim = openShim({ pages: 32, outputBytes: 64 * 1024 * 1024 });
  for (let index = 0; index < 1024; index++) {
    shim.setU32(index * 8, 0);
    shim.setU32(index * 8 + 4, 32 * 65_536);
  }
  expect(shim.call('fd_write', 1, 0, 1024, 0)).toBe(ERRNO.SUCCESS);
  expect(shim.u32(0)).toBe(1024 * 1024);
  expect(shim.host.stdout().length).toBe(1024 * 1024);
});

test('descriptors that are not open are EBADF for every function that takes one', () => {
  const shim = openShim();
  for (const fd of [9, 1024, HUGE, -1, 0x7fff_ffff, -2_147_483_648]) {
    for (const [name, spec] of Object.entries(WASI_FUNCTIONS)) {
      for (const place of spec.fds ?? []) {
        const args: (number | bigint)[] = [...spec.params].map((letter) => (letter === 'i' ? 64 : 0n));
        for (const other of spec.fds ?? []) args[other] = 3;
        for (const [, size] of [...(spec.buffers ?? []), ...(spec.paths ?? [])]) args[size] = 1;
        args[place] = fd;
        expect([name, place, fd, shim.call(name, ...args)]).toEqual([name, place, fd, ERRNO.BADF]);
      }
    }
  }
});

test('renumber games keep the table whole', () => {
  const shim = openShim({ files: { '/data/a.txt': 'a', '/data/b.txt': 'b' } });
  const a = openFile(shim, 'a.txt');
  const b = openFile(shim, 'b.txt');
  expect(shim.call('fd_renumber', a, a)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_fdstat_get', a, 64)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_renumber', a, HUGE)).toBe(ERRNO.BADF);
  expect(shim.call('fd_renumber', a, 200)).toBe(ERRNO.BADF);
  expect(shim.call('fd_renumber', a, b)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_fdstat_get', a, 64)).toBe(ERRNO.BADF);
  shim.setU32(64, 256);
  shim.setU32(68, 4);
  expect(shim.call('fd_read', b, 64, 1, 0)).toBe(ERRNO.SUCCESS);
  expect(shim.text(256, 1)).toBe('a');
  // A folder over stdout: what is printed then goes nowhere near the host's stdout.
  expect(shim.call('fd_renumber', 3, 1)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_write', 1, 64, 1, 0)).toBe(ERRNO.BADF);
  expect(shim.host.stdout()).toBe('');
  expect(shim.call('fd_close', 1)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_close', 1)).toBe(ERRNO.BADF);
});

test('numbers are given again, and there is an end of them', () => {
  const shim = openShim({ files: { '/data/a.txt': 'a' } });
  const first = openFile(shim, 'a.txt');
  expect(first).toBe(4);
  shim.call('fd_close', first);
  expect(openFile(shim, 'a.txt')).toBe(first);
  let errno: unknown = ERRNO.SUCCESS;
  let opened = 0;
  const [at, length] = shim.put(0x8000, 'a.txt');
  while (errno === ERRNO.SUCCESS && opened < 5000) {
    errno = shim.call('path_open', 3, 1, at, length, 0, READ, 0n, 0, 0x8800);
    opened += 1;
  }
  expect(errno).toBe(ERRNO.MFILE);
  expect(opened).toBeLessThan(1100);
});

const PATHS: readonly (readonly [string | Uint8Array, readonly number[]])[] = [
  ['../secret.txt', [ERRNO.NOTCAPABLE]],
  ['a/../../secret.txt', [ERRNO.NOTCAPABLE, ERRNO.NOENT]],
  ['..', [ERRNO.NOTCAPABLE]],
  ['/etc/passwd', [ERRNO.NOTCAPABLE]],
  ['//etc/passwd', [ERRNO.NOTCAPABLE]],
  ['/data/a.txt', [ERRNO.NOTCAPABLE]],
  ['a.txt\0', [ERRNO.INVAL]],
  ['a.txt\0/../../secret.txt', [ERRNO.INVAL]],
  ['', [ERRNO.NOENT]],
  ['x'.repeat(4097), [ERRNO.NAMETOOLONG]],
  ['x/'.repeat(2000), [ERRNO.NOENT, ERRNO.NAMETOOLONG, ERRNO.NOTCAPABLE]],
  ['y'.repeat(300), [ERRNO.NAMETOOLONG, ERRNO.NOENT]],
  [new Uint8Array([0x61, 0xff, 0x2e]), [ERRNO.ILSEQ]],
  [new Uint8Array([0xed, 0xa0, 0x80]), [ERRNO.ILSEQ]],
  [new Uint8Array([0xef, 0xbb, 0xbf, 0x61]), [ERRNO.ILSEQ]],
  ['a.txt/', [ERRNO.NOTDIR, ERRNO.NOENT]],
  ['a.txt/..', [ERRNO.NOTDIR, ERRNO.NOENT]],
  ['link/x', [ERRNO.NOENT, ERRNO.NOTCAPABLE]],
];

test.each(PATHS.map(([path, errnos]) => [String(path).slice(0, 24), path, errnos] as const))(
  'path_open(%j) does not leave the folder',
  (_title, path, errnos) => {
    const shim = openShim({ files: { '/data/a.txt': 'hello' } });
    const [at, length] = shim.put(0x1000, path);
    for (const oflags of [0, CREATE, DIRECTORY]) {
      if (oflags === CREATE && path !== '../secret.txt' && path !== '/etc/passwd') continue;
      const errno = shim.call('path_open', 3, 1, at, length, oflags, READ | WRITE, 0n, 0, 0);
      if (oflags === DIRECTORY) expect(errno).not.toBe(ERRNO.SUCCESS);
      else expect(errnos).toContain(errno);
    }
    expect(shim.control.bug).toBeUndefined();
  },
);

const REFUSED: readonly number[] = [ERRNO.NOTCAPABLE, ERRNO.INVAL, ERRNO.PERM];

test('every function with a path refuses the ways out', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' } });
  for (const [name, spec] of Object.entries(WASI_FUNCTIONS)) {
    for (const [pointer, size] of spec.paths ?? []) {
      for (const path of ['/etc/passwd', '../secret', 'a.txt\0']) {
        const args: (number | bigint)[] = [...spec.params].map((letter) => (letter === 'i' ? 0 : 0n));
        for (const place of spec.fds ?? []) args[place] = 3;
        const good = shim.put(0x1000, 'a.txt');
        for (const [goodPointer, goodSize] of spec.paths ?? []) [args[goodPointer], args[goodSize]] = good;
        [args[pointer], args[size]] = shim.put(0x2000, path);
        if (['path_link', 'path_rename', 'path_symlink'].includes(name)) {
          const fresh = shim.put(0x3000, 'fresh');
          const last = (spec.paths ?? []).at(-1);
          if (last !== undefined && last[0] !== pointer) [args[last[0]], args[last[1]]] = fresh;
        }
        const errno = shim.call(name, ...args);
        expect([name, path, REFUSED.includes(Number(errno))]).toEqual([name, path, true]);
      }
    }
  }
  expect(shim.fs.names('/data')).toEqual(['a.txt']);
});

test('a symlink cannot point out of the folder, and is not followed out of it', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' } });
  for (const target of ['/etc/passwd', '../../etc/passwd', '..']) {
    const errno = shim.call('path_symlink', ...shim.put(0x1000, target), 3, ...shim.put(0x2000, 'link'));
    if (errno === ERRNO.SUCCESS) {
      const [at, length] = shim.put(0x2000, 'link');
      expect(shim.call('path_open', 3, 1, at, length, 0, READ, 0n, 0, 0)).not.toBe(ERRNO.SUCCESS);
      shim.call('path_unlink_file', 3, at, length);
    }
  }
  expect(shim.control.bug).toBeUndefined();
});

test('polls: none, too many, unknown kinds, descriptors that are not open', () => {
  const shim = openShim({ pages: 4 });
  expect(shim.call('poll_oneoff', 0, 0, 0, 0)).toBe(ERRNO.INVAL);
  expect(shim.call('poll_oneoff', 0, 0x20_000, 1025, 0)).toBe(ERRNO.INVAL);
  expect(shim.call('poll_oneoff', 0, 0, HUGE, 0)).toBe(ERRNO.FAULT);
  new DataView(shim.memory.buffer).setUint8(8, 9);
  expect(shim.call('poll_oneoff', 0, 128, 1, 512)).toBe(ERRNO.INVAL);
  new DataView(shim.memory.buffer).setUint8(8, 1);
  shim.setU32(16, HUGE);
  expect(shim.call('poll_oneoff', 0, 128, 1, 512)).toBe(ERRNO.SUCCESS);
  expect([shim.u32(512), shim.u32(136) & 0xffff]).toEqual([1, ERRNO.BADF]);
});

test('a sleep of 584 years ends with the run', () => {
  const sleeps: number[] = [];
  let over = false;
  const shim = openShim({ stopReason: () => (over ? 'deadline' : undefined) });
  Object.assign(shim.host, {
    sleepSync: (ms: number) => {
      sleeps.push(ms);
      over = true;
    },
  });
  shim.setU32(16, 1);
  shim.setU64(24, 2n ** 64n - 1n);
  expect(shim.left('poll_oneoff', 0, 128, 1, 512)).toBe(true);
  expect(sleeps).toEqual([Number(2n ** 64n - 1n) / 1e6]);
  expect(shim.control.stopReason).toBe('deadline');
});

test('prestat buffers too small, and names of what is not a preopen', () => {
  const shim = openShim({ files: { '/data/a.txt': 'a' } });
  const fd = openFile(shim, 'a.txt');
  expect(shim.call('fd_prestat_dir_name', 3, 64, 2)).toBe(ERRNO.NAMETOOLONG);
  expect(shim.text(64, 6)).toBe('/d\0\0\0\0');
  expect(shim.call('fd_prestat_dir_name', 3, 2 * 65_536 - 2, 5)).toBe(ERRNO.FAULT);
  for (const other of [0, 1, 2, fd]) {
    expect(shim.call('fd_prestat_get', other, 64)).toBe(ERRNO.BADF);
    expect(shim.call('fd_prestat_dir_name', other, 64, 10)).toBe(ERRNO.BADF);
  }
});

test('arguments and variables that do not fit at the end of the memory are not written', () => {
  const shim = openShim({ run: { argv: ['äöü'.repeat(100)], env: { NAME: 'value' } } });
  expect(shim.call('args_sizes_get', 0, 4)).toBe(ERRNO.SUCCESS);
  expect([shim.u32(0), shim.u32(4)]).toEqual([2, 'test.wasm'.length + 1 + 601]);
  const before = new Uint8Array(shim.memory.buffer).slice();
  expect(shim.call('args_get', 16, PAST - 600)).toBe(ERRNO.FAULT);
  expect(shim.call('args_get', PAST - 4, 64)).toBe(ERRNO.FAULT);
  expect(shim.call('environ_get', 16, PAST - 5)).toBe(ERRNO.FAULT);
  expect(shim.call('environ_get', -4, 64)).toBe(ERRNO.FAULT);
  expect(new Uint8Array(shim.memory.buffer)).toEqual(before);
});

test('offsets and sizes beyond what a file can have are refused, not rounded', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' } });
  const fd = openFile(shim, 'a.txt');
  shim.setU32(64, 256);
  shim.setU32(68, 5);
  expect(shim.call('fd_pread', fd, 64, 1, 2n ** 63n, 0)).toBe(ERRNO.SUCCESS);
  expect(shim.u32(0)).toBe(0);
  expect(shim.call('fd_pwrite', fd, 64, 1, -1n, 0)).toBe(ERRNO.FBIG);
  expect(shim.call('fd_filestat_set_size', fd, -1n)).toBe(ERRNO.FBIG);
  expect(shim.call('fd_filestat_set_size', fd, 2n ** 60n)).not.toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_allocate', fd, 2n ** 63n, 2n ** 63n)).not.toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_seek', fd, -6n, 2, 0)).toBe(ERRNO.INVAL);
  expect(shim.call('fd_seek', fd, 2n ** 63n - 1n, 1, 0)).toBe(ERRNO.SUCCESS);
  expect(shim.call('fd_seek', fd, 1n, 1, 0)).toBe(ERRNO.INVAL);
  expect(shim.call('fd_seek', fd, 0n, 9, 0)).toBe(ERRNO.INVAL);
  expect(shim.fs.text('/data/a.txt')).toBe('hello');
});

test('wrong argument types become numbers, never errors of ours', () => {
  const shim = openShim();
  const odd: unknown[] = [undefined, null, Number.NaN, Number.POSITIVE_INFINITY, 1.5, '7', {}, 2n ** 70n];
  for (const [name, spec] of Object.entries(WASI_FUNCTIONS)) {
    if (name === 'proc_exit') continue;
    for (const value of odd) {
      if (typeof value === 'bigint' && spec.params.includes('i')) continue;
      const args = [...spec.params].map(() => value);
      expect(shim.call(name, ...(args as number[]))).toBeTypeOf('number'); // what a guest cannot pass, a bug of ours might
    }
  }
  expect(shim.control.bug).toBeUndefined();
});

test('after proc_exit every function leaves again, and the first status stays', () => {
  const shim = openShim();
  expect(shim.left('proc_exit', 3)).toBe(true);
  expect(shim.left('proc_exit', 0)).toBe(true);
  expect(shim.left('fd_write', 1, 0, 0, 64)).toBe(true);
  expect(shim.control.exitCode).toBe(3);
  expect(shim.stops()).toBe(1);
});

test('a function outside the allowed list answers ENOTCAPABLE and touches nothing', () => {
  const shim = openShim({ files: { '/data/a.txt': 'hello' }, allowed: new Set(['fd_write', 'args_get']) });
  const [at, length] = shim.put(0x1000, 'new.txt');
  expect(shim.call('path_open', 3, 1, at, length, CREATE, ALL, 0n, 0, 0)).toBe(ERRNO.NOTCAPABLE);
  expect(shim.call('random_get', 0, 8)).toBe(ERRNO.NOTCAPABLE);
  expect(shim.host.calls).toEqual([]);
  expect(shim.fs.names('/data')).toEqual(['a.txt']);
  expect(shim.left('proc_exit', 1)).toBe(true);
});
