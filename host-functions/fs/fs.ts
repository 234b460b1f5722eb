import type { HostContext, HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import { type Caller, permits } from '../../runtime/vocabulary/caller.ts';
import type { FsAccess } from '../../runtime/vocabulary/grants/fs.ts';
import { wholeNumber } from '../../runtime/vocabulary/read-options.ts';
import type { FsBackend } from './backend.ts';
import { compileDenyGlobs } from './deny-globs.ts';
import type { FsOperation } from './fs-args.ts';
import { type FsPart, parseFsGrants } from './fs-grant.ts';
import { askedResource } from './fs-resource.ts';
import { createFsService } from './fs-service.ts';
import { createMemoryBackend } from './memory-backend.ts';
import { createMountTree, type Mount, newEntry, openMounts, SCRATCH_POINT } from './mount-tree.ts';
import { narrowFsGrants } from './narrow-fs.ts';
import { shownMounts } from './shown-mounts.ts';

export interface FsHostFunctionOptions {
  /** Where the folders of grants live: `createNodeBackend()` for this machine's. Without one there is only the scratch folder. */
  readonly backend?: FsBackend;
  /** Size of each run's own folder `/tmp`, bytes, names included; 0 for none. @default 16 MiB */
  readonly scratchBytes?: number;
}

const DEFAULT_SCRATCH_BYTES = 16 * 1024 * 1024;

const act = (capability: string): OperationInfo => ({ capability, kind: 'act', resource: askedResource });
const goOn = (capability: string): OperationInfo => ({ capability, kind: 'continue' });

const OPERATIONS: Readonly<Record<FsOperation, OperationInfo>> = Object.freeze({
  'fs.open': {
    ...act('fs.read'),
    capabilityOf: ({ write, append, create, truncate, replace }) =>
      [write, append, create, truncate, replace].includes(true) ? 'fs.write' : 'fs.read',
  },
  'fs.commit': goOn('fs.write'),
  'fs.close': goOn('fs.read'),
  'fs.read': goOn('fs.read'),
  'fs.write': goOn('fs.write'),
  'fs.sync': goOn('fs.write'),
  'fs.fstat': goOn('fs.read'),
  'fs.ftruncate': goOn('fs.write'),
  'fs.futimes': goOn('fs.write'),
  'fs.flist': goOn('fs.read'),
  'fs.stat': act('fs.read'),
  'fs.list': act('fs.read'),
  'fs.readFile': act('fs.read'),
  'fs.writeFile': act('fs.write'),
  'fs.append': act('fs.write'),
  'fs.mkdir': act('fs.write'),
  'fs.remove': act('fs.delete'),
  'fs.rename': act('fs.write'),
  'fs.link': act('fs.write'),
  'fs.symlink': act('fs.write'),
  'fs.readlink': act('fs.read'),
  'fs.utimes': act('fs.write'),
  'fs.watch': act('fs.read'),
  'fs.watchNext': goOn('fs.read'),
});

/**
 * The host function `fs`: the folders of a grant in one guest tree, and a private scratch folder `/tmp` in memory that is gone after the run.
 * Answers at once, but for a wait for changes. Errors: CAPABILITY_DENIED for what no entry covers, HOST_CALL_FAILED with an `FsReason`,
 * HOST_CALLS_EXCEEDED over an entry's `maxCalls`, INPUT_INVALID for malformed arguments.
 * @example createFsHostFunction({ backend: createNodeBackend() })
 */
export function createFsHostFunction(options: FsHostFunctionOptions = {}): HostFunction<FsPart> {
  const { backend, scratchBytes = DEFAULT_SCRATCH_BYTES } = options;
  wholeNumber(scratchBytes, 'make the fs host function: scratchBytes', { unit: 'bytes' });
  return {
    name: 'fs',
    network: false,
    folders: scratchBytes > 0,
    checksPermissions: true,
    operations: OPERATIONS,
    parse: parseFsGrants,
    open: (part = [], context) => {
      const level = { readOnlyFiles: context.readOnlyFiles, noHostFiles: context.noHostFiles };
      // At a level without host files the mounts are only names, so that a denial can tell why; no host folder is opened.
      const granted = openMounts(
        permitted(part, context.run.caller),
        level.noHostFiles ? createMemoryBackend() : backend,
        level,
      );
      const mounts =
        hasScratchOfItsOwn(granted) || scratchBytes === 0
          ? granted
          : [...granted, scratch(context, scratchBytes)];
      return createFsService(createMountTree(mounts), context);
    },
    narrow: (asked, ceiling) => narrowFsGrants(asked, ceiling, backend),
    show: (part, { run, readOnlyFiles, noHostFiles }) =>
      noHostFiles
        ? []
        : shownMounts(permitted(part, run.caller), readOnlyFiles, (host) => backend?.nameOf(host) ?? ''),
  };
}

/** What a caller has no permission for is as if it had not been granted. Whoever may write may also delete what was written. */
function permitted(part: FsPart, caller: Caller | undefined): FsPart {
  if (caller === undefined) return part;
  const allows = (access: FsAccess): boolean =>
    permits(caller, `fs.${access}`) || (access === 'delete' && permits(caller, 'fs.write'));
  return part.map((entry) => ({ ...entry, access: new Set([...entry.access].filter(allows)) }));
}

/** The grant mounts something at `/tmp`, which then takes the place of the scratch folder. */
const hasScratchOfItsOwn = (mounts: readonly Mount[]): boolean =>
  mounts.some(({ point }) => point.length === 1 && point[0] === SCRATCH_POINT[0]);

function scratch(context: HostContext, maxBytes: number): Mount {
  const backend = createMemoryBackend({ maxBytes, now: context.now });
  return {
    point: SCRATCH_POINT,
    ...backend.open('/'),
    file: undefined,
    scratch: true,
    level: { readOnlyFiles: false, noHostFiles: false },
    device: '2',
    entries: [
      newEntry({
        where: 'scratch',
        host: '/',
        spelledHost: '/',
        guest: SCRATCH_POINT,
        access: new Set(['read', 'write', 'delete']),
        namesDelete: true,
        extensions: undefined,
        deny: compileDenyGlobs([], 'scratch'),
        largestWritten: maxBytes,
        largestRead: Number.POSITIVE_INFINITY,
        maxOpenFiles: 64,
        maxCalls: Number.POSITIVE_INFINITY,
        maxBytes: Number.POSITIVE_INFINITY,
        maxReadBytes: Number.POSITIVE_INFINITY,
        maxWriteBytes: Number.POSITIVE_INFINITY,
      }),
    ],
  };
}
