import { Recent } from '../../vocabulary/recent.ts';
import { sha256Hex } from '../../vocabulary/sha256.ts';
import type { OnceOnly } from '../../work/journal-lines.ts';
import type { RunRecord } from '../../work/run-records.ts';
import { HttpError } from './http-error.ts';

/** Requests that are sent again, as after a lost connection, are done once. */
export interface Idempotency {
  /**
   * Does it, or gives what was done for the same key.
   * @param scope Who asked, and for what.
   * @throws {HttpError} 422 when the key was used for another body.
   */
  once(
    scope: string,
    key: string | undefined,
    body: Uint8Array<ArrayBuffer>,
    submit: (once: OnceOnly | undefined) => Promise<RunRecord>,
  ): Promise<Once>;
}

export interface Once {
  readonly record: RunRecord;
  readonly replayed: boolean;
}

/** Keys that are remembered, as long as ended runs are. */
const MOST_KEYS = 10_000;
const TTL_MS = 600_000;
const KEY = /^[\x21-\x7e]{1,255}$/;

/** @param found Of an earlier process: what it has done, or begun to do, is not done again. */
export function createIdempotency(now: () => number, found: readonly RunRecord[] = []): Idempotency {
  const known = new Recent<{
    readonly digest: string;
    readonly at: number;
    readonly record: Promise<RunRecord>;
  }>(MOST_KEYS);
  // The latest come first: of two for one key it is the later that holds.
  for (const record of [...found].reverse()) {
    // What never began may be sent again, by its key, too.
    if (record.once === undefined || isUntouched(record.ended)) continue;
    const { name, digest } = record.once;
    known.set(name, { digest, at: now(), record: Promise.resolve(record) });
  }
  return {
    async once(scope, key, body, submit) {
      if (key === undefined) return { record: await submit(undefined), replayed: false };
      if (!KEY.test(key))
        throw new HttpError(400, 'Cannot read Idempotency-Key: expected 1 to 255 visible ASCII characters');
      const digest = await sha256Hex(body);
      const name = await sha256Hex(new TextEncoder().encode(JSON.stringify([scope, key])));
      const before = known.get(name);
      if (before !== undefined && now() - before.at < TTL_MS) {
        if (before.digest !== digest)
          throw new HttpError(
            422,
            'Cannot answer: this Idempotency-Key was used for another request',
            'Make a new key for each new request',
          );
        return { record: await before.record, replayed: true };
      }
      const record = submit({ name, digest });
      known.set(name, { digest, at: now(), record });
      try {
        return { record: await record, replayed: false };
      } catch (error) {
        known.delete(name); // what was refused may be sent again
        throw error;
      }
    },
  };
}

/** The server ended while it waited. */
const isUntouched = (ended: RunRecord['ended']): boolean =>
  ended?.error?.code === 'CANCELLED' && ended.error.details?.state === 'queued';
