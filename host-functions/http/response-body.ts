import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { HttpFault } from './http-fault.ts';
import type { Scrubber } from './secrets.ts';

export interface BodyLimits {
  /** Of the body as it travels and of the body decoded, bytes each. */
  readonly maxBytes: number;
  /** Called with the decoded bytes before they are passed on; throws when they may not be. */
  readonly spend: (bytes: number) => void;
  readonly scrubber: Scrubber;
}

const MAX_CODINGS = 2;

/** Codings that are undone here, in the order they were applied; `undefined`: at least one is not known, and the body stays as it is. */
export function contentCodings(header: string | undefined): readonly string[] | undefined {
  const named = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (named.length > MAX_CODINGS) throw new HttpFault('protocol', `more than ${MAX_CODINGS} content codings`);
  return named.every((name) => /^(x-)?gzip$|^deflate$|^br$/.test(name)) ? named : undefined;
}

/**
 * The body, decoded, capped and without credentials, chunk by chunk. Nothing is read ahead of the guest but one buffer of each stage, and a
 * bomb stops at the cap, however small it travels.
 * @throws {HttpFault} `too-large`, `protocol` and what the connection fails with.
 */
export async function* readBody(
  source: Readable,
  codings: readonly string[],
  { maxBytes, spend, scrubber }: BodyLimits,
): AsyncGenerator<Buffer, void, undefined> {
  const tooLarge = (): HttpFault =>
    new HttpFault(
      'too-large',
      `the answer is over ${maxBytes} bytes`,
      'Ask for less, or raise maxResponseBytes of the grant',
    );
  let decoded = 0;
  const stream = codings.length === 0 ? source : decode(source, codings, maxBytes, tooLarge);
  try {
    for await (const chunk of chunks(stream)) {
      decoded += chunk.length;
      if (decoded > maxBytes) throw tooLarge();
      spend(chunk.length);
      const clean = scrubber.push(chunk);
      if (clean.length > 0) yield clean;
    }
    const rest = scrubber.end();
    if (rest.length > 0) yield rest;
  } catch (error) {
    throw isDecodeError(error)
      ? new HttpFault('protocol', 'the answer is not in the coding it names')
      : error;
  } finally {
    stream.destroy();
    source.destroy();
  }
}

function decode(
  source: Readable,
  codings: readonly string[],
  maxBytes: number,
  tooLarge: () => HttpFault,
): Readable {
  async function* counted(): AsyncGenerator<Buffer> {
    let travelled = 0;
    for await (const chunk of chunks(source)) {
      travelled += chunk.length;
      if (travelled > maxBytes) throw tooLarge();
      yield chunk;
    }
  }
  const decoded = codings.toReversed().reduce<AsyncIterable<Buffer>>(undo, counted());
  return Readable.from(decoded, { objectMode: false });
}

async function* undo(body: AsyncIterable<Buffer>, coding: string): AsyncGenerator<Buffer> {
  const iterator = body[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done === true) return;
  const input = Readable.from(resume(first.value, iterator), { objectMode: false });
  // `pipeline` ends both when one fails or the reader stops; the error itself comes out of the loop.
  yield* chunks(pipeline(input, decoderFor(coding, first.value), () => {}));
}

async function* resume(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function decoderFor(coding: string, first: Buffer): Transform {
  if (coding === 'br') return createBrotliDecompress();
  if (coding !== 'deflate') return createGunzip();
  // Some servers leave out the zlib header that the name asks for.
  return ((first[0] ?? 0) & 0x0f) === 8 ? createInflate() : createInflateRaw();
}

const isDecodeError = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^(Z_|ERR_+(BROTLI|ERROR_FORMAT|ZLIB))/.test(error.code);

/** Byte streams of Node and undici give buffers. */
const chunks = (stream: AsyncIterable<unknown>): AsyncIterable<Buffer> => stream as AsyncIterable<Buffer>;
