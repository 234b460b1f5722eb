import type { FsEntry, FsStat } from '../../../contracts/operations/fs.ts';
import { type Datetime, toDatetime } from './clocks.ts';

export type DescriptorType = 'directory' | 'symbolic-link' | 'regular-file';

export interface DescriptorStat {
  readonly type: DescriptorType;
  readonly linkCount: bigint;
  readonly size: bigint;
  readonly dataAccessTimestamp: Datetime;
  readonly dataModificationTimestamp: Datetime;
  readonly statusChangeTimestamp: Datetime;
}

export const descriptorType = (type: FsEntry['type']): DescriptorType =>
  type === 'directory' ? 'directory' : type === 'symlink' ? 'symbolic-link' : 'regular-file';

export const descriptorStat = (stat: FsStat): DescriptorStat => ({
  type: descriptorType(stat.type),
  linkCount: BigInt(stat.links),
  size: BigInt(stat.size),
  dataAccessTimestamp: toDatetime(stat.accessedMs),
  dataModificationTimestamp: toDatetime(stat.modifiedMs),
  statusChangeTimestamp: toDatetime(stat.changedMs),
});

/** Two 64-bit FNV-1a hashes over what identifies a file and its state; from our own numbers, not the host's. */
export function metadataHash(stat: FsStat): { readonly lower: bigint; readonly upper: bigint } {
  const text = `${stat.device}/${stat.inode}/${stat.size}/${stat.modifiedMs}`;
  return { lower: fnv1a(text, 0xcbf2_9ce4_8422_2325n), upper: fnv1a(text, 0x8422_2325_cbf2_9ce4n) };
}

function fnv1a(text: string, start: bigint): bigint {
  let hash = start;
  for (const char of text) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(char.codePointAt(0) ?? 0)) * 0x100_0000_01b3n);
  }
  return hash;
}
