// AssemblyScript: a WASI preview1 command that draws a bar chart. Its arguments are a CSV file below the first granted folder, whose first two
// columns are names and values, and a title; the chart goes to stdout.

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, text: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_open")
declare function path_open(folder: i32, flags: i32, path: usize, length: usize, open: i32, rights: i64, inherited: i64, fd_flags: i32, opened: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, vectors: usize, count: usize, done: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, vectors: usize, count: usize, done: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const FIRST_FOLDER: i32 = 3;
const READ: i64 = 2; // the right to call fd_read
const CHUNK: i32 = 65536;
const WIDTH: f64 = 40;

const scratch = memory.data(16);

function write(fd: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  store<usize>(scratch, changetype<usize>(bytes));
  store<usize>(scratch + 4, bytes.byteLength);
  fd_write(fd, scratch, 1, scratch + 8);
}

function fail(what: string, errno: i32): void {
  write(2, "chart: cannot " + what + ": WASI error " + errno.toString() + "\n");
  proc_exit(1);
}

function argument(index: i32): string {
  args_sizes_get(scratch, scratch + 4);
  const count = load<i32>(scratch);
  if (index >= count) return "";
  const pointers = heap.alloc(4 * count);
  args_get(pointers, heap.alloc(load<i32>(scratch + 4)));
  const text = load<usize>(pointers + 4 * index);
  let length = 0;
  while (load<u8>(text + length) != 0) length++;
  return String.UTF8.decodeUnsafe(text, length);
}

function readFile(path: string): string {
  const name = String.UTF8.encode(path);
  let errno = path_open(FIRST_FOLDER, 0, changetype<usize>(name), name.byteLength, 0, READ, 0, 0, scratch + 12);
  if (errno != 0) fail("open " + path, errno);
  const fd = load<i32>(scratch + 12);
  const buffer = heap.alloc(CHUNK);
  let text = "";
  let done = CHUNK;
  while (done > 0) {
    store<usize>(scratch, buffer);
    store<i32>(scratch + 4, CHUNK);
    errno = fd_read(fd, scratch, 1, scratch + 8);
    if (errno != 0) fail("read " + path, errno);
    done = load<i32>(scratch + 8);
    text += String.UTF8.decodeUnsafe(buffer, done);
  }
  return text;
}

export function _start(): void {
  const lines = readFile(argument(1)).split("\n").slice(1).filter((line) => line.includes(","));
  let largest: f64 = 0;
  for (let i = 0; i < lines.length; i++) largest = Math.max(largest, parseFloat(lines[i].split(",")[1]));
  let chart = argument(2) + "\n";
  for (let i = 0; i < lines.length; i++) {
    const parts = lines[i].split(",");
    const length = i32(Math.round((parseFloat(parts[1]) / largest) * WIDTH));
    chart += "  " + parts[0].padEnd(5) + "█".repeat(length) + " " + parts[1] + "\n";
  }
  write(1, chart);
}
