import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  parseJSONRPCMessage,
  type Transport,
} from '@modelcontextprotocol/server';
import { readLines } from '../../vocabulary/read-lines.ts';

export interface StdioPipes {
  readonly input: AsyncIterable<Uint8Array>;
  write(text: string): void;
  /** Bytes that were written and have not gone out. */
  readonly waitingBytes: number;
  /** Resolves when they have. */
  flush(): Promise<void>;
}

export interface StdioTransport extends Transport {
  /** Resolves when the input has ended and every request of it was answered. */
  readonly done: Promise<void>;
}

/** One message. Arguments of a tool are 8 MiB at most. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Answers that may wait for a client that does not read: above it nothing more is read of what it asks. */
const MOST_WAITING = 16 * 1024 * 1024;
/** Requests that wait for their answers: above it nothing more is read. */
const MOST_OPEN = 1_000;

/**
 * JSON-RPC, a message a line. A line that is no message is answered as the protocol says, and the next one is read; at the end of the input what
 * was asked is still answered.
 */
export function createStdioTransport(pipes: StdioPipes): StdioTransport {
  const open = new Set<string | number>();
  const finished = Promise.withResolvers<void>();
  let wake: (() => void) | undefined;
  let closed = false;
  let ended = false;

  const settle = (): void => {
    wake?.();
    if (ended && (open.size === 0 || closed)) finished.resolve();
  };
  const write = (message: object): void => pipes.write(`${JSON.stringify(message)}\n`);
  const refuse = (code: number, message: string): void =>
    write({ jsonrpc: '2.0', id: null, error: { code, message } });
  const below = async (): Promise<void> => {
    if (pipes.waitingBytes > MOST_WAITING) await pipes.flush();
    while (open.size >= MOST_OPEN && !closed)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  const take = (text: string): void => {
    if (text.trim() === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      refuse(-32700, 'Cannot read the message: it is not JSON');
      return;
    }
    const message = messageOf(value);
    if (message === undefined) {
      refuse(
        -32600,
        Array.isArray(value)
          ? 'Cannot read the message: batches are not part of the protocol, send one message a line'
          : 'Cannot read the message: not a request, notification or response of JSON-RPC 2.0',
      );
      return;
    }
    if (isJSONRPCRequest(message)) open.add(message.id);
    transport.onmessage?.(message);
    if ('method' in message && message.method === 'notifications/cancelled') {
      // What was cancelled is not answered.
      const { requestId } = (message.params ?? {}) as { readonly requestId?: string | number };
      if (requestId !== undefined) open.delete(requestId);
    }
  };
  const pump = async (): Promise<void> => {
    for await (const line of readLines(pipes.input, MOST_BYTES)) {
      if (closed) return;
      if ('tooLong' in line) refuse(-32600, `Cannot read the message: over ${MOST_BYTES} bytes`);
      else take(line.text);
      await below();
    }
  };
  const transport: StdioTransport = {
    done: finished.promise,
    start: async () => {
      void pump()
        .catch((error: unknown) => {
          // An input that breaks off after the end is no news.
          if (!closed) transport.onerror?.(error as Error); // streams throw errors
        })
        .finally(() => {
          ended = true;
          settle();
        });
    },
    send: async (message) => {
      if (closed) return;
      write(message);
      if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) {
        if (message.id !== undefined) open.delete(message.id);
        settle();
      }
      if (pipes.waitingBytes > MOST_WAITING) await pipes.flush();
    },
    close: async () => {
      if (closed) return;
      closed = true;
      ended = true;
      settle();
      transport.onclose?.();
    },
  };
  return transport;
}

/** `undefined` for what is not a message. */
function messageOf(value: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(value);
  } catch {
    return undefined; // whoever sent it is told that it is none
  }
}
