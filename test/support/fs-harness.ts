import type { FsHostFunctionOptions } from '../../host-functions/fs/fs.ts';
import { createFsHostFunction } from '../../host-functions/fs/fs.ts';
import type { HostContext, HostService } from '../../runtime/contracts/host-function.ts';
import type { FsOperations } from '../../runtime/contracts/operations/fs.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { FsGrant } from '../../runtime/vocabulary/grants/fs.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import { TEST_RUN } from './run-identity.ts';

export type FsOperation = keyof FsOperations;

export interface FsAnswer<O extends FsOperation> {
  readonly value: FsOperations[O]['value'];
  readonly bytes: Uint8Array | undefined;
  readonly ingressBytes: number;
  readonly egressBytes: number;
}

/** One session, called as a guest's engine would call it. */
export interface FsGuest extends Disposable {
  readonly session: HostService;
  call<O extends FsOperation>(
    operation: O,
    args: FsOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): FsAnswer<O>;
  /** The refusal of a call, as plain JSON; a call that works is a failure of the test. */
  refusal<O extends FsOperation>(
    operation: O,
    args: FsOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): Refused;
  /** `details.reason` of a refusal. */
  reason<O extends FsOperation>(
    operation: O,
    args: FsOperations[O]['args'],
    bytes?: Uint8Array | string,
  ): unknown;
  text(path: string): string;
  names(path: string): readonly string[];
  /** Waits for what changes in a watched folder. */
  next(handle: number): Promise<FsOperations['fs.watchNext']['value']>;
  /** Ends the run. */
  abort(): void;
}

export interface Refused {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface GuestOptions extends FsHostFunctionOptions {
  readonly grant?: readonly FsGrant[];
  readonly hostCallBytes?: number;
  readonly level?: Partial<Pick<HostContext, 'readOnlyFiles' | 'noHostFiles' | 'inTurn'>>;
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

export function openGuest({ grant, hostCallBytes, level, ...options }: GuestOptions): FsGuest {
  const limits = mergeLimits([hostCallBytes === undefined ? {} : { hostCallBytes }]);
  const run = new AbortController();
  const part = grant === undefined ? undefined : (structuredClone(grant) as unknown as JsonValue); // a grant is JSON
  const fs = createFsHostFunction(options);
  const session = fs.open(part === undefined ? undefined : fs.parse?.(part, 'grant.fs'), {
    run: TEST_RUN,
    limits,
    readOnlyFiles: false,
    noHostFiles: false,
    ...level,
    signal: run.signal,
    secret: () => undefined,
    now: Date.now,
  });
  if (session instanceof Promise) throw new Error('fs must open at once');
  const call: FsGuest['call'] = (operation, args, bytes) => {
    const reply = session.call(operation, {
      args: args as unknown as JsonObject, // arguments are JSON by their types
      bytes: typeof bytes === 'string' ? encode(bytes) : bytes,
      signal: run.signal,
      atOnce: true,
    });
    if (reply instanceof Promise) throw new Error(`${operation} must answer at once`);
    const { value, bytes: answered, ingressBytes = 0, egressBytes = 0 } = reply;
    return { value: value as never, bytes: answered, ingressBytes, egressBytes }; // the session's own table types it
  };
  const refusal: FsGuest['refusal'] = (operation, args, bytes) => {
    try {
      call(operation, args, bytes);
    } catch (error) {
      if (!(error instanceof SandglassError)) throw error;
      const { code, message, hint, details = {} } = error;
      return { code, message, hint, details };
    }
    throw new Error(`${operation} ${JSON.stringify(args)} was not refused`);
  };
  return {
    session,
    call,
    refusal,
    reason: (operation, args, bytes) => refusal(operation, args, bytes).details.reason,
    text: (path) => decode(call('fs.readFile', { path }).bytes),
    names: (path) => call('fs.list', { path }).value.map(({ name }) => name),
    next: async (handle) => {
      const { value } = await session.call('fs.watchNext', {
        args: { handle },
        bytes: undefined,
        signal: run.signal,
      });
      return value as never; // the session's own table types it
    },
    abort: () => run.abort(),
    [Symbol.dispose]: () => {
      void session.close();
    },
  };
}
