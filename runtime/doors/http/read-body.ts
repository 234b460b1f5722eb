import { parseJson } from '../../vocabulary/json-read.ts';
import type { BodyShare } from './body-budget.ts';
import { HttpError } from './http-error.ts';
import { type Received, readBytes } from './read-bytes.ts';

/** @throws {HttpError} 413 when the body is larger. */
export async function readBody(
  received: Received,
  what: string,
  maxBytes: number,
  share?: BodyShare,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBytes(received, maxBytes, share);
  if (bytes === undefined) throw new HttpError(413, `Cannot read the ${what}: over ${maxBytes} bytes`);
  return bytes;
}

/** @throws {HttpError} 413 when the body is larger, 400 when it is not JSON. */
export async function readJson(received: Received, maxBytes: number, share?: BodyShare): Promise<unknown> {
  return parseBody(await readBody(received, 'body', maxBytes, share));
}

/** @throws {HttpError} 400 when it is not JSON. */
export async function parseBody(bytes: Uint8Array): Promise<unknown> {
  try {
    return await parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'not UTF-8';
    throw new HttpError(400, `Cannot read the body: it is not JSON, ${reason}`);
  }
}
