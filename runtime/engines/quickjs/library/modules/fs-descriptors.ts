import { inner, type Named, nodeError, wrongArgument } from '../inner.ts';
import { bufferOf } from './buffer.ts';
import { outOfRange } from './buffer-checks.ts';

type Data = Uint8Array<ArrayBuffer>;
interface Open {
  readonly handle: number;
  readonly path: string;
  readonly append: boolean;
  at: number;
}

/** Open files by their number. 0, 1 and 2 are the run's own streams. */
const files = new Map<number, Open>();
let last = 2;
let stdinAt = 0;

const NUMBERS: Readonly<Record<number, string>> = {
  0: 'r',
  1: 'w',
  2: 'r+',
  64: 'a',
  577: 'w',
  578: 'w+',
  705: 'wx',
  1089: 'a',
};

/** A path as it was given, which is how errors tell it. */
export const givenPath = (given: unknown, argument = 'path'): string => {
  if (given instanceof URL) {
    if (given.protocol !== 'file:')
      throw nodeError(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
    return decodeURIComponent(given.pathname);
  }
  const bytes = typeof given === 'string' ? undefined : inner.bytesOf(given);
  if (typeof given !== 'string' && bytes === undefined)
    throw wrongArgument(argument, 'of type string or an instance of Buffer or URL', given);
  const text = bytes === undefined ? (given as string) : inner.decodeUtf8(bytes);
  if (text.includes('\0'))
    throw nodeError(
      TypeError,
      'ERR_INVALID_ARG_VALUE',
      `The argument '${argument}' must be a string, Uint8Array, or URL without null bytes. Received ${inner.inspect(text)}`,
    );
  return text;
};

export const pathOf = (given: unknown): string => inner.path.resolve(givenPath(given));

/** ENOENT, its fields in Node's order. */
export const noFile = (syscall: string, path: string): Error =>
  Object.assign(new Error(`ENOENT: no such file or directory, ${syscall} '${path}'`), {
    errno: -2,
    code: 'ENOENT',
    syscall,
    path,
  });

/** The system finds nothing by no name at all, where `resolve` would name the working folder. */
export const named = (syscall: string, given: unknown): string => {
  const path = givenPath(given);
  if (given !== '') return path;
  throw noFile(syscall, '');
};

const attempt = <T>(syscall: string, path: string | undefined, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw inner.fsError(error, syscall, path);
  }
};

const fileOf = (fd: unknown, syscall: string): Open => {
  if (typeof fd !== 'number') throw wrongArgument('fd', 'of type number', fd);
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fff_ffff)
    throw outOfRange('fd', Number.isInteger(fd) ? '>= 0 && <= 2147483647' : 'an integer', fd);
  const file = files.get(fd);
  if (file !== undefined) return file;
  throw Object.assign(nodeError(Error, 'EBADF', `EBADF: bad file descriptor, ${syscall}`), {
    errno: -9,
    syscall,
  });
};

export const openSync = (given: unknown, flags: unknown = 'r'): number => {
  const path = pathOf(given);
  const how = inner.flagsOf(typeof flags === 'number' ? (NUMBERS[flags & ~0o2000000] ?? 'r') : flags);
  const { value } = attempt('open', givenPath(given), () =>
    inner.calls.callSync('fs.open', { path, ...how }),
  );
  last += 1;
  files.set(last, { handle: (value as { handle: number }).handle, path, append: how.append === true, at: 0 });
  return last;
};

export const closeSync = (fd: unknown): void => {
  if (typeof fd === 'number' && fd >= 0 && fd <= 2) return;
  const { handle, path } = fileOf(fd, 'close');
  files.delete(fd as number);
  attempt('close', path, () => inner.calls.callSync('fs.close', { handle }));
};

const chunk = (): number => Math.min(inner.setup.hostCallBytes, 4 * 1024 * 1024);

/** Bytes of an open file from a place, or from where it stands; fewer at its end. */
const readAt = (fd: unknown, length: number, position: number | null): Data => {
  if (fd === 0) {
    const input = new Uint8Array(inner.host.stdin());
    const part = input.slice(stdinAt, stdinAt + length);
    stdinAt += part.length;
    return part;
  }
  const file = fileOf(fd, 'read');
  const at = position ?? file.at;
  const reply = attempt('read', file.path, () =>
    inner.calls.callSync('fs.read', { handle: file.handle, offset: at, length: Math.min(length, chunk()) }),
  );
  const bytes = new Uint8Array(reply.bytes ?? new ArrayBuffer(0));
  if (position === null) file.at += bytes.length;
  return bytes;
};

