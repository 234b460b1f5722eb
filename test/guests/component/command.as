// An ordinary preview1 command, told by its arguments what to do. Compiled by AssemblyScript and adapted to WASI 0.2.
@external('wasi_snapshot_preview1', 'args_sizes_get')
declare function args_sizes_get(count: usize, size: usize): u16;
@external('wasi_snapshot_preview1', 'args_get')
declare function args_get(argv: usize, buffer: usize): u16;
@external('wasi_snapshot_preview1', 'environ_sizes_get')
declare function environ_sizes_get(count: usize, size: usize): u16;
@external('wasi_snapshot_preview1', 'environ_get')
declare function environ_get(environ: usize, buffer: usize): u16;
@external('wasi_snapshot_preview1', 'fd_write')
declare function fd_write(fd: u32, iovs: usize, count: u32, written: usize): u16;
@external('wasi_snapshot_preview1', 'fd_read')
declare function fd_read(fd: u32, iovs: usize, count: u32, read: usize): u16;
@external('wasi_snapshot_preview1', 'fd_close')
declare function fd_close(fd: u32): u16;
@external('wasi_snapshot_preview1', 'fd_readdir')
declare function fd_readdir(fd: u32, buffer: usize, length: u32, cookie: u64, used: usize): u16;
@external('wasi_snapshot_preview1', 'path_open')
declare function path_open(fd: u32, dirflags: u32, path: usize, length: u32, oflags: u32, rights: u64, inheriting: u64, fdflags: u32, opened: usize): u16;
@external('wasi_snapshot_preview1', 'path_create_directory')
declare function path_create_directory(fd: u32, path: usize, length: u32): u16;
@external('wasi_snapshot_preview1', 'path_unlink_file')
declare function path_unlink_file(fd: u32, path: usize, length: u32): u16;
@external('wasi_snapshot_preview1', 'path_rename')
declare function path_rename(fd: u32, path: usize, length: u32, newFd: u32, newPath: usize, newLength: u32): u16;
@external('wasi_snapshot_preview1', 'proc_exit')
declare function proc_exit(code: u32): void;
@external('wasi_snapshot_preview1', 'clock_time_get')
declare function clock_time_get(id: u32, precision: u64, time: usize): u16;
@external('wasi_snapshot_preview1', 'poll_oneoff')
declare function poll_oneoff(subscriptions: usize, events: usize, count: u32, stored: usize): u16;
@external('wasi_snapshot_preview1', 'random_get')
declare function random_get(buffer: usize, length: u32): u16;

/** Memory for the adapter: without it the adapter grows the memory itself, where this heap would run into it. */
export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  const block = heap.alloc(size + align);
  const aligned = (block + align - 1) & ~(align - 1);
  memory.copy(aligned, old, oldSize);
  return aligned;
}

const CELL = heap.alloc(256);

function print(fd: u32, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<usize>(CELL, changetype<usize>(bytes));
  store<u32>(CELL + 4, bytes.byteLength);
  const errno = fd_write(fd, CELL, 1, CELL + 8);
  if (errno != 0) proc_exit(70);
}

function strings(environment: bool): string[] {
  if (environment) environ_sizes_get(CELL, CELL + 4);
  else args_sizes_get(CELL, CELL + 4);
  const count = load<u32>(CELL);
  const pointers = heap.alloc(count * 4 + 4);
  const buffer = heap.alloc(load<u32>(CELL + 4) + 1);
  if (environment) environ_get(pointers, buffer);
  else args_get(pointers, buffer);
  const all: string[] = [];
  for (let index: u32 = 0; index < count; index++) {
    const start = load<usize>(pointers + index * 4);
    let length: usize = 0;
    while (load<u8>(start + length) != 0) length++;
    all.push(String.UTF8.decodeUnsafe(start, length));
  }
  return all;
}

/** Reads to the end of a file; what a read fails with is printed. */
function readAll(fd: u32): string {
  let text = '';
  const buffer = heap.alloc(4096);
  let errno: u16 = 0;
  let read: u32 = 1;
  while (errno == 0 && read > 0) {
    store<usize>(CELL, buffer);
    store<u32>(CELL + 4, 4096);
    errno = fd_read(fd, CELL, 1, CELL + 8);
    read = load<u32>(CELL + 8);
    if (errno == 0) text += String.UTF8.decodeUnsafe(buffer, read);
  }
  return errno == 0 ? text : text + 'errno ' + errno.toString();
}

