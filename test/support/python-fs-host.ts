import type { HostReply, MountView } from '../../runtime/contracts/host-function.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { mergeLimits } from '../../runtime/vocabulary/limits.ts';
import type { FakeHostOptions } from './fake-host.ts';
import { createNodeFs } from './node-fs.ts';
import { TEST_RUN } from './run-identity.ts';

export interface FsHost {
  readonly operations: NonNullable<FakeHostOptions['operations']>;
  readonly mounts: readonly MountView[];
  close(): Promise<void>;
}

/** The real `fs` host function behind a fake cell. */
export async function openFsHost(grant: JsonValue | undefined): Promise<FsHost> {
  const fs = createNodeFs();
  const ended = new AbortController();
  const session = await fs.open(grant === undefined ? undefined : fs.parse?.(grant, 'grant.fs'), {
    run: TEST_RUN,
    limits: mergeLimits([]),
    readOnlyFiles: false,
    noHostFiles: false,
    signal: ended.signal,
    secret: () => undefined,
    now: () => Date.now(),
  });
  return {
    mounts: session.mounts ?? [],
    operations: Object.fromEntries(
      Object.keys(fs.operations).map((name) => [
        name,
        (args, bytes): HostReply => {
          const reply = session.call(name, { args, bytes, signal: ended.signal, atOnce: true });
          if (reply instanceof Promise) throw new Error(`${name} did not answer at once`);
          return reply;
        },
      ]),
    ),
    close: async () => {
      ended.abort();
      await session.close();
    },
  };
}
