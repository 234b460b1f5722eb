import {
  Bytes,
  bytesSet,
  exactBuffer,
  MapType,
  mapDelete,
  mapGet,
  mapSet,
  typedArrayBuffer,
  typedArrayBytes,
} from './primordials.ts';
import { setup } from './state.ts';

/**
 * Calls that are with the host at once, and digests. The others wait here, so that all they hold is in the guest's own memory. No more than a
 * cell lets out.
 */
const MOST_AT_ONCE = 16;

export interface CallTurns {
  /** Sends it now, or once others have ended: with the body as it is now, whatever the guest does to it meanwhile. */
  begin(
    body: Uint8Array<ArrayBuffer> | undefined,
    size: number,
    send: (body: ArrayBuffer | undefined) => void,
  ): void;
  /** One that carried so many bytes has its answer. */
  end(size: number): void;
  /** Forgets all of them. */
  drop(): void;
}

export const createCallTurns = (): CallTurns => {
  let atOnce = 0;
  let bytesAtOnce = 0;
  /** What is to begin later, by the number of its turn. */
  let queue = new MapType<number, () => void>();
  let first = 0;
  let end = 0;
  const isFull = (): boolean => atOnce >= MOST_AT_ONCE || bytesAtOnce >= setup.hostCallBytes;
  const count = (size: number): void => {
    atOnce += 1;
    bytesAtOnce += size;
  };
  return {
    begin: (body, size, send) => {
      if (first === end && !isFull()) {
        count(size);
        send(body === undefined ? undefined : exactBuffer(body));
        return;
      }
      const kept = body === undefined ? undefined : copyOf(body);
      mapSet(queue, end, () => {
        count(size);
        send(kept);
      });
      end += 1;
    },
    end: (size) => {
      atOnce -= 1;
      bytesAtOnce -= size;
      while (first < end && !isFull()) {
        const begin = mapGet(queue, first) as () => void; // one was put there
        mapDelete(queue, first);
        first += 1;
        begin();
      }
    },
    drop: () => {
      queue = new MapType();
      first = end;
      atOnce = 0;
      bytesAtOnce = 0;
    },
  };
};

const copyOf = (bytes: Uint8Array<ArrayBuffer>): ArrayBuffer => {
  const copy = new Bytes(typedArrayBytes(bytes));
  bytesSet(copy, bytes);
  return typedArrayBuffer(copy);
};
