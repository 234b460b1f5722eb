import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestEnd, GuestHost } from '../../contracts/engine.ts';
import { freeArrived } from '../../vocabulary/bytes.ts';
import { preopens } from '../../vocabulary/preopens.ts';
import { MIB } from '../../vocabulary/units.ts';
import { fillRandom } from './fill-random.ts';
import { guarded, type WasiBody } from './guarded.ts';
import type { Import } from './jspi.ts';
import type { OpenedHost, Preview1Host } from './run-module.ts';
import { readVectors } from './vectors.ts';
import { isWasiFunction, WASI_FUNCTIONS } from './wasi-functions.ts';
import { init, MemFS, WASI } from './wasmer.ts';

/** The granted folders are copied in before the guest starts: more than this is refused. */
const MAX_COPY_BYTES = 16 * MIB;
const MAX_COPY_FILES = 500;

/** Every function that changes files answers EROFS: what a guest wrote into the copies would not reach the granted folders. */
const WRITES = new Set([
  'fd_allocate',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'fd_pwrite',
  'path_create_directory',
  'path_filestat_set_times',
  'path_link',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
]);

const VECTORED = new Set(['fd_read', 'fd_pread', 'fd_write', 'sock_send', 'sock_recv']);

/** Serves one run by `@wasmer/wasi`. Its state is shared by all that runs in a realm, so a cell that ran it is never used again. */
export async function openWasmerHost(context: Preview1Host): Promise<OpenedHost> {
  const { run, host, control, data, module, memory, allowed, clock, charge } = context;
  // Theirs cannot serve a module that asks for nothing.
  if (data.wasi.length === 0) return { ok: true, functions: {} };
  await init();
  const files = new MemFS();
  const copied = copyIn(
    files,
    run.mounts.map(({ path }) => path),
    host,
  );
  if (copied !== undefined) return { ok: false, end: copied };
  const engine = new WASI({
    args: [run.program ?? data.name, ...run.argv],
    env: run.env,
    preopens: Object.fromEntries(preopens(run).map(({ name, path }) => [name, path])),
    fs: files,
  });
  engine.setStdinBuffer(run.stdin);
  const theirs = importsOf(engine, module);
  const drain = (): void => {
    host.write('stdout', engine.getStdoutBuffer());
    host.write('stderr', engine.getStderrBuffer());
  };
  /** Only vectors that overlap can hold more than the memory does; theirs would copy each of them. */
  const fitsMemory = ([, pointer, count]: readonly unknown[]): boolean => {
    const all = memory.byteLength + 1;
    const vectors = readVectors(memory, Number(pointer), Number(count), all);
    return typeof vectors !== 'number' && vectors.bytes < all;
  };
  const own: Readonly<Record<string, WasiBody>> = {
    clock_time_get: (id: number, _precision: bigint, stored: number) => {
      const now = clock.time(id);
      if (now === undefined) return wasi.ERRNO_INVAL;
      memory.view.setBigUint64(stored, now, true);
      return wasi.ERRNO_SUCCESS;
    },
    random_get: (buffer: number, length: number) => fillRandom(memory, host, control, buffer, length),
    // Theirs panics, and takes all other runs of the realm with it.
    poll_oneoff: () => wasi.ERRNO_NOTSUP,
    proc_exit: (code: number) => control.exit(code),
  };
  const functions: Record<string, Import> = Object.create(null);
  for (const name of data.wasi) {
    const spec = isWasiFunction(name) ? WASI_FUNCTIONS[name] : undefined;
    if (spec === undefined) continue; // prepare refused modules that import anything else
    const their = theirs(name);
    const body: WasiBody = (...args: never[]) => {
      if (allowed !== undefined && !allowed.has(name) && name !== 'proc_exit') return wasi.ERRNO_NOTCAPABLE;
      if (WRITES.has(name)) return wasi.ERRNO_ROFS;
      if (name === 'path_open' && opensForWriting(args)) return wasi.ERRNO_ROFS;
      if (name === 'path_open') withoutWriting(args);
      if (VECTORED.has(name) && !fitsMemory(args)) return wasi.ERRNO_INVAL;
      const chosen = own[name] ?? their;
      const answer: unknown =
        chosen === undefined ? wasi.ERRNO_NOSYS : Reflect.apply(chosen, undefined, args);
      if (name === 'fd_write') drain();
      return answer;
    };
    // Their table of descriptors is their own: what is checked in front of it are the numbers and the pointers.
    const { params, result, pointers = [], buffers = [], paths = [] } = spec;
    functions[name] = guarded(
      { params, result, pointers, buffers, paths },
      { memory, fds: [], control, charge },
      body,
    );
  }
  return { ok: true, functions, attach: (instance) => void engine.instantiate(instance) };
}

/** Their functions by name, each called with what its type says. */
function importsOf(engine: WASI, module: WebAssembly.Module): (name: string) => WasiBody | undefined {
  const found = new Map<string, WasiBody>();
  for (const functions of Object.values(engine.getImports(module))) {
    for (const [name, value] of Object.entries(functions ?? {})) {
      if (typeof value === 'function') found.set(name, (...args) => Reflect.apply(value, undefined, args));
    }
  }
  return (name) => found.get(name);
}

/** `path_open`: flags to create or truncate are its fifth argument, the rights asked for the next two. */
const opensForWriting = (args: readonly unknown[]): boolean =>
  (Number(args[4]) & (wasi.OFLAGS_CREAT | wasi.OFLAGS_TRUNC)) !== 0;

/** A file that is opened to be read and written can be read. */
function withoutWriting(args: unknown[]): void {
  for (const place of [5, 6]) args[place] = BigInt(Object(args[place])) & ~BigInt(wasi.RIGHTS_FD_WRITE);
}

/** Copies the granted folders into the memory file system; answers how the run ends if it cannot. */
function copyIn(files: MemFS, roots: readonly string[], host: GuestHost): GuestEnd | undefined {
  let bytes = 0;
  let count = 0;
  const seen = new Set<string>(['/']);
  const tooMuch = (): GuestEnd => ({
    kind: 'invalid',
    code: 'UNSUPPORTED',
    message: `Cannot run on preview1-wasmer: it copies granted folders, and these are over ${MAX_COPY_FILES} files or ${MAX_COPY_BYTES} bytes`,
    hint: 'Use the engine preview1, which reads them where they are',
  });
  const folder = (path: string): void => {
    if (seen.has(path)) return;
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '') folder(parent);
    files.createDir(path);
    seen.add(path);
  };
  const waiting = [...roots];
  for (const path of roots) folder(path);
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const list = host.callSync('fs.list', { path });
    // What cannot be listed or read is not there for the guest, as it would be after a failed copy by hand.
    for (const entry of list.ok && Array.isArray(list.value) ? list.value : []) {
      const below = `${path === '/' ? '' : path}/${nameOf(entry)}`;
      if (seen.has(below)) continue;
      if (isFolder(entry)) {
        folder(below);
        waiting.push(below);
        continue;
      }
      const content = host.callSync('fs.readFile', { path: below });
      if (!content.ok) continue;
      count += 1;
      bytes += content.bytes?.byteLength ?? 0;
      if (count > MAX_COPY_FILES || bytes > MAX_COPY_BYTES) return tooMuch();
      const file = files.open(below, { read: true, write: true, create: true });
      file.write(content.bytes ?? new Uint8Array());
      freeArrived(content);
      file.flush();
      file.free();
    }
  }
  return undefined;
}

const nameOf = (entry: unknown): string => String(Object(entry).name);
const isFolder = (entry: unknown): boolean => Object(entry).type === 'directory';
