import { type Fd, WASI, wasi } from '@bjorn3/browser_wasi_shim';
import { clock } from './clock.ts';
import { createFiles } from './files.ts';
import { fillRandom } from './fill-random.ts';
import { type GuardContext, guarded, type WasiBody } from './guarded.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { Import } from './jspi.ts';
import { suspending } from './jspi.ts';
import { OpenFolder } from './open-folder.ts';
import { finishPoll, startPoll } from './poll.ts';
import { preopens } from './preopens.ts';
import type { HostContext, OpenedHost } from './run-module.ts';
import { StandardInput, StandardOutput } from './standard-streams.ts';
import { gather, readVectors, scatter, type Vectors } from './vectors.ts';
import { isWasiFunction, WASI_FUNCTIONS } from './wasi-functions.ts';

/** Descriptors open at once, standard streams and preopens included. */
const MAX_DESCRIPTORS = 1024;
const FOLLOW = 1;
const CLOCK_RESOLUTION: Readonly<Record<number, bigint>> = Object.freeze({
  [wasi.CLOCKID_REALTIME]: 1_000_000n,
  [wasi.CLOCKID_MONOTONIC]: 1_000n,
});

/** Builds the functions that one run's module imports, over the shim's where those are right, and over our own elsewhere. */
export function openShimHost(context: HostContext): OpenedHost {
  const { run, host, control, memory, data, allowed } = context;
  const env = Object.entries(run.env).map(([name, value]) => `${name}=${value}`);
  const files = createFiles(host, run.limits.hostCallBytes);
  const fds: (Fd | undefined)[] = [
    new StandardInput(run.stdin),
    new StandardOutput(host, 'stdout'),
    new StandardOutput(host, 'stderr'),
    ...preopens(run).map(({ name, path }) => OpenFolder.preopen(files, name, path)),
  ];
  const shim = new WASI([], env, []);
  shim.fds = fds as Fd[]; // the shim itself puts undefined where a descriptor was closed
  const own = ownFunctions(context, fds, env, files.chunkBytes);
  const guard: GuardContext = { memory, fds, control };
  const functions: Record<string, Import> = Object.create(null);
  for (const name of data.wasi) {
    const spec = isWasiFunction(name) ? WASI_FUNCTIONS[name] : undefined;
    if (spec === undefined) continue; // prepare refused modules that import anything else
    const body: WasiBody | undefined = own[name] ?? shim.wasiImport[name];
    if (allowed !== undefined && !allowed.has(name) && name !== 'proc_exit') {
      functions[name] = guarded({ params: spec.params, result: true }, guard, () => wasi.ERRNO_NOTCAPABLE);
    } else if (name === 'poll_oneoff' && context.suspends) {
      functions[name] = suspendingPoll(context, fds, guard);
    } else if (body !== undefined) functions[name] = guarded(spec, guard, body);
  }
  return {
    ok: true,
    functions,
    attach: (_instance, exported) => {
      if (exported !== undefined) shim.inst = { exports: { memory: exported } };
    },
  };
}

