/** Server-sent events of one answer (WHATWG HTML, section 9.2). */
export interface EventStream {
  readonly response: Response;
  /** Sends one event; without effect once the reader is gone. */
  send(event: string, data: unknown): void;
  end(): void;
}

/**
 * @param onLeave Called once when the reader goes away before the end.
 *
 * Events wait in memory for a slow reader: send only what is bounded already, as a run's output is.
 */
export function createEventStream(onLeave: () => void): EventStream {
  const encoder = new TextEncoder();
  let sink: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      sink = controller;
    },
    cancel: () => {
      sink = undefined;
      onLeave();
    },
  });
  return {
    response: new Response(body, {
      headers: { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' },
    }),
    send(event, data) {
      // JSON has no raw line breaks, so one data line holds it whatever the guest printed.
      sink?.enqueue(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    },
    end() {
      sink?.close();
      sink = undefined;
    },
  };
}
