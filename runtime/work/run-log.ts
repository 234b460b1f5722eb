/** One thing that a run told while it went on. */
export interface RunLogEntry {
  /** Counts from 1. */
  readonly id: number;
  readonly event: string;
  readonly data: object;
}

/** What a run tells, for readers who come while it goes on and for those who come later. */
export interface RunLog {
  add(event: string, data: object, bytes: number): void;
  /** Nothing comes any more. */
  end(): void;
  /**
   * Tells a listener what is kept after an entry, and what comes. The answer takes the listener back.
   * @param after Id of the last entry that the reader has, 0 for none.
   */
  follow(listener: RunLogListener, after?: number): () => void;
  /** Of what is kept. */
  readonly bytes: number;
  /** Listeners at the moment. */
  readonly followers: number;
}

export interface RunLogListener {
  entry(entry: RunLogEntry): void;
  /** Entries that are not kept any more. */
  missed(count: number): void;
}

/** What an entry takes beside its texts, bytes. */
const ENTRY = 200;
const MOST_BYTES = 2 * 1024 * 1024;

/** Keeps the latest entries, at most `maxBytes` of them. */
export function createRunLog(maxBytes: number = MOST_BYTES): RunLog {
  const kept: { readonly entry: RunLogEntry; readonly bytes: number }[] = [];
  const listeners = new Set<RunLogListener>();
  let last = 0;
  let bytes = 0;
  let ended = false;
  return {
    add(event, data, weight) {
      if (ended) return;
      last += 1;
      const entry = { id: last, event, data };
      kept.push({ entry, bytes: weight + ENTRY });
      bytes += weight + ENTRY;
      while (bytes > maxBytes && kept.length > 1) bytes -= kept.shift()?.bytes ?? 0;
      for (const listener of [...listeners]) listener.entry(entry);
    },
    end() {
      ended = true;
      listeners.clear();
    },
    follow(listener, after = 0) {
      const missed = (kept[0]?.entry.id ?? last + 1) - 1 - after;
      if (missed > 0) listener.missed(missed);
      for (const { entry } of kept) if (entry.id > after) listener.entry(entry);
      if (!ended) listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get bytes() {
      return bytes;
    },
    get followers() {
      return listeners.size;
    },
  };
}
