import type { Callable, Named } from '../inner.ts';
import { builtin } from '../registry.ts';
import { bufferOf } from './buffer.ts';
import { closeSync, openSync, pathOf, readSync, writeSync } from './fs-descriptors.ts';

interface Pushing extends Named {
  push(chunk: unknown): boolean;
  emit(name: string, ...args: unknown[]): boolean;
}
interface StreamModule {
  readonly Readable: new (options: object) => Pushing;
  readonly Writable: new (options: object) => Pushing;
}

const settingsOf = (options: unknown): Named =>
  typeof options === 'string' ? { encoding: options } : ((options as Named | undefined) ?? {});

/** Opens the file when the stream starts, so that what fails is the stream's `error`. */
const opening = (path: unknown, settings: Named, flags: string) => {
  let fd = typeof settings.fd === 'number' ? settings.fd : undefined;
  return {
    construct(this: Pushing, done: Callable): void {
      try {
        fd ??= openSync(path, settings.flags ?? flags);
      } catch (error) {
        done(error);
        return;
      }
      done();
      this.fd = fd;
      this.emit('open', fd);
      this.emit('ready');
    },
    destroy(error: unknown, done: Callable): void {
      if (fd !== undefined && settings.autoClose !== false) {
        const open = fd;
        fd = undefined;
        try {
          closeSync(open);
        } catch (failure) {
          done(error ?? failure);
          return;
        }
      }
      done(error);
    },
    get fd(): number {
      return fd ?? -1;
    },
  };
};

export const createReadStream = (path: unknown, options?: unknown): unknown => {
  const { Readable } = builtin('stream') as StreamModule;
  const settings = settingsOf(options);
  const file = opening(path, settings, 'r');
  const end = Number(settings.end ?? Number.POSITIVE_INFINITY);
  let at = settings.start === undefined ? undefined : Number(settings.start);
  let left = end - (at ?? 0) + 1;
  const made = new Readable({
    highWaterMark: settings.highWaterMark ?? 65_536,
    encoding: settings.encoding,
    signal: settings.signal,
    construct: file.construct,
    destroy: file.destroy,
    read(this: Pushing, size: number) {
      const wanted = Math.min(size, left);
      if (wanted <= 0) {
        this.push(null);
        return;
      }
      const target = new Uint8Array(wanted);
      const got = readSync(file.fd, target, 0, wanted, at ?? null);
      left -= got;
      if (at !== undefined) at += got;
      made.bytesRead = Number(made.bytesRead) + got;
      this.push(got === 0 ? null : bufferOf(target.subarray(0, got)));
    },
  });
  made.bytesRead = 0;
  if (settings.fd === undefined) made.path = typeof path === 'string' ? path : pathOf(path);
  made.close = (done?: Callable) => (made.destroy as Callable).call(made, null, done);
  return made;
};

export const createWriteStream = (path: unknown, options?: unknown): unknown => {
  const { Writable } = builtin('stream') as StreamModule;
  const settings = settingsOf(options);
  const file = opening(path, settings, 'w');
  let at = settings.start === undefined ? undefined : Number(settings.start);
  const made = new Writable({
    highWaterMark: settings.highWaterMark,
    defaultEncoding: settings.encoding ?? 'utf8',
    signal: settings.signal,
    construct: file.construct,
    destroy: file.destroy,
    write(chunk: Uint8Array, _encoding: unknown, done: Callable) {
      try {
        const wrote = writeSync(file.fd, chunk, 0, chunk.length, at ?? null);
        if (at !== undefined) at += wrote;
        made.bytesWritten = Number(made.bytesWritten) + wrote;
        done();
      } catch (error) {
        done(error);
      }
    },
  });
  made.bytesWritten = 0;
  if (settings.fd === undefined) made.path = typeof path === 'string' ? path : pathOf(path);
  made.close = (done?: Callable) => {
    if (done !== undefined) (made.once as Callable).call(made, 'close', done);
    (made.end as Callable).call(made);
  };
  return made;
};
