import type { GuestHost } from '../../contracts/engine.ts';
import type { FsOperations } from '../../contracts/operations/fs.ts';
import type { Arrived } from '../../vocabulary/bytes.ts';
import { MIB } from '../../vocabulary/units.ts';
import { errnoOf } from './errno.ts';
import { Filestats } from './filestat.ts';

/** What a run's file descriptors share: the way to the host, and what it remembers of times. */
export interface Files {
  readonly stats: Filestats;
  /** Bytes moved by one read or write at most; a guest asks again for the rest. */
  readonly chunkBytes: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** `bytes` are given away. */
  call<K extends keyof FsOperations>(
    operation: K,
    args: FsOperations[K]['args'],
    bytes?: Uint8Array,
  ): FsReply<K>;
}

export type FsReply<K extends keyof FsOperations> =
  | ({ readonly ret: 0; readonly value: FsOperations[K]['value']; readonly bytes: Uint8Array } & Arrived)
  | ({ readonly ret: number; readonly value?: undefined; readonly bytes?: undefined } & Arrived);

const MAX_CHUNK = MIB;
const NOTHING = new Uint8Array();

export function createFiles(host: GuestHost, hostCallBytes: number): Files {
  return {
    stats: new Filestats(),
    chunkBytes: Math.min(MAX_CHUNK, hostCallBytes >>> 1),
    now: () => host.now(),
    call: (operation, args, bytes) => {
      const answer = host.callSync(operation, { ...args }, bytes);
      if (!answer.ok) return { ret: errnoOf(answer.refusal) };
      type Value = FsOperations[typeof operation]['value'];
      // The gate is ours, and this is the form that the contract gives the operation.
      return {
        ret: 0,
        value: answer.value as Value,
        bytes: answer.bytes ?? NOTHING,
        ownsBytes: answer.ownsBytes,
      };
    },
  };
}
