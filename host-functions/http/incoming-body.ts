import { HttpFault } from './http-fault.ts';
import type { Lifetime } from './lifetime.ts';

/** An answer's body that a guest reads piece by piece. */
export class IncomingBody {
  readonly lifetime: Lifetime;
  readonly #body: AsyncGenerator<Buffer, void, undefined>;
  /** Of a chunk that was larger than one answer may be. */
  #rest: Buffer = Buffer.alloc(0);
  /** A read waits for the server. */
  isBusy = false;

  constructor(body: AsyncGenerator<Buffer, void, undefined>, lifetime: Lifetime) {
    this.#body = body;
    this.lifetime = lifetime;
  }

  /** The next piece, at most `maxBytes`; `undefined` at the end. One read at a time. */
  async read(maxBytes: number): Promise<Uint8Array | undefined> {
    this.isBusy = true;
    try {
      while (this.#rest.length === 0) {
        const next = await this.#body.next();
        if (next.done === true) return undefined;
        this.#rest = next.value;
      }
    } finally {
      this.isBusy = false;
    }
    const piece = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(piece.length);
    return new Uint8Array(piece);
  }
}

/** The whole body of one answer. @throws {HttpFault} `too-large` over `maxBytes` */
export async function collect(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new HttpFault(
        'too-large',
        `the answer is over ${maxBytes} bytes`,
        'Stream it, or raise limits.hostCallBytes',
      );
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
}
