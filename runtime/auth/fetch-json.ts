import { joinBytes } from '../vocabulary/bytes.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../vocabulary/json.ts';

export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

const MOST_BYTES = 256 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * A JSON object of a server that the operator named: 200 only, no redirect, at most 256 KiB within 5 s.
 * @throws {Error} saying what was wrong with the answer, nothing of its text.
 */
export async function fetchJson(fetch: FetchLike, url: string, init: RequestInit = {}): Promise<JsonObject> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...init,
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered ${response.status}`);
  }
  const bytes = await readAtMost(response);
  const value: JsonValue = JSON.parse(new TextDecoder().decode(bytes));
  if (!isJsonObject(value)) throw new Error('it answered no JSON object');
  return value;
}

async function readAtMost(response: Response): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of response.body ?? []) {
    size += piece.byteLength;
    if (size > MOST_BYTES) throw new Error(`it answered more than ${MOST_BYTES} bytes`);
    pieces.push(piece);
  }
  return joinBytes(pieces);
}
