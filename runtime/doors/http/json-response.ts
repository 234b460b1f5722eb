import { jsonText } from '../../vocabulary/json-text.ts';

/** The JSON text of plain data as bytes, a slice of work each. */
export function* jsonChunks(data: unknown): Generator<Uint8Array<ArrayBuffer>, void, void> {
  const encoder = new TextEncoder();
  const pieces: string[] = [];
  const slices = jsonText(data, (piece) => pieces.push(piece));
  for (let done = false; !done; ) {
    done = slices.next().done === true;
    yield encoder.encode(pieces.splice(0).join(''));
  }
}

export const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * Plain data as a JSON answer. A small one is made at once; a large one piece by piece as it is read, with turns for others between, so that it
 * neither holds this thread nor is ever in memory as a whole.
 */
export function jsonResponse(data: unknown, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  headers.set('Content-Type', 'application/json');
  const chunks = jsonChunks(data);
  const first = chunks.next().value ?? new Uint8Array();
  let next = chunks.next(); // small work is one slice: then there is none
  if (next.done === true) return new Response(first, { ...init, headers });
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(first),
      pull: async (controller) => {
        // A slice may end before there is anything to send; who reads asks again only for what was sent.
        for (let sent = false; !sent; ) {
          await nextTurn();
          if (next.done === true) {
            controller.close();
            return;
          }
          sent = next.value.byteLength > 0;
          if (sent) controller.enqueue(next.value);
          next = chunks.next();
        }
      },
      cancel: () => void chunks.return(),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { ...init, headers });
}
