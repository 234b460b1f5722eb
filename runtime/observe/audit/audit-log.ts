import { type ChainWriterOptions, openChainWriter } from './chain-writer.ts';
import { type AuditRecord, bodyOf } from './record.ts';

/** A queue in memory before the files. Nothing here waits: whoever writes goes on at once. */
export interface AuditLog {
  /**
   * Takes a record. It is on disk after this turn of the event loop; when the queue is full, before this returns.
   * Where the disk refuses, records wait in the queue; those beyond it are counted, and the next line that can be written says how many.
   */
  write(record: AuditRecord): void;
  /** Puts what waits on disk. */
  flush(): void;
  /** The same, and ends the files. Idempotent. */
  close(): void;
}

export interface AuditLogOptions extends ChainWriterOptions {
  /** Of records that wait, bytes. */
  readonly maxQueuedBytes: number;
  /** Told once when the disk begins to refuse, and of records that were lost in the end. */
  readonly onFault: (error: unknown) => void;
  readonly now: () => number;
}

interface Dropped {
  count: number;
  readonly from: number;
  to: number;
}

/** @throws {Error} when the folder cannot be written to, another process writes to it, or its last line is none. */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  const { maxQueuedBytes, onFault, now } = options;
  const writer = openChainWriter(options);
  let queue: string[] = [];
  let queuedBytes = 0;
  let dropped: Dropped | undefined;
  let failing = false;
  let scheduled: NodeJS.Immediate | undefined;
  let closed = false;

  /** Whether all of it is on disk. */
  const append = (bodies: readonly string[]): number => {
    const { written, error } = writer.append(bodies);
    if (error === undefined) failing = false;
    else if (!failing) {
      failing = true;
      onFault(
        new Error('Cannot write the audit: records wait, and those beyond the queue are counted', {
          cause: error,
        }),
      );
    }
    return written;
  };
  const flush = (): void => {
    if (scheduled !== undefined) clearImmediate(scheduled);
    scheduled = undefined;
    if (queue.length > 0) {
      const written = append(queue);
      queue = queue.slice(written);
      queuedBytes = queue.reduce((sum, { length }) => sum + length, 0);
    }
    if (queue.length > 0 || dropped === undefined) return;
    const { count, from, to } = dropped;
    if (append([bodyOf({ time: now(), kind: 'audit.dropped', count, from, to })]) === 1) dropped = undefined;
  };
  const write = (record: AuditRecord): void => {
    if (closed) return;
    const body = bodyOf(record);
    // A body is ASCII: characters are bytes. After what was dropped nothing goes before the line that says so.
    const isFull = (): boolean => dropped !== undefined || queuedBytes + body.length > maxQueuedBytes;
    if (isFull()) flush();
    if (isFull()) {
      dropped ??= { count: 0, from: record.time, to: record.time };
      dropped.count += 1;
      dropped.to = record.time;
      return;
    }
    queue.push(body);
    queuedBytes += body.length;
    scheduled ??= setImmediate(flush);
  };

  write({ time: now(), kind: 'audit.opened' });
  return {
    write,
    flush,
    close() {
      if (closed) return;
      write({ time: now(), kind: 'audit.closed' });
      closed = true;
      flush();
      const lost = queue.length + (dropped?.count ?? 0);
      if (lost > 0)
        onFault(
          new Error(
            `Lost ${lost} records of the audit: the disk takes none. Give it room, or another folder`,
          ),
        );
      try {
        writer.close();
      } catch (error) {
        onFault(new Error('Cannot close the audit', { cause: error }));
      }
    },
  };
}
