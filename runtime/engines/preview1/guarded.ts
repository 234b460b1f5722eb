import { type Fd, wasi } from '@bjorn3/browser_wasi_shim';
import { Descriptor } from './descriptor.ts';
import type { GuestMemory } from './guest-memory.ts';
import { OpenFolder } from './open-folder.ts';
import { LeaveGuest, type RunControl } from './run-control.ts';
import type { WasiFunction } from './wasi-functions.ts';

/** A function of the table: its arguments are checked and normalised when it is called. */
export type WasiBody = (...args: never[]) => unknown;

export interface GuardContext {
  readonly memory: GuestMemory;
  readonly fds: readonly (Fd | undefined)[];
  readonly control: RunControl;
  /** Bills one call of the guest, and the bytes that it names. */
  readonly charge: (bytes: number) => void;
}

/** Longest path, bytes. */
const MAX_PATH_BYTES = 4096;
const READ_OR_WRITE = BigInt(wasi.RIGHTS_FD_READ | wasi.RIGHTS_FD_WRITE);

/**
 * Wraps a function, ours or the shim's, so that it only ever sees numbers in their range, pointers inside the memory, open descriptors with
 * the right it takes, and paths that are text. What does not hold is answered by an errno. A guest that must stop leaves here.
 */
export function guarded(
  spec: WasiFunction,
  { memory, fds, control, charge }: GuardContext,
  body: WasiBody,
): (...args: unknown[]) => unknown {
  const call = body as (...args: unknown[]) => unknown; // `normalise` gives each argument the type of its letter
  return (...raw) => {
    control.check();
    try {
      const args = normalise(spec.params, raw);
      const errno = refusal(spec, args, memory, fds);
      charge(errno === wasi.ERRNO_SUCCESS ? bytesNamed(spec, args) : 0);
      const result = errno === wasi.ERRNO_SUCCESS ? call(...args) : errno;
      control.check();
      return spec.result ? (result ?? wasi.ERRNO_SUCCESS) : undefined;
    } catch (error) {
      if (error instanceof LeaveGuest || isStackOverflow(error)) throw error;
      return control.failed(error);
    }
  };
}

/** V8 and JavaScriptCore throw a RangeError, SpiderMonkey an InternalError; nothing in the imports throws either on purpose. */
export const isStackOverflow = (error: unknown): boolean =>
  error instanceof Error &&
  (error instanceof RangeError || error.name === 'InternalError') &&
  /call stack|recursion/i.test(error.message);

function normalise(params: string, raw: readonly unknown[]): (number | bigint)[] {
  const args: (number | bigint)[] = [];
  for (let index = 0; index < params.length; index++) {
    const value = raw[index];
    const kind = params[index];
    if (kind === 'i') args.push((typeof value === 'number' ? value : Number(value)) >>> 0);
    else {
      const wide = typeof value === 'bigint' ? value : 0n;
      args.push(kind === 'S' ? BigInt.asIntN(64, wide) : BigInt.asUintN(64, wide));
    }
  }
  return args;
}

function refusal(
  { pointers = [], buffers = [], paths = [], fds: places = [], rights = [], folders = false }: WasiFunction,
  args: readonly (number | bigint)[],
  memory: GuestMemory,
  fds: readonly (Fd | undefined)[],
): number {
  const at = (index: number): number => Number(args[index]);
  for (const [pointer, bytes] of pointers) if (!memory.holds(at(pointer), bytes)) return wasi.ERRNO_FAULT;
  for (const [pointer, length, bytes] of buffers) {
    if (!memory.holds(at(pointer), at(length) * bytes)) return wasi.ERRNO_FAULT;
  }
  for (let index = 0; index < places.length; index++) {
    const fd = fds[at(places[index] ?? 0)];
    if (!(fd instanceof Descriptor)) return wasi.ERRNO_BADF;
    if (folders && !(fd instanceof OpenFolder)) return wasi.ERRNO_NOTDIR;
    const asked = rights[index] ?? 0n;
    // POSIX programs know a descriptor that cannot be read or written by EBADF.
    if (asked !== 0n && (fd.rights & asked) === 0n) {
      return (asked & READ_OR_WRITE) === asked ? wasi.ERRNO_BADF : wasi.ERRNO_NOTCAPABLE;
    }
  }
  for (const [pointer, length] of paths) {
    const errno = pathRefusal(memory, at(pointer), at(length));
    if (errno !== wasi.ERRNO_SUCCESS) return errno;
  }
  return wasi.ERRNO_SUCCESS;
}

/** Of the buffers of a call that was not refused: they are inside the memory. */
function bytesNamed({ buffers = [] }: WasiFunction, args: readonly (number | bigint)[]): number {
  let sum = 0;
  for (const [, length, bytes] of buffers) sum += Number(args[length]) * bytes;
  return sum;
}

const strictText = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function pathRefusal(memory: GuestMemory, pointer: number, length: number): number {
  if (!memory.holds(pointer, length)) return wasi.ERRNO_FAULT;
  if (length === 0) return wasi.ERRNO_NOENT;
  if (length > MAX_PATH_BYTES) return wasi.ERRNO_NAMETOOLONG;
  const bytes = memory.bytes.subarray(pointer, pointer + length);
  if (bytes.includes(0)) return wasi.ERRNO_INVAL;
  if (bytes[0] === 0x2f) return wasi.ERRNO_NOTCAPABLE;
  // The shim's decoder drops a byte order mark, which would make two names one.
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return wasi.ERRNO_ILSEQ;
  try {
    strictText.decode(bytes);
    return wasi.ERRNO_SUCCESS;
  } catch {
    return wasi.ERRNO_ILSEQ;
  }
}
