import { callsSpent, denyAccess, denyByLevel, denyBytes, denyName, type FsAsk } from './fs-denial.ts';
import { FsFault } from './fs-fault.ts';
import { coversName, endingOf } from './fs-grant.ts';
import type { EntryState, Mount } from './mount-tree.ts';

/**
 * The entry of a mount that allows `ask`. `fileName`: the name the guest uses for a file; absent for folders.
 * @throws {SandglassError} CAPABILITY_DENIED
 */
export function findEntry(mount: Mount, ask: FsAsk, fileName: string | undefined): EntryState {
  checkMount(mount, ask);
  const withAccess = mount.entries.filter(({ policy }) => policy.access.has(ask.access));
  const found = withAccess.find(({ policy }) => fileName === undefined || coversName(policy, fileName));
  if (found !== undefined) return found;
  const endings = withAccess.flatMap(({ policy }) => policy.extensions ?? []);
  throw denyName(
    ask,
    mount.point,
    withAccess.map(({ policy }) => policy),
    endingOf(fileName ?? ''),
    [...new Set(endings)],
  );
}

/** @throws {SandglassError} HOST_CALLS_EXCEEDED */
export function spendCall(entry: EntryState, ask: FsAsk): void {
  if (entry.calls >= entry.policy.maxCalls) throw callsSpent(ask, entry.policy.maxCalls);
  entry.calls += 1;
}

/** Before the bytes are read or written. @throws {SandglassError} CAPABILITY_DENIED */
export function spendBytes(entry: EntryState, ask: FsAsk, bytes: number): void {
  const { policy, readBytes, writtenBytes } = entry;
  if (readBytes + writtenBytes + bytes > policy.maxBytes) throw denyBytes(ask, 'maxBytes', policy.maxBytes);
  if (ask.access === 'read') {
    if (readBytes + bytes > policy.maxReadBytes) throw denyBytes(ask, 'maxReadBytes', policy.maxReadBytes);
    entry.readBytes += bytes;
  } else {
    if (writtenBytes + bytes > policy.maxWriteBytes)
      throw denyBytes(ask, 'maxWriteBytes', policy.maxWriteBytes);
    entry.writtenBytes += bytes;
  }
}

/** @throws {FsFault} `too-large` */
export function checkWritten(entry: EntryState, size: number): void {
  if (size > entry.policy.largestWritten) throw new FsFault('too-large');
}

/** @throws {FsFault} `too-large` */
export function checkRead(entry: EntryState, size: number): void {
  if (size > entry.policy.largestRead) throw new FsFault('too-large');
}

/** Refuses by the mount alone, before anything in it is looked at. @throws {SandglassError} CAPABILITY_DENIED */
export function checkMount({ level, entries, point }: Mount, ask: FsAsk): void {
  if (level.noHostFiles) throw denyByLevel(ask, 'the isolation level gives no host files');
  if (level.readOnlyFiles && ask.access !== 'read') {
    throw denyByLevel(ask, 'the isolation level keeps granted files read-only');
  }
  if (!entries.some(({ policy }) => policy.access.has(ask.access)))
    throw denyAccess(
      ask,
      point,
      entries.map(({ policy }) => policy),
    );
}
