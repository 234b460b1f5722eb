import { createMemoryBackend } from '../../host-functions/fs/memory-backend.ts';
import type { RunSpec } from '../../runtime/contracts/engine.ts';
import type { HostReply } from '../../runtime/contracts/host-function.ts';
import type { FsOperations } from '../../runtime/contracts/operations/fs.ts';
import { createClock } from '../../runtime/engines/preview1/clock.ts';
import { GuestMemory } from '../../runtime/engines/preview1/guest-memory.ts';
import { createRunControl, LeaveGuest, type RunControl } from '../../runtime/engines/preview1/run-control.ts';
import { openShimHost } from '../../runtime/engines/preview1/shim-host.ts';
import { WASI_FUNCTIONS } from '../../runtime/engines/preview1/wasi-functions.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import type { FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import { createFakeHost, type FakeHost, type FakeHostOptions, runSpec } from './fake-host.ts';
import { type FsGuest, openGuest } from './fs-harness.ts';

export interface ShimHarness {
  readonly host: FakeHost;
  readonly control: RunControl;
  readonly fs: FsGuest;
  readonly memory: WebAssembly.Memory;
  /** Calls a WASI function with raw numbers, as wasm would. */
  /** How often the guest was told to stop. */
  readonly stops: () => number;
  call(name: string, ...args: readonly (number | bigint)[]): unknown;
  /** The same for a function that leaves the guest. */
  left(name: string, ...args: readonly (number | bigint)[]): boolean;
  /** Puts text at a place in memory; answers [pointer, length]. */
  put(at: number, text: string | Uint8Array): [number, number];
  u32(at: number): number;
  u64(at: number): bigint;
  setU32(at: number, value: number): void;
  setU64(at: number, value: bigint): void;
  text(at: number, length: number): string;
}

export interface ShimHarnessOptions extends FakeHostOptions {
  readonly run?: Partial<RunSpec>;
  readonly grant?: readonly FsGrant[];
  readonly pages?: number;
  readonly allowed?: ReadonlySet<string>;
  readonly files?: Readonly<Record<string, string>>;
}

/** The WASI functions over a memory of our own and files that live in memory: what a guest can call, without a guest. */
export function openShim(options: ShimHarnessOptions = {}): ShimHarness {
  const grant = options.grant ?? [{ host: '/root', guest: '/data', access: ['read', 'write', 'delete'] }];
  const fs = openGuest({ backend: createMemoryBackend(), scratchBytes: 0, grant });
  for (const [path, text] of Object.entries(options.files ?? {})) {
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (folder !== '/data') fs.call('fs.mkdir', { path: folder, recursive: true });
    fs.call('fs.writeFile', { path }, text);
  }
  const serve =
    (operation: string) =>
    (args: object, bytes?: Uint8Array): HostReply => {
      const reply = fs.call(operation as keyof FsOperations, args as never, bytes); // the table below holds fs operations only
      return { value: reply.value as null, ...defined({ bytes: reply.bytes }) };
    };
  const operations = Object.fromEntries(
    [
      'open',
      'close',
      'read',
      'write',
      'sync',
      'fstat',
      'ftruncate',
      'futimes',
      'flist',
      'stat',
      'list',
      'readFile',
    ]
      .concat(['writeFile', 'append', 'mkdir', 'remove', 'rename', 'link', 'symlink', 'readlink', 'utimes'])
      .map((name) => [`fs.${name}`, serve(`fs.${name}`)]),
  );
  const host = createFakeHost({ operations, ...options });
  const memory = new WebAssembly.Memory({ initial: options.pages ?? 2 });
  let stops = 0;
  const control = createRunControl(host, () => {
    stops += 1;
  });
  const guestMemory = new GuestMemory();
  guestMemory.bind(memory);
  const opened = openShimHost({
    run: runSpec({ mounts: fs.session.mounts ?? [], ...options.run }),
    host,
    control,
    data: {
      name: 'test.wasm',
      functions: [],
      wasi: Object.keys(WASI_FUNCTIONS),
      abort: false,
      call: false,
      foreign: [],
      minimumBytes: 0,
    },
    module: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
    memory: guestMemory,
    clock: createClock(host, options.run?.deterministic !== undefined),
    charge: () => undefined,
    suspends: false,
    ...defined({ allowed: options.allowed }),
  });
  if (!opened.ok) throw new Error('the shim host always opens');
  opened.attach?.(
    new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
    memory,
  );
  const view = (): DataView => new DataView(memory.buffer);
  const call: ShimHarness['call'] = (name, ...args) => {
    const run = opened.functions[name];
    if (run === undefined) throw new Error(`there is no ${name}`);
    return Reflect.apply(run, undefined, args);
  };
  return {
    host,
    control,
    stops: () => stops,
    fs,
    memory,
    call,
    left: (name, ...args) => {
      try {
        call(name, ...args);
        return false;
      } catch (error) {
        if (error instanceof LeaveGuest) return true;
        throw error;
      }
    },
    put: (at, text) => {
      const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
      new Uint8Array(memory.buffer).set(bytes, at);
      return [at, bytes.byteLength];
    },
    u32: (at) => view().getUint32(at, true),
    u64: (at) => view().getBigUint64(at, true),
    setU32: (at, value) => view().setUint32(at, value, true),
    setU64: (at, value) => view().setBigUint64(at, value, true),
    text: (at, length) => new TextDecoder().decode(new Uint8Array(memory.buffer, at, length)),
  };
}

export const READ = 0x2n;
export const WRITE = 0x40n;
/** Rights of both kinds and all that goes with them. */
export const ALL = 0x1fff_ffffn;
export const CREATE = 1;
export const DIRECTORY = 2;
export const EXCLUSIVE = 4;
export const TRUNCATE = 8;
export const ERRNO = Object.freeze({
  SUCCESS: 0,
  ACCES: 2,
  BADF: 8,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  ILSEQ: 25,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  NAMETOOLONG: 37,
  NOENT: 44,
  NOSYS: 52,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTSOCK: 57,
  NOTSUP: 58,
  PERM: 63,
  SPIPE: 70,
  NOTCAPABLE: 76,
});
