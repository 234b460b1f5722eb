import { wasi } from '@bjorn3/browser_wasi_shim';
import type { GuestHost } from '../../contracts/engine.ts';
import { Descriptor } from './descriptor.ts';
import { Filestat } from './filestat.ts';
import { OUTPUT_RIGHTS, STDIN_RIGHTS } from './rights.ts';

abstract class StandardStream extends Descriptor {
  override fd_filestat_get(): { ret: number; filestat: wasi.Filestat } {
    return { ret: wasi.ERRNO_SUCCESS, filestat: new Filestat(0n, this.filetype, 0n) };
  }

  override fd_seek(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }

  override fd_tell(): { ret: number; offset: bigint } {
    return { ret: wasi.ERRNO_SPIPE, offset: 0n };
  }
}

/** The run's stdin; all of it is there from the start. */
export class StandardInput extends StandardStream {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    super(wasi.FILETYPE_UNKNOWN, STDIN_RIGHTS, 0n);
    this.#bytes = bytes;
  }

  override readable(): bigint {
    return BigInt(this.#bytes.byteLength - this.#at);
  }

  override fd_read(size: number): { ret: number; data: Uint8Array } {
    const data = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += data.byteLength;
    return { ret: wasi.ERRNO_SUCCESS, data };
  }
}

/** stdout or stderr. A refused write means that the output budget is spent; the run control then sees the reason to stop. */
export class StandardOutput extends StandardStream {
  readonly #host: GuestHost;
  readonly #stream: 'stdout' | 'stderr';

  constructor(host: GuestHost, stream: 'stdout' | 'stderr') {
    super(wasi.FILETYPE_UNKNOWN, OUTPUT_RIGHTS, 0n);
    this.#host = host;
    this.#stream = stream;
  }

  override fd_write(data: Uint8Array): { ret: number; nwritten: number } {
    return this.#host.write(this.#stream, data)
      ? { ret: wasi.ERRNO_SUCCESS, nwritten: data.byteLength }
      : { ret: wasi.ERRNO_IO, nwritten: 0 };
  }
}
