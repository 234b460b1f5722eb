import type { Calls } from './calls.ts';
import { DomException } from './events.ts';
import { fsError } from './fs-errors.ts';

interface WatchEvent {
  readonly eventType: 'rename' | 'change';
  /** Relative to the watched folder. */
  readonly filename: string;
}
interface Batch {
  readonly events: readonly { readonly path: string; readonly kind: 'create' | 'change' | 'remove' }[];
  readonly overflow: boolean;
  readonly done: boolean;
}
interface Settings {
  readonly recursive?: boolean;
  readonly signal?: AbortSignal;
  /** What to do when more changed at once than one answer tells. */
  readonly overflow?: 'ignore' | 'throw';
}

/** Node's `watch` of `fs/promises`: an async iterator of `{ eventType, filename }`, from the first `next` on. Leaving the loop ends it. */
export const createWatch = (calls: Calls, pathOf: (given: unknown) => string) =>
  async function* watch(given: unknown, options?: Settings | string | null): AsyncGenerator<WatchEvent> {
    const {
      recursive = false,
      signal,
      overflow = 'ignore',
    }: Settings = typeof options === 'object' && options !== null ? options : {};
    const path = pathOf(given);
    const isAborted = (): boolean => signal?.aborted === true;
    const refused = (error: unknown): unknown => fsError(error, 'watch', path);
    const aborted = (): DomException & { cause?: unknown } => {
      const error = new DomException('The operation was aborted', 'AbortError');
      Object.defineProperty(error, 'cause', { value: signal?.reason, configurable: true });
      return error;
    };
    if (isAborted()) throw aborted();
    let handle: number;
    let prefix: number;
    try {
      const { value } = await calls.call('fs.watch', { path, recursive });
      const opened = value as { handle: number; path: string };
      handle = opened.handle;
      // Where the folder really is: links on the way are resolved in what events tell.
      prefix = opened.path === '/' ? 1 : opened.path.length + 1;
    } catch (error) {
      throw refused(error);
    }
    let isOpen = true;
    const close = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      await calls.call('fs.close', { handle });
    };
    const abort = (): void => {
      close().catch(() => {}); // its wait has ended with it, or the run has
    };
    signal?.addEventListener('abort', abort, { once: true });
    // Aborted while the watch was being opened.
    if (isAborted()) abort();
    try {
      while (isOpen) {
        let batch: Batch;
        try {
          batch = (await calls.call('fs.watchNext', { handle })).value as Batch;
        } catch (error) {
          throw refused(error);
        }
        for (const { path: changed, kind } of batch.events) {
          yield { eventType: kind === 'change' ? 'change' : 'rename', filename: changed.slice(prefix) };
        }
        if (batch.overflow && overflow === 'throw')
          throw new Error('fs.watch: more changed at once than can be told');
        if (batch.done) break;
      }
      if (isAborted()) throw aborted();
    } finally {
      signal?.removeEventListener('abort', abort);
      await close();
    }
  };
