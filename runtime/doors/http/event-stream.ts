import { createEventBacklog, type EventBacklog } from './event-backlog.ts';
import { jsonChunks } from './json-response.ts';

/** Server-sent events of one answer (WHATWG HTML, section 9.2). */
export interface EventStream {
  readonly response: Response;
  /** Sends one event; without effect once the reader is gone. @param id What a reader that comes back names as its last. */
  send(event: string, data: unknown, id?: number): void;
  /** The same for data of any size, in pieces with turns for others between; nothing else may be sent before it has settled. */
  sendLarge(event: string, data: unknown, id?: number): Promise<void>;
  end(): void;
}

/** Bytes that may wait for a reader: more than a run of the default limits can print. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024;

export interface EventStreamOptions {
  /** Bytes of events that may wait for a slow reader. @default 8 MiB */
  readonly maxBacklogBytes?: number;
  /** What all readers of a door have waiting. @default no bound of all together */
  readonly backlog?: EventBacklog;
}

/**
 * @param onLeave Called once when the reader goes away before the end, and when it does not read: over `maxBacklogBytes`, or where all readers
 * together have too much waiting, the connection is ended and what waits is dropped, so that a reader costs no more memory than that.
 */
export function createEventStream(
  onLeave: () => void,
  { maxBacklogBytes = MAX_BACKLOG_BYTES, backlog = createEventBacklog() }: EventStreamOptions = {},
): EventStream {
  const encoder = new TextEncoder();
  const waiting: Uint8Array[] = [];
  let bytes = 0;
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  let ended = false;
  let wants: (() => void) | undefined;
  const account = (more: number): void => {
    bytes += more;
    share.waits(bytes);
  };
  const close = (): void => {
    sink = undefined;
    waiting.length = 0;
    share.leave();
    wants?.();
  };
  const refuse = (): void => {
    if (sink === undefined) return;
    sink.error(new Error(`over ${maxBacklogBytes} bytes of events wait to be read`));
    close();
    onLeave();
  };
  const share = backlog.open(refuse);
  /** Hands the reader what it asks for, as far as it is there. */
  const give = (): void => {
    const next = waiting.shift();
    if (next !== undefined) {
      sink?.enqueue(next);
      account(-next.byteLength);
    } else if (ended) {
      sink?.close();
      close();
    } else return;
    wants?.();
    wants = undefined;
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        sink = controller;
      },
      pull: () =>
        new Promise<void>((resolve) => {
          wants = resolve;
          give();
        }),
      cancel: () => {
        const left = sink !== undefined;
        close();
        if (left) onLeave();
      },
    },
    { highWaterMark: 0 },
  );
  const put = (piece: Uint8Array): void => {
    if (sink === undefined) return;
    if (bytes + piece.byteLength > maxBacklogBytes) {
      refuse();
      return;
    }
    waiting.push(piece);
    account(piece.byteLength);
    if (wants !== undefined) give();
  };
  const headOf = (event: string, id: number | undefined): string =>
    `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: `;
  return {
    response: new Response(body, {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
    }),
    send(event, data, id) {
      // JSON has no raw line breaks, so one data line holds it whatever the guest printed.
      if (sink !== undefined) put(encoder.encode(`${headOf(event, id)}${JSON.stringify(data)}\n\n`));
    },
    async sendLarge(event, data, id) {
      put(encoder.encode(headOf(event, id)));
      let isFirst = true;
      for (const piece of jsonChunks(data)) {
        if (!isFirst) await backlog.turn();
        isFirst = false;
        if (sink === undefined) return;
        put(piece);
      }
      put(encoder.encode('\n\n'));
    },
    end() {
      ended = true;
      if (wants !== undefined) give();
    },
  };
}