function open(path: string, oflags: u32, rights: u64): i32 {
  const bytes = String.UTF8.encode(path);
  const errno = path_open(3, 1, changetype<usize>(bytes), bytes.byteLength, oflags, rights, rights, 0, CELL + 16);
  return errno == 0 ? i32(load<u32>(CELL + 16)) : -i32(errno);
}

const READ: u64 = 2;
const WRITE: u64 = 64;

const args = strings(false);
const step = args.length > 1 ? args[1] : '';
if (step == 'args') print(1, args.slice(2).join('|') + '\n');
else if (step == 'name') print(1, args[0] + '\n');
else if (step == 'env') print(1, strings(true).join('|') + '\n');
else if (step == 'print') {
  print(1, args[2]);
  print(2, args[3]);
} else if (step == 'cat') print(1, readAll(0));
else if (step == 'exit') proc_exit(u32(parseInt(args[2])));
else if (step == 'trap') unreachable();
else if (step == 'spin') {
  while (true) store<u32>(CELL, load<u32>(CELL) + 1);
} else if (step == 'flood') {
  while (true) print(1, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n');
} else if (step == 'allocate') {
  while (true) if (memory.grow(16) == -1) unreachable();
} else if (step == 'cope') {
  while (memory.grow(16) != -1) {}
  print(1, 'coped\n');
} else if (step == 'sleep') {
  memory.fill(CELL, 0, 96);
  store<u8>(CELL + 8, 0);
  store<u32>(CELL + 16, 1);
  store<u64>(CELL + 24, u64(parseInt(args[2])) * 1000000);
  const errno = poll_oneoff(CELL, CELL + 64, 1, CELL + 128);
  print(1, 'slept ' + errno.toString() + '\n');
} else if (step == 'time') {
  clock_time_get(0, 1, CELL);
  print(1, (load<u64>(CELL) / 1000000).toString() + '\n');
} else if (step == 'random') {
  random_get(CELL, 8);
  print(1, load<u64>(CELL).toString(16) + '\n');
} else if (step == 'read') {
  const fd = open(args[2], 0, READ);
  if (fd < 0) print(1, 'errno ' + (-fd).toString() + '\n');
  else print(1, readAll(u32(fd)));
} else if (step == 'write') {
  const fd = open(args[2], 9, WRITE);
  if (fd < 0) print(1, 'errno ' + (-fd).toString() + '\n');
  else {
    print(u32(fd), args[3]);
    fd_close(u32(fd));
    print(1, 'written\n');
  }
} else if (step == 'mkdir') {
  const bytes = String.UTF8.encode(args[2]);
  print(1, 'errno ' + path_create_directory(3, changetype<usize>(bytes), bytes.byteLength).toString() + '\n');
} else if (step == 'unlink') {
  const bytes = String.UTF8.encode(args[2]);
  print(1, 'errno ' + path_unlink_file(3, changetype<usize>(bytes), bytes.byteLength).toString() + '\n');
} else if (step == 'rename') {
  const from = String.UTF8.encode(args[2]);
  const to = String.UTF8.encode(args[3]);
  const errno = path_rename(3, changetype<usize>(from), from.byteLength, 3, changetype<usize>(to), to.byteLength);
  print(1, 'errno ' + errno.toString() + '\n');
} else if (step == 'list') {
  const fd = open('.', 2, READ);
  const buffer = heap.alloc(4096);
  const errno = fd < 0 ? u16(-fd) : fd_readdir(u32(fd), buffer, 4096, 0, CELL);
  if (errno != 0) print(1, 'errno ' + errno.toString() + '\n');
  const end = buffer + load<u32>(CELL);
  let at = buffer;
  while (errno == 0 && at + 24 <= end) {
    const length = load<u32>(at + 16);
    print(1, String.UTF8.decodeUnsafe(at + 24, length) + '\n');
    at += 24 + length;
  }
} else {
  print(2, 'Cannot do "' + step + '"\n');
  proc_exit(64);
}
