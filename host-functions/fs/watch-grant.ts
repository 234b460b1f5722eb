import type { HostContext } from '../../runtime/contracts/host-function.ts';
import type { FsEvent, FsOperations } from '../../runtime/contracts/operations/fs.ts';
import { checkField, checkFields, type FieldKind } from '../../runtime/vocabulary/check-fields.ts';
import { copyJson } from '../../runtime/vocabulary/copy-json.ts';
import { defined } from '../../runtime/vocabulary/defined.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import type { FsBackend } from './backend.ts';
import { createFsHostFunction } from './fs.ts';
import { parseFsGrants } from './fs-grant.ts';

export interface WatchOptions {
  /** Where the folder of the grant lives. @default this machine's folders on Node; needed elsewhere */
  readonly files?: FsBackend;
  /** All folders below, too. @default false */
  readonly recursive?: boolean;
  /** Ends the watch: the iteration is then over. */
  readonly signal?: AbortSignal;
}

const FIELDS: Readonly<Record<keyof WatchOptions, FieldKind>> = {
  files: 'object',
  recursive: 'boolean',
  signal: 'object',
};

/** Changes as they are seen; one reader. Leaving the loop ends the watch, as disposing does. */
export interface GrantWatch extends AsyncIterable<FsEvent>, Disposable {}

/**
 * Watches the folder of a grant for the embedder: what a guest with this grant would be told, by guest paths, and nothing that `deny` and
 * `extensions` hide. It watches from this call on. While the loop waits, the process stays alive.
 * @throws {TypeError | RangeError} on a malformed grant, or one whose folder cannot be opened. @throws {SandglassError} CAPABILITY_DENIED for a grant
 * that gives no reading, HOST_CALL_FAILED with `too-large` over 2,000 entries. The loop throws the same, and `too-large` when more changed at once
 * than it can tell.
 * @example for await (const { path, kind } of watchGrant({ host: './data' }, { recursive: true })) console.log(kind, path);
 */
export function watchGrant(grant: FsGrant, options: WatchOptions = {}): GrantWatch {
  checkField(grant, 'grant', 'object!', 'watch a grant');
  checkFields(options, FIELDS, 'watch a grant');
  const { files, recursive = false, signal } = options;
  const ended = new AbortController();
  const fs = createFsHostFunction({ scratchBytes: 0, ...defined({ backend: files }) });
  const service = opened(
    fs.open(parseFsGrants([copyJson(grant, 'grant')], 'grant'), {
      run: { runId: 'watch', depth: 0 },
      limits: mergeLimits([]),
      readOnlyFiles: true,
      noHostFiles: false,
      signal: ended.signal,
      secret: () => undefined,
      now: Date.now,
    } satisfies HostContext),
  );
  const close = (): void => {
    signal?.removeEventListener('abort', close);
    if (ended.signal.aborted) return;
    ended.abort();
    void service.close(); // it answers at once
  };
  const call = <O extends keyof FsOperations>(operation: O, args: FsOperations[O]['args']) =>
    service.call(operation, {
      args: args as unknown as JsonObject, // JSON by their types
      bytes: undefined,
      signal: ended.signal,
      atOnce: true,
    });
  let handle: number;
  try {
    const [mount] = service.mounts ?? [];
    if (mount === undefined) throw new TypeError('Cannot watch a grant: it is not a folder');
    const reply = opened(call('fs.watch', { path: mount.path, recursive }));
    ({ handle } = reply.value as unknown as FsOperations['fs.watch']['value']); // the service types it
  } catch (error) {
    close();
    throw error;
  }
  if (signal?.aborted === true) close();
  signal?.addEventListener('abort', close, { once: true });
  return {
    async *[Symbol.asyncIterator]() {
      try {
        while (!ended.signal.aborted) {
          const { value } = await call('fs.watchNext', { handle });
          const batch = value as unknown as FsOperations['fs.watchNext']['value']; // the service types it
          yield* batch.events;
          if (batch.overflow) throw tooMany();
          if (batch.done) return;
        }
      } finally {
        close();
      }
    },
    [Symbol.dispose]: close,
  };
}

const tooMany = (): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', 'Cannot watch a grant: more changed at once than can be told', {
    details: { reason: 'too-large' },
  });

/** `fs` opens, and begins to watch, at once. */
function opened<T extends object>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new TypeError('Cannot watch a grant: its files answer late');
  return value;
}
