import { joinInSlices } from '../../vocabulary/in-slices.ts';
import type { BodyShare } from './body-budget.ts';

/**
 * Reads a whole request body, never holding more than `maxBytes` and one chunk.
 * @param share Told of each piece before it is kept; throws when there is no room.
 * @returns `undefined` when the body is larger.
 */
export async function readBytes(
  request: Request,
  maxBytes: number,
  share?: BodyShare,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBytes) return undefined;
  if (request.body === null) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  // The declared length proves nothing: a chunked body has none.
  for await (const chunk of request.body) {
    length += chunk.byteLength;
    if (length > maxBytes) return undefined;
    share?.take(chunk.byteLength);
    chunks.push(chunk);
  }
  return joinInSlices(chunks);
}
