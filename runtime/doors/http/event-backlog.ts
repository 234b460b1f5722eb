import { MIB } from '../../vocabulary/units.ts';
import { nextTurn } from './json-response.ts';

/** What waits for all readers of events of one door. */
export interface EventBacklog {
  /** @param drop Breaks the connection of the reader off. */
  open(drop: () => void): BacklogShare;
  /** The next turn for one piece of work of one reader: all readers together have one in each turn of the event loop. */
  turn(): Promise<void>;
}

export interface BacklogShare {
  /** So many bytes wait for this reader now. Where the sum is too large the reader goes for which most wait: that may be this one. */
  waits(bytes: number): void;
  leave(): void;
}

/** Bytes for all readers together: eight that do not read at all. */
const MOST_BYTES = 64 * MIB;

export function createEventBacklog(maxBytes: number = MOST_BYTES): EventBacklog {
  const readers = new Map<object, { bytes: number; readonly drop: () => void }>();
  let sum = 0;
  let last: Promise<void> = Promise.resolve();
  const leave = (key: object): void => {
    sum -= readers.get(key)?.bytes ?? 0;
    readers.delete(key);
  };
  const dropSlowest = (): void => {
    const [slowest] = [...readers].sort(([, one], [, other]) => other.bytes - one.bytes);
    if (slowest === undefined) return;
    const [key, { drop }] = slowest;
    leave(key);
    drop();
  };
  return {
    turn() {
      last = last.then(nextTurn);
      return last;
    },
    open(drop) {
      const key = {};
      readers.set(key, { bytes: 0, drop });
      return {
        waits(bytes) {
          const reader = readers.get(key);
          if (reader === undefined) return;
          sum += bytes - reader.bytes;
          reader.bytes = bytes;
          while (sum > maxBytes) dropSlowest();
        },
        leave: () => leave(key),
      };
    },
  };
}
