import type {
  HostContext,
  HostReply,
  HostRequest,
  HostService,
  MountView,
} from '../../runtime/contracts/host-function.ts';
import type { FsReason } from '../../runtime/contracts/operations/fs.ts';
import { freeBytes } from '../../runtime/vocabulary/bytes.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonValue } from '../../runtime/vocabulary/json.ts';
import { fileOperations } from './file-operations.ts';
import { folderOperations } from './folder-operations.ts';
import { checkFsArgs, type FsOperation, isFsOperation } from './fs-args.ts';
import { denyHidden, type FsAsk, quote } from './fs-denial.ts';
import { FsFault, REASON_TEXT } from './fs-fault.ts';
import { resourceOf } from './fs-resource.ts';
import { pathText } from './guest-path.ts';
import { handleOperations } from './handle-operations.ts';
import { afterTimers, cannotWait, inTurns, type Later, runHasEnded, type Steps } from './in-turns.ts';
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

/** What changes nothing may come between two turns of what takes longer. */
const LOOKS: ReadonlySet<FsOperation> = new Set<FsOperation>([
  'fs.read',
  'fs.readFile',
  'fs.stat',
  'fs.fstat',
  'fs.list',
  'fs.flist',
  'fs.readlink',
]);

/** They hold nothing back: what they list is an opening of their own, and may change meanwhile. */
const LISTS: ReadonlySet<FsOperation> = new Set<FsOperation>(['fs.list', 'fs.flist']);

/**
 * One run's use of the mounts. What may take long is done in turns or off this thread, and the run's later calls wait for it: they see what it
 * did, and nothing changes what it has looked at. Asked `atOnce`, every call but `fs.watchNext` is answered so, or refused with UNSUPPORTED.
 */
export function createFsService(
  tree: MountTree,
  { limits, now, firstHandle, inTurn = afterTimers }: HostContext,
): HostService {
  let closed = false;
  const line = createLine();
  const turns = { inTurn, stopped: () => closed };
  const state = new ServiceState(tree, {
    hostCallBytes: limits.hostCallBytes,
    openedMs: now(),
    firstHandle,
    turns,
  });

  const scratch = tree.mounts.find((mount) => mount.scratch);

  const serve = <O extends keyof Servers>(
    operation: O,
    { args, bytes, about, atOnce = false }: HostRequest,
  ): Later<HostReply> => {
    const checked = checkFsArgs(operation, args);
    if (about !== undefined) about(resourceOf(state.handles, args));
    const fail = (error: unknown, ask: FsAsk | undefined): unknown =>
      error instanceof FsFault ? toFailure(error, ask, ACTIONS[operation], subject(args)) : error;
    const start = (): Later<Reply<O>> => {
      const made = SERVERS[operation](state, checked, bytes, !atOnce);
      return isSteps(made) ? inTurns(made, { ...turns, canWait: !atOnce }) : made;
    };
    const answer = (): Later<HostReply> => {
      let later = false;
      state.lastAsk = undefined;
      try {
        const reply = start();
        if (!(reply instanceof Promise)) return plain(reply);
        later = true;
        const ask = state.lastAsk; // other calls go on meanwhile, with asks of their own
        return reply
          .then(plain, (error: unknown) => {
            throw fail(error, ask);
          })
          .finally(() => freeBytes(bytes));
      } catch (error) {
        throw fail(error, state.lastAsk);
      } finally {
        if (!later) freeBytes(bytes); // written, or refused: back ends keep copies of their own
      }
    };
    if (line.busy !== undefined && atOnce && !LOOKS.has(operation)) throw cannotWait();
    const reply =
      line.busy === undefined || atOnce
        ? answer()
        : line.busy.then(() => {
            if (closed) throw runHasEnded();
            return answer();
          });
    if (reply instanceof Promise && !LISTS.has(operation)) line.add(reply);
    return reply;
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
      return operation === 'fs.watchNext' ? wait(request) : serve(operation, request);
    },
    ...(scratch === undefined ? {} : { scratch: scratchFiles(scratch.directory) }),
    close: () => {
      closed = true;
      // What is under way in another thread still needs what is open.
      if (line.busy === undefined) state.close();
      else return line.busy.then(() => state.close());
    },
  };
}

/** The calls of a run that take longer, one after the other. */
function createLine() {
  let busy: Promise<void> | undefined;
  return {
    /** Settles once all of them have ended. */
    get busy() {
      return busy;
    },
    add(reply: Promise<HostReply>): void {
      const turn = reply.then(
        () => undefined,
        () => undefined, // told to whoever asked
      );
      busy = turn;
      void turn.then(() => {
        if (busy === turn) busy = undefined;
      });
    },
  };
}

const isSteps = <T extends object>(made: T | Promise<T> | Steps<T>): made is Steps<T> =>
  Symbol.iterator in made;

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