function ownFunctions(
  { run, host, control, memory, data }: HostContext,
  fds: (Fd | undefined)[],
  env: readonly string[],
  chunkBytes: number,
): Readonly<Record<string, WasiBody>> {
  const encode = (texts: readonly string[]): Uint8Array[] => texts.map((text) => encoder.encode(`${text}\0`));
  const args = encode([data.name, ...run.argv]);
  const variables = encode(env);
  const path = (pointer: number, length: number): string =>
    pathText.decode(memory.bytes.subarray(pointer, pointer + length));
  // The guard has found a folder behind each descriptor that a path function is given.
  const folder = (fd: number): OpenFolder => fds[fd] as OpenFolder;
  const descriptor = (fd: number): Fd => fds[fd] as Fd; // found open by the guard

  const move = (
    transfer: (vectors: Vectors) => { ret: number; moved: number },
    pointer: number,
    count: number,
    stored: number,
  ): number => {
    const vectors = readVectors(memory, pointer, count, chunkBytes);
    if (typeof vectors === 'number') return vectors;
    const { ret, moved } = transfer(vectors);
    if (ret === wasi.ERRNO_SUCCESS) memory.view.setUint32(stored, moved, true);
    return ret;
  };
  const read =
    (from: (size: number) => { ret: number; data: Uint8Array }) =>
    (vectors: Vectors): { ret: number; moved: number } => {
      const { ret, data } = from(vectors.bytes);
      scatter(memory, vectors, data);
      return { ret, moved: data.byteLength };
    };
  const write =
    (to: (data: Uint8Array) => { ret: number; nwritten: number }) =>
    (vectors: Vectors): { ret: number; moved: number } => {
      const { ret, nwritten } = to(gather(memory, vectors));
      return { ret, moved: nwritten };
    };
  const notSocket = (): number => wasi.ERRNO_NOTSOCK;

  return {
    // The shim counts UTF-16 units.
    args_sizes_get: (count: number, bytes: number) => storeSizes(memory, args, count, bytes),
    args_get: (pointers: number, buffer: number) => storeTexts(memory, args, pointers, buffer),
    environ_sizes_get: (count: number, bytes: number) => storeSizes(memory, variables, count, bytes),
    environ_get: (pointers: number, buffer: number) => storeTexts(memory, variables, pointers, buffer),
    // The shim reads the machine's own clocks.
    clock_res_get: (id: number, stored: number) => {
      const resolution = CLOCK_RESOLUTION[id];
      if (resolution === undefined) return wasi.ERRNO_INVAL;
      memory.view.setBigUint64(stored, resolution, true);
      return wasi.ERRNO_SUCCESS;
    },
    clock_time_get: (id: number, _precision: bigint, stored: number) => {
      const now = clock(host, id);
      if (now === undefined) return wasi.ERRNO_INVAL;
      memory.view.setBigUint64(stored, now, true);
      return wasi.ERRNO_SUCCESS;
    },
    random_get: (buffer: number, length: number) => fillRandom(memory, host, control, buffer, length),
    // The shim trusts each length, and makes one transfer a vector.
    fd_read: (fd: number, pointer: number, count: number, stored: number) =>
      move(
        read((size) => descriptor(fd).fd_read(size)),
        pointer,
        count,
        stored,
      ),
    fd_pread: (fd: number, pointer: number, count: number, offset: bigint, stored: number) =>
      move(
        read((size) => descriptor(fd).fd_pread(size, offset)),
        pointer,
        count,
        stored,
      ),
    fd_write: (fd: number, pointer: number, count: number, stored: number) =>
      move(
        write((data) => descriptor(fd).fd_write(data)),
        pointer,
        count,
        stored,
      ),
    fd_pwrite: (fd: number, pointer: number, count: number, offset: bigint, stored: number) =>
      move(
        write((data) => descriptor(fd).fd_pwrite(data, offset)),
        pointer,
        count,
        stored,
      ),
    // The shim closes a descriptor that is renumbered to itself.
    fd_renumber: (from: number, to: number) => {
      if (from === to) return wasi.ERRNO_SUCCESS;
      descriptor(to).fd_close();
      fds[to] = fds[from];
      fds[from] = undefined;
      return wasi.ERRNO_SUCCESS;
    },
    // The shim never gives a number twice.
    path_open: (
      fd: number,
      lookup: number,
      pointer: number,
      length: number,
      oflags: number,
      rights: bigint,
      inheriting: bigint,
      fdflags: number,
      stored: number,
    ) => {
      const free = fds.indexOf(undefined);
      const number = free === -1 ? fds.length : free;
      if (number >= MAX_DESCRIPTORS) return wasi.ERRNO_MFILE;
      const { ret, descriptor: opened } = folder(fd).openAt({
        path: path(pointer, length),
        follow: (lookup & FOLLOW) !== 0,
        oflags,
        rights,
        inheriting,
        fdflags,
      });
      if (opened === undefined) return ret;
      fds[number] = opened;
      memory.view.setUint32(stored, number, true);
      return wasi.ERRNO_SUCCESS;
    },
    // The shim refuses a buffer shorter than the target.
    path_readlink: (
      fd: number,
      pointer: number,
      length: number,
      buffer: number,
      size: number,
      stored: number,
    ) => {
      const { ret, target } = folder(fd).readlink(path(pointer, length));
      if (target === undefined) return ret;
      const bytes = encoder.encode(target).subarray(0, size);
      memory.bytes.set(bytes, buffer);
      memory.view.setUint32(stored, bytes.byteLength, true);
      return wasi.ERRNO_SUCCESS;
    },
    // The shim links and renames objects in memory, and knows no symlinks.
    path_symlink: (target: number, targetLength: number, fd: number, pointer: number, length: number) =>
      folder(fd).symlink(path(target, targetLength), path(pointer, length)),
    path_link: (
      fd: number,
      lookup: number,
      pointer: number,
      length: number,
      toFd: number,
      to: number,
      toLength: number,
    ) =>
      (lookup & FOLLOW) !== 0
        ? wasi.ERRNO_INVAL
        : folder(fd).move('fs.link', path(pointer, length), folder(toFd), path(to, toLength)),
    path_rename: (fd: number, pointer: number, length: number, toFd: number, to: number, toLength: number) =>
      folder(fd).move('fs.rename', path(pointer, length), folder(toFd), path(to, toLength)),
    // The shim waits in a busy loop, for one timer only.
    poll_oneoff: (input: number, output: number, count: number, stored: number) => {
      const request = { input, output, count, stored };
      const poll = startPoll(memory, host, fds, request);
      if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
      if (poll.timers === undefined) return poll.ret;
      if (!host.canBlock) return wasi.ERRNO_NOTSUP;
      host.sleepSync(poll.waitMs);
      control.check();
      return finishPoll(
        memory,
        poll.timers.map(({ event }) => event),
        request,
      );
    },
    proc_exit: (code: number) => control.exit(code),
    proc_raise: () => wasi.ERRNO_NOSYS,
    sock_accept: notSocket,
    sock_recv: notSocket,
    sock_send: notSocket,
    sock_shutdown: notSocket,
  };
}