const place = (position: unknown): number | null =>
  typeof position === 'bigint'
    ? Number(position)
    : typeof position === 'number' && position >= 0
      ? position
      : null;

export const readSync = (fd: unknown, target: unknown, ...rest: unknown[]): number => {
  const bytes = inner.bytesOf(target);
  if (bytes === undefined)
    throw wrongArgument('buffer', 'an instance of Buffer, TypedArray, or DataView', target);
  const given = (
    typeof rest[0] === 'object' && rest[0] !== null
      ? rest[0]
      : { offset: rest[0], length: rest[1], position: rest[2] }
  ) as Named;
  const offset = Number(given.offset ?? 0);
  const length = Math.min(Number(given.length ?? bytes.length - offset), bytes.length - offset);
  const got = readAt(fd, length, place(given.position));
  bytes.set(got, offset);
  return got.length;
};

export const writeSync = (fd: unknown, data: unknown, ...rest: unknown[]): number => {
  const isText = typeof data === 'string';
  const whole = isText ? inner.encodeUtf8(data) : inner.bytesOf(data);
  if (whole === undefined)
    throw wrongArgument('buffer', 'of type string or an instance of Buffer, TypedArray, or DataView', data);
  const given = (
    typeof rest[0] === 'object' && rest[0] !== null
      ? rest[0]
      : isText
        ? { position: rest[0] }
        : { offset: rest[0], length: rest[1], position: rest[2] }
  ) as Named;
  const offset = Number(given.offset ?? 0);
  const part = whole.subarray(
    offset,
    given.length === undefined || given.length === null ? undefined : offset + Number(given.length),
  );
  if (fd === 1 || fd === 2) {
    inner.write(fd === 1 ? 0 : 1, inner.decodeUtf8(new Uint8Array(part)));
    return part.length;
  }
  const file = fileOf(fd, 'write');
  const position = place(given.position);
  for (let done = 0; done < part.length; done += chunk()) {
    const piece = new Uint8Array(part.subarray(done, done + chunk()));
    const at = (position ?? file.at) + done;
    attempt('write', file.path, () =>
      inner.calls.callSync(
        'fs.write',
        file.append ? { handle: file.handle } : { handle: file.handle, offset: at },
        piece,
      ),
    );
  }
  if (position === null) file.at += part.length;
  return part.length;
};

export const fstatSync = (fd: unknown): object => {
  const { handle, path } = fileOf(fd, 'fstat');
  const { value } = attempt('fstat', path, () => inner.calls.callSync('fs.fstat', { handle }));
  return new inner.Stats(value as never);
};

export const ftruncateSync = (fd: unknown, size = 0): void => {
  const { handle, path } = fileOf(fd, 'ftruncate');
  attempt('ftruncate', path, () => inner.calls.callSync('fs.ftruncate', { handle, size }));
};

export const fsyncSync = (fd: unknown): void => {
  const { handle, path } = fileOf(fd, 'fsync');
  attempt('fsync', path, () => inner.calls.callSync('fs.sync', { handle }));
};

export const futimesSync = (fd: unknown, accessed: unknown, modified: unknown): void => {
  const { handle, path } = fileOf(fd, 'futimes');
  const ms = (time: unknown): number => (time instanceof Date ? time.getTime() : Number(time) * 1000);
  attempt('futimes', path, () =>
    inner.calls.callSync('fs.futimes', { handle, accessedMs: ms(accessed), modifiedMs: ms(modified) }),
  );
};

/** All that is left of an open file, or of the run's input. */
export const readAll = (fd: number): Data => {
  const parts: Data[] = [];
  for (;;) {
    const part = readAt(fd, chunk(), null);
    if (part.length === 0) break;
    parts.push(part);
  }
  return bufferOf(inner.joinBytes(parts)) as Data;
};

inner.hooks.begin.push(() => {
  files.clear();
  stdinAt = 0;
});
