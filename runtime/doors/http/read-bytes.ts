import type { Context } from 'hono';
import { SandglassError } from '../../vocabulary/errors.ts';
import { joinInSlices } from '../../vocabulary/in-slices.ts';
import type { BodyShare } from './body-budget.ts';

/** The request, and what serves it: where that is Node, its own message is there too. */
export type Received = Pick<Context, 'req' | 'env'>;

/** Pieces that a body may come in, and bytes for which one more may come: each takes the thread some microseconds, however small it is. */
const MOST_PIECES = 4_096;
const PIECE_BYTES = 256;

/**
 * Reads a whole request body, never holding more than `maxBytes` and one chunk.
 * @param share Told of each piece before it is kept; throws when there is no room.
 * @throws {SandglassError} INPUT_INVALID when it comes in very many small pieces.
 * @returns `undefined` when the body is larger.
 */
export async function readBytes(
  received: Received,
  maxBytes: number,
  share?: BodyShare,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const declared = Number(received.req.header('content-length') ?? 0);
  if (declared > maxBytes) return undefined;
  const body = bodyOf(received);
  if (body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  // The declared length proves nothing: a chunked body has none.
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    if (chunks.length >= MOST_PIECES + length / PIECE_BYTES)
      throw new SandglassError(
        'INPUT_INVALID',
        `Cannot read the body: over ${chunks.length} pieces of ${Math.floor(length / chunks.length)} bytes`,
        { hint: 'Send it with a content-length, or in larger chunks' },
      );
    share?.take(chunk.byteLength);
    chunks.push(chunk);
  }
  return joinInSlices(chunks);
}

/**
 * The pieces of a body as they come. Where Node serves, they are those of its own message: to make a web stream of it
 * costs more than all else that is done for a small request.
 */
function bodyOf({ req, env }: Received): AsyncIterable<Uint8Array> | null {
  const message = (env as Partial<NodeBindings> | undefined)?.incoming;
  const { method } = req;
  if (method === 'GET' || method === 'HEAD' || message === undefined || !isUnread(message))
    return req.raw.body;
  // Whoever is refused has its answer sent over the same connection.
  return message.iterator({ destroyOnReturn: false });
}

/** What `@hono/node-server` hands on of a request. */
interface NodeBindings {
  readonly incoming: NodeMessage;
}

interface NodeMessage {
  readonly readableDidRead: boolean;
  readonly readableAborted: boolean;
  readonly readableEncoding: string | null;
  readonly destroyed: boolean;
  iterator(options: { readonly destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
}

/** That nobody has begun to read, or has read for us as some hosts of functions do, and whose client is there. */
const isUnread = (message: NodeMessage): boolean =>
  typeof message.iterator === 'function' &&
  !message.readableDidRead &&
  !message.readableAborted &&
  !message.destroyed &&
  message.readableEncoding === null &&
  !('rawBody' in message);
