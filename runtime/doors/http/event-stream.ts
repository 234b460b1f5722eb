import { jsonChunks, nextTurn } from './json-response.ts';

/** Server-sent events of one answer (WHATWG HTML, section 9.2). */
export interface EventStream {
  readonly response: Response;
  /** Sends one event; without effect once the reader is gone. @param id What a reader that comes back names as its last. */
  send(event: string, data: unknown, id?: number): void;
  /** The same for data of any size, in pieces with turns for others between; nothing else may be sent before it has settled. */
  sendLarge(event: string, data: unknown): Promise<void>;
  end(): void;
}

/** Bytes that may wait for a reader: more than a run of the default limits can print. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;

export interface EventStreamOptions {
  /** Bytes of events that may wait for a slow reader. @default 8 MiB */
  readonly maxBacklogBytes?: number;
}

/**
 * @param onLeave Called once when the reader goes away before the end, and when it does not read: over `maxBacklogBytes` the connection is
 * ended and what waits is dropped, so that a reader costs no more memory than that.
 */
export function createEventStream(
  onLeave: () => void,
  { maxBacklogBytes = MAX_BACKLOG_BYTES }: EventStreamOptions = {},
): EventStream {
  const encoder = new TextEncoder();
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        sink = controller;
      },
      cancel: () => {
        sink = undefined;
        onLeave();
      },
    },
    { highWaterMark: maxBacklogBytes, size: (chunk) => chunk.byteLength },
  );
  const refuse = (): void => {
    sink?.error(new Error(`over ${maxBacklogBytes} bytes of events wait to be read`));
    sink = undefined;
    onLeave();
  };
  const put = (bytes: Uint8Array): void => {
    if (sink === undefined) return;
    if (bytes.byteLength > (sink.desiredSize ?? 0)) refuse();
    else sink.enqueue(bytes);
  };
  return {
    response: new Response(body, {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
    }),
    send(event, data, id) {
      // JSON has no raw line breaks, so one data line holds it whatever the guest printed.
      if (sink !== undefined) {
        const name = id === undefined ? '' : `id: ${id}\n`;
        put(encoder.encode(`event: ${event}\n${name}data: ${JSON.stringify(data)}\n\n`));
      }
    },
    async sendLarge(event, data) {
      put(encoder.encode(`event: ${event}\ndata: `));
      let isFirst = true;
      for (const bytes of jsonChunks(data)) {
        if (!isFirst) await nextTurn();
        isFirst = false;
        if (sink === undefined) return;
        put(bytes);
      }
      put(encoder.encode('\n\n'));
    },
    end() {
      sink?.close();
      sink = undefined;
    },
  };
}
