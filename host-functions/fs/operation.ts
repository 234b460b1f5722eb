import type { HostReply } from '../../runtime/contracts/host-function.ts';
import type { FsOperations } from '../../runtime/contracts/operations/fs.ts';
import type { FsOperation } from './fs-args.ts';
import type { Later, Steps } from './in-turns.ts';
import type { ServiceState } from './service-state.ts';

export type Args<O extends FsOperation> = FsOperations[O]['args'];

/** A reply whose value has the operation's own type. */
export type Reply<O extends FsOperation> = Omit<HostReply, 'value'> & {
  readonly value: FsOperations[O]['value'];
};

/**
 * One operation over the state of one run. `canWait`: it may be answered later; where not, it is done at once, or refused before anything
 * is done.
 */
export type Serve<O extends FsOperation> = (
  state: ServiceState,
  args: Args<O>,
  bytes: Uint8Array | undefined,
  canWait: boolean,
) => Later<Reply<O>> | Steps<Reply<O>>;

/** Every operation but the one that waits. */
export type Servers = { readonly [O in Exclude<FsOperation, 'fs.watchNext'>]: Serve<O> };
