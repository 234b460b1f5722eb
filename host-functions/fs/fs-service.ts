import type {
  HostReply,
  HostRequest,
  HostService,
  MountView,
} from '../../runtime/contracts/host-function.ts';
import type { FsReason } from '../../runtime/contracts/operations/fs.ts';
import { freeBytes } from '../../runtime/vocabulary/bytes.ts';
import type { JsonValue } from '../../runtime/vocabulary/codec.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import { fileOperations } from './file-operations.ts';
import { folderOperations } from './folder-operations.ts';
import { checkFsArgs, type FsOperation, isFsOperation } from './fs-args.ts';
import { denyHidden, type FsAsk, quote } from './fs-denial.ts';
import { FsFault, REASON_TEXT } from './fs-fault.ts';
import { resourceOf } from './fs-resource.ts';
import { pathText } from './guest-path.ts';
import { handleOperations } from './handle-operations.ts';
import type { Later } from './in-pieces.ts';
import type { MountTree } from './mount-tree.ts';
import type { Reply, Servers } from './operation.ts';
import { scratchFiles } from './scratch-files.ts';
import { ServiceState } from './service-state.ts';
import { nextEvents, watchOperations } from './watch-operations.ts';

const SERVERS: Servers = { ...fileOperations, ...folderOperations, ...handleOperations, ...watchOperations };

/** Operation → how a message names what failed. */
const ACTIONS: Readonly<Record<FsOperation, string>> = {
  'fs.open': 'open',
  'fs.commit': 'write',
  'fs.close': 'close',
  'fs.read': 'read',
  'fs.write': 'write',
  'fs.sync': 'sync',
  'fs.fstat': 'look at',
  'fs.ftruncate': 'resize',
  'fs.futimes': 'set the times of',
  'fs.flist': 'list',
  'fs.stat': 'look at',
  'fs.list': 'list',
  'fs.readFile': 'read',
  'fs.writeFile': 'write',
  'fs.append': 'append to',
  'fs.mkdir': 'make folder',
  'fs.remove': 'remove',
  'fs.rename': 'rename',
  'fs.link': 'link',
  'fs.symlink': 'make link',
  'fs.readlink': 'read link',
  'fs.utimes': 'set the times of',
  'fs.watch': 'watch',
  'fs.watchNext': 'watch',
};

/** Failures that another try, with nothing changed, may not meet. */
const RETRYABLE: ReadonlySet<FsReason> = new Set<FsReason>(['io', 'too-many-open', 'no-space']);

/** One run's use of the mounts. Every call but `fs.watchNext` answers at once. */
export function createFsService(
  tree: MountTree,
  hostCallBytes: number,
  openedMs: number,
  firstHandle?: number,
): HostService {
  const state = new ServiceState(tree, hostCallBytes, openedMs, firstHandle);

  const scratch = tree.mounts.find((mount) => mount.scratch);

  const serve = <O extends keyof Servers>(
    operation: O,
    { args, bytes, about }: HostRequest,
  ): Later<HostReply> => {
    const checked = checkFsArgs(operation, args);
    if (about !== undefined) about(resourceOf(state.handles, args));
    const fail = (error: unknown, ask: FsAsk | undefined): unknown =>
      error instanceof FsFault ? toFailure(error, ask, ACTIONS[operation], subject(args)) : error;
    try {
      const reply = SERVERS[operation](state, checked, bytes);
      if (!(reply instanceof Promise)) return plain(reply);
      const ask = state.lastAsk; // other calls go on meanwhile, with asks of their own
      return reply.then(plain, (error: unknown) => {
        throw fail(error, ask);
      });
    } catch (error) {
      throw fail(error, state.lastAsk);
    } finally {
      freeBytes(bytes); // written, or refused: back ends keep copies of their own
    }
  };

  const wait = async ({ args, signal, about }: HostRequest): Promise<HostReply> => {
    const { handle } = checkFsArgs('fs.watchNext', args);
    if (about !== undefined) about(resourceOf(state.handles, args));
    let ask: FsAsk | undefined;
    try {
      const batch = nextEvents(state, handle, signal);
      // Other calls go on meanwhile, with asks of their own.
      ask = state.lastAsk;
      const { events, overflow, done } = await batch;
      return { value: { events: events.map(({ path, kind }) => ({ path, kind })), overflow, done } };
    } catch (error) {
      if (error instanceof FsFault) throw toFailure(error, ask, ACTIONS['fs.watchNext'], undefined);
      throw error;
    }
  };

  return {
    mounts: tree.mounts.map(viewOf).filter((view) => view !== undefined),
    call: (operation, request) => {
      if (!isFsOperation(operation)) {
        throw new SandglassError('UNSUPPORTED', `Cannot call ${quote(operation)}: fs has no such operation`);
      }
      state.lastAsk = undefined;
      return operation === 'fs.watchNext' ? wait(request) : serve(operation, request);
    },
    ...(scratch === undefined ? {} : { scratch: scratchFiles(scratch.directory) }),
    close: () => state.close(),
  };
}

/** The values are plain JSON by their types: interfaces, so TypeScript sees no index signature in them. */
const plain = ({ value, ...rest }: Reply<keyof Servers>): HostReply => ({
  ...rest,
  value: value as JsonValue,
});

function toFailure(
  fault: FsFault,
  ask: FsAsk | undefined,
  action: string,
  path: string | undefined,
): SandglassError {
  if (fault.isHidden && ask !== undefined) return denyHidden(ask);
  const { reason } = fault;
  const named = ask === undefined ? (path === undefined ? 'the file' : quote(path)) : quote(ask.requested);
  return new SandglassError(
    'HOST_CALL_FAILED',
    `Cannot ${ask?.action ?? action} ${named}: ${REASON_TEXT[reason]}`,
    {
      details: { reason, ...(ask === undefined ? {} : { path: ask.requested }) },
      retryable: RETRYABLE.has(reason),
    },
  );
}

const subject = (args: HostRequest['args']): string | undefined =>
  typeof args.path === 'string' ? args.path : undefined;

function viewOf({
  point,
  entries,
  level,
  scratch,
  file,
}: MountTree['mounts'][number]): MountView | undefined {
  if (level.noHostFiles || file !== undefined) return undefined;
  const allows = (access: 'write' | 'delete'): boolean =>
    !level.readOnlyFiles && entries.some(({ policy }) => policy.access.has(access));
  return {
    path: pathText(point),
    write: allows('write'),
    delete: allows('delete'),
    ...(scratch ? { scratch: true as const } : {}),
  };
}
