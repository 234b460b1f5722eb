import { inOwnBuffer } from '../vocabulary/bytes.ts';

type Stream = 'stdout' | 'stderr';

/** With so many bytes a message is sent at once: what waits is in the host's memory, as many times as a cell may be ahead. */
const MOST_BYTES = 65_536;

/** Output of one run on its way to the host: what is printed in a row goes in one message. */
export interface OutputBatch {
  add(stream: Stream, bytes: Uint8Array): void;
  /** Sends what waits. To be called before anything else is told, before the thread blocks, and whenever the guest is looked at. */
  flush(): void;
}

/**
 * @param send The bytes are alone in their buffer.
 * @param soon Calls back when the thread has come to its event loop.
 */
export function createOutputBatch(
  send: (stream: Stream, bytes: Uint8Array<ArrayBuffer>) => void,
  soon: (flush: () => void) => void,
): OutputBatch {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let last: Stream = 'stdout';
  let asked = false;
  const flush = (): void => {
    if (waiting.length === 0) return;
    const parts = waiting;
    const whole = joined(parts, size);
    waiting = [];
    size = 0;
    send(last, whole);
  };
  return {
    add: (stream, bytes) => {
      if (stream !== last) flush();
      last = stream;
      if (!asked)
        soon(() => {
          asked = false;
          flush();
        });
      asked = true;
      waiting.push(bytes);
      size += bytes.byteLength;
      if (size >= MOST_BYTES) flush();
    },
    flush,
  };
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return inOwnBuffer(only);
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}
