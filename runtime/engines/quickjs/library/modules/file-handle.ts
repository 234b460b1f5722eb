import { type Callable, hide, inner, type Named, nodeError } from '../inner.ts';
import { builtin } from '../registry.ts';
import { Buffer, bufferOf } from './buffer.ts';

type Place = number | null;
interface Handle {
  read(buffer: Uint8Array, offset: number, length: number, position: Place): Promise<{ bytesRead: number }>;
  write(data: Uint8Array, offset: number, length: number, position: Place): Promise<unknown>;
  close(): Promise<void>;
}
interface Readable {
  push(chunk: unknown): void;
  destroy(error: unknown): void;
}
interface StreamModule {
  readonly Readable: new (options: object) => Readable;
  readonly Writable: new (options: object) => object;
}

/** Closes what a stream stands on, unless the program keeps it. */
const closing =
  (handle: Handle, options: Named) =>
  (error: unknown, done: Callable): void => {
    if (options.autoClose === false) return void done(error);
    handle.close().then(
      () => done(error),
      (failure: unknown) => done(error ?? failure),
    );
  };

const readStream = (handle: Handle, options: Named): unknown => {
  const { Readable } = builtin('stream') as StreamModule;
  let at: Place = options.start === undefined ? null : Number(options.start);
  let left = Number(options.end ?? Number.POSITIVE_INFINITY) - (at ?? 0) + 1;
  return new Readable({
    highWaterMark: options.highWaterMark ?? 65_536,
    encoding: options.encoding,
    read(this: Readable, size: number) {
      const wanted = Math.min(size, left);
      if (wanted <= 0) return this.push(null);
      const target = new Uint8Array(wanted);
      handle.read(target, 0, wanted, at).then(
        ({ bytesRead }) => {
          left -= bytesRead;
          if (at !== null) at += bytesRead;
          this.push(bytesRead === 0 ? null : bufferOf(target.subarray(0, bytesRead)));
        },
        (error: unknown) => this.destroy(error),
      );
    },
    destroy: closing(handle, options),
  });
};

const writeStream = (handle: Handle, options: Named): unknown => {
  const { Writable } = builtin('stream') as StreamModule;
  let at: Place = options.start === undefined ? null : Number(options.start);
  return new Writable({
    highWaterMark: options.highWaterMark,
    defaultEncoding: options.encoding ?? 'utf8',
    write(chunk: Uint8Array, _encoding: unknown, done: Callable) {
      handle.write(chunk, 0, chunk.length, at).then(
        () => {
          if (at !== null) at += chunk.length;
          done();
        },
        (error: unknown) => done(error),
      );
    },
    destroy: closing(handle, options),
  });
};

let extended = false;
/** What the open files of `fs.promises.open` have under Node beyond the prelude's own. */
export const extendFileHandles = (): void => {
  if (extended) return;
  extended = true;
  const { prototype } = inner.FileHandle as unknown as { readonly prototype: Handle & Named };
  const plain = { ...pick(prototype, ['read', 'readFile', 'stat', 'write']) };
  const closed = new WeakSet<object>();
  const open = (handle: object): void => {
    if (!closed.has(handle)) return;
    throw Object.assign(nodeError(Error, 'EBADF', 'file closed'), { syscall: undefined });
  };
  const close = prototype.close;
  hide(prototype, 'close', async function (this: Handle) {
    closed.add(this);
    return Reflect.apply(close, this, []);
  });
  for (const [name, run] of Object.entries(plain)) {
    hide(prototype, name, async function (this: Handle, ...args: unknown[]) {
      open(this);
      if (name !== 'readFile') return Reflect.apply(run, this, args);
      const encoding = typeof args[0] === 'string' ? args[0] : (args[0] as Named | undefined)?.encoding;
      const bytes = bufferOf((await Reflect.apply(run, this, [])) as Uint8Array);
      return encoding === undefined || encoding === null || encoding === 'buffer'
        ? bytes
        : (bytes.toString as Callable).call(bytes, encoding);
    });
  }
  hide(prototype, 'readv', async function (this: Handle, buffers: Uint8Array[], position: Place = null) {
    let bytesRead = 0;
    for (const buffer of buffers) {
      const at = position === null ? null : position + bytesRead;
      const got = (await this.read(buffer, 0, buffer.byteLength, at)).bytesRead;
      bytesRead += got;
      if (got < buffer.byteLength) break;
    }
    return { bytesRead, buffers };
  });
  hide(prototype, 'writev', async function (this: Handle, buffers: Uint8Array[], position: Place = null) {
    const whole = (Buffer.concat as (list: Uint8Array[]) => Uint8Array)(buffers);
    await this.write(whole, 0, whole.length, position);
    return { bytesWritten: whole.length, buffers };
  });
  hide(prototype, 'createReadStream', function (this: Handle, options: Named = {}) {
    return readStream(this, options);
  });
  hide(prototype, 'createWriteStream', function (this: Handle, options: Named = {}) {
    return writeStream(this, options);
  });
  hide(prototype, 'readableWebStream', function (this: Handle) {
    const { Readable: Web } = builtin('stream') as { readonly Readable: { toWeb(stream: unknown): unknown } };
    return Web.toWeb(readStream(this, { autoClose: false }));
  });
  for (const name of ['chmod', 'chown']) hide(prototype, name, async () => undefined);
};

const pick = (from: Named, names: readonly string[]): Record<string, Callable> =>
  Object.fromEntries(names.map((name) => [name, from[name] as Callable]));
