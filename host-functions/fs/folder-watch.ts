import type { FsEvent, FsWatchBatch } from '../../runtime/contracts/operations/fs.ts';
import type { NodeStat } from './backend.ts';
import { FsFault } from './fs-fault.ts';

/** What one look at a folder saw: path below it → facts. */
export type Snapshot = ReadonlyMap<string, NodeStat>;

/** Entries that all watches of one run look at together. */
export const MAX_WATCHED = 2_000;
/** Between two looks while somebody waits. */
const LOOK_MS = 200;
/** Of one event beside its path, in a message. */
const EVENT_BYTES = 32;
/** A character of a path in JSON takes six bytes at most. */
const CHARACTER_BYTES = 6;

export interface FolderWatchOptions {
  /** Looks at the folder again, by what it is called now. @throws {FsFault} */
  readonly look: () => Snapshot;
  /** Guest path of the folder now. */
  readonly path: () => string;
  /** Largest batch, bytes. */
  readonly maxBytes: number;
}

/**
 * Tells what changed in a folder by looking at it again: every back end can be watched so, nothing is seen that a listing would not show, and no link
 * is followed. It looks only while somebody waits, so an idle watch costs nothing and queues nothing. What came and went between two looks
 * is not told, nor a change that left size, identity and both times as they were.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  #seen: Snapshot;
  #end: (() => void) | undefined;
  #isClosed = false;

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#seen = options.look();
  }

  /** Entries at the last look. */
  get size(): number {
    return this.#seen.size;
  }

  /**
   * The next changes, once there are any; none and `done` when the watch is closed or `signal` aborts.
   * @throws {FsFault} `invalid` while another wait is under way, or what a look failed with.
   */
  async next(signal: AbortSignal): Promise<FsWatchBatch> {
    if (this.#end !== undefined) throw new FsFault('invalid');
    for (;;) {
      if (this.#isClosed || signal.aborted) return { events: [], overflow: false, done: true };
      const batch = this.#look();
      if (batch.events.length > 0 || batch.overflow) return batch;
      await this.#pause(signal);
    }
  }

  /** Ends a wait. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#end?.();
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        this.#end = undefined;
        resolve();
      };
      const timer = setTimeout(end, LOOK_MS);
      signal.addEventListener('abort', end, { once: true });
      this.#end = end;
    });
  }

  #look(): FsWatchBatch {
    const before = this.#seen;
    this.#seen = this.#options.look();
    const folder = this.#options.path();
    const events: FsEvent[] = [];
    let room = this.#options.maxBytes;
    let overflow = false;
    for (const [below, kind] of differences(before, this.#seen)) {
      const path = folder === '/' ? `/${below}` : `${folder}/${below}`;
      room -= path.length * CHARACTER_BYTES + EVENT_BYTES;
      if (room < 0) {
        overflow = true;
        break;
      }
      events.push({ path, kind });
    }
    return { events, overflow, done: false };
  }
}

function* differences(before: Snapshot, after: Snapshot): Generator<readonly [string, FsEvent['kind']]> {
  for (const path of before.keys()) if (!after.has(path)) yield [path, 'remove'];
  for (const [path, stat] of after) {
    const old = before.get(path);
    if (old === undefined) yield [path, 'create'];
    else if (isChanged(old, stat)) yield [path, 'change'];
  }
}

/** A folder's own times change with what is in it, which has events of its own. */
const isChanged = (old: NodeStat, stat: NodeStat): boolean =>
  old.type !== stat.type ||
  old.identity !== stat.identity ||
  (stat.type !== 'directory' &&
    (old.size !== stat.size || old.modifiedMs !== stat.modifiedMs || old.changedMs !== stat.changedMs));