/** The same poll where the thread cannot block: JSPI suspends the guest while the host sleeps. */
function suspendingPoll(
  { host, control, memory }: HostContext,
  fds: readonly (Fd | undefined)[],
  guard: GuardContext,
): Import {
  const spec = WASI_FUNCTIONS.poll_oneoff;
  if (spec === undefined) throw new TypeError('Cannot find poll_oneoff in the table of functions');
  let waitMs = 0;
  // The guarded half is synchronous: it answers at once, or leaves the time to wait behind.
  const start = guarded(spec, guard, (input: number, output: number, count: number, stored: number) => {
    const request = { input, output, count, stored };
    const poll = startPoll(memory, host, fds, request);
    if (poll.events !== undefined) return finishPoll(memory, poll.events, request);
    if (poll.timers === undefined) return poll.ret;
    waitMs = Math.max(poll.waitMs, Number.MIN_VALUE);
    return finishPoll(
      memory,
      poll.timers.map(({ event }) => event),
      request,
    );
  });
  const suspend = async (...args: unknown[]): Promise<unknown> => {
    waitMs = 0;
    const errno = start(...args);
    if (waitMs > 0) {
      await host.sleep(waitMs);
      control.check();
    }
    return errno;
  };
  return suspending(suspend);
}

const encoder = new TextEncoder();
const pathText = new TextDecoder('utf-8', { ignoreBOM: true });

function storeSizes(memory: GuestMemory, texts: readonly Uint8Array[], count: number, bytes: number): number {
  memory.view.setUint32(count, texts.length, true);
  memory.view.setUint32(bytes, total(texts), true);
  return wasi.ERRNO_SUCCESS;
}

function storeTexts(
  memory: GuestMemory,
  texts: readonly Uint8Array[],
  pointers: number,
  buffer: number,
): number {
  if (!memory.holds(pointers, texts.length * 4) || !memory.holds(buffer, total(texts)))
    return wasi.ERRNO_FAULT;
  let at = buffer;
  for (const [index, text] of texts.entries()) {
    memory.view.setUint32(pointers + index * 4, at, true);
    memory.bytes.set(text, at);
    at += text.byteLength;
  }
  return wasi.ERRNO_SUCCESS;
}

const total = (texts: readonly Uint8Array[]): number =>
  texts.reduce((sum, { byteLength }) => sum + byteLength, 0);
