import { type BigIntStats, statfsSync } from 'node:fs';
import type { NodeStat } from './backend.ts';
import { FsFault } from './fs-fault.ts';

const NS_PER_MS = 1_000_000;

/** `undefined` for devices, pipes and sockets. */
export function toNodeStat(stat: BigIntStats): NodeStat | undefined {
  const type = typeOf(stat);
  if (type === undefined) return undefined;
  return {
    type,
    // A folder's own size tells about the host's file system, not about the folder.
    size: type === 'directory' ? 0 : Number(stat.size),
    accessedMs: Number(stat.atimeNs) / NS_PER_MS,
    modifiedMs: Number(stat.mtimeNs) / NS_PER_MS,
    changedMs: Number(stat.ctimeNs) / NS_PER_MS,
    links: Number(stat.nlink),
    identity: identityOf(stat),
  };
}

export const identityOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

export const typeOf = (stat: BigIntStats): NodeStat['type'] | undefined =>
  stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'symlink' : undefined;

/**
 * File systems of Linux whose files are not data but doors into the kernel: proc, sysfs, cgroup 1 and 2, debugfs, tracefs, securityfs, bpf,
 * devpts.
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<bigint> = new Set([
  0x9fa0n,
  0x62656572n,
  0x27e0ebn,
  0x63677270n,
  0x64626720n,
  0x74726163n,
  0x73636673n,
  0xcafe4a11n,
  0x1cd1n,
]);

/** @throws {FsFault} `not-found` when the folder `path` is on one of them. */
export function refuseKernelFiles(path: string): void {
  if (process.platform !== 'linux') return;
  const type = BigInt.asUintN(32, statfsSync(path, { bigint: true }).type);
  if (KERNEL_FILE_SYSTEMS.has(type)) throw new FsFault('not-found');
}
