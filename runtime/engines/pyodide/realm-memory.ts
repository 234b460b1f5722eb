import { exportsOf } from '../../wasm/intrinsics.ts';
import { createMeter } from '../../wasm/meter.ts';
import { RESERVED_PREFIX } from '../../wasm/reserved.ts';
import { type PyodideAssets, restoreSnapshot } from './assets.ts';
import { openHeap } from './hashes/heap.ts';
import { SECRET_BYTES } from './hashes/layout.ts';
import { decodePlan, type HashPlan } from './hashes/plan.ts';
import { renewHashes } from './hashes/renew.ts';
import { heapEnd, memoryBytesOf } from './instance-memory.ts';
import type { Realm } from './open-realm.ts';
import { isPreparedModule } from './packages.ts';
import type { Present } from './present.ts';
import type { RealmPort } from './realm/contract.ts';
import { bytesOf, fillRandom } from './realm-bytes.ts';
import { hasNoCode } from './side-modules.ts';

/** What the hashes of packages' objects may burn each time that their snapshot is restored, units. */
const RENEW_FUEL = 1_000_000_000;

export interface RealmMemory {
  readonly port: Pick<RealmPort, 'attach' | 'restore' | 'refusedGrowth' | 'reserve' | 'approve'>;
  growthRefused: boolean;
  /** Buffers outside wasm were refused: the guest tried to hold more of them than its memory limit. */
  readonly outsideRefused: boolean;
  /**
   * What buffers outside wasm may hold, bytes, beyond what the realm held before its first run.
   * @returns Whether this run is that one.
   */
  limitOutside(bytes: number): boolean;
  /** The next run is its first. */
  forget(): void;
}

/** What the realm has of wasm: its instances, their memory and its snapshot; and the buffers that it holds outside. */
export function createRealmMemory(
  at: Present,
  realm: Realm,
  snapshot: PyodideAssets['snapshot'],
  foreign: boolean,
): RealmMemory {
  let growthRefused = false;
  let outsideBefore: number | undefined;
  let outsideBytes = 0;
  let outsideRefused = false;
  return {
    get growthRefused() {
      return growthRefused;
    },
    set growthRefused(refused) {
      growthRefused = refused;
    },
    get outsideRefused() {
      return outsideRefused;
    },
    limitOutside: (bytes) => {
      const isFirst = outsideBefore === undefined;
      if (isFirst) outsideBefore = realm.externalBytes();
      outsideBytes = bytes;
      return isFirst;
    },
    forget: () => {
      outsideBefore = undefined;
    },
    port: {
      attach: (instance) => {
        at.instances.push(instance);
        (at.link?.meter ?? at.between)?.adopt(instance);
        return RESERVED_PREFIX;
      },
      restore: () => {
        const [instance] = at.instances;
        if (snapshot === undefined || instance === undefined) return;
        restoreSnapshot(snapshot, memoryBytesOf(instance), heapEnd(instance));
        if (snapshot.hashes.length === 0) return;
        if (foreign) createMeter({ fuel: RENEW_FUEL }).adopt(instance);
        renewSecret(instance, decodePlan(snapshot.hashes));
        if (foreign) createMeter({ fuel: Number.MAX_SAFE_INTEGER }).adopt(instance); // the start is ours again
      },
      refusedGrowth: () => {
        growthRefused = true;
      },
      reserve: (bytes) => {
        if (outsideBefore === undefined) return true;
        // What the interpreter held before the first run is not the guest's. What earlier guests of the thread have left may be freed meanwhile.
        const isOver = (): boolean => {
          const held = realm.externalBytes();
          outsideBefore = Math.min(outsideBefore ?? held, held);
          return held - outsideBefore + Number(bytes) > outsideBytes;
        };
        if (isOver()) {
          realm.collect();
          outsideRefused ||= isOver();
        }
        return !outsideRefused;
      },
      approve: (buffer) => {
        if (at.link === undefined) return at.between === undefined;
        const bytes = bytesOf(buffer);
        return hasNoCode(bytes) || isPreparedModule(bytes, at.link.packages);
      },
    },
  };
}

/** A snapshot holds the secret of the interpreter that it was made of. */
function renewSecret(instance: WebAssembly.Instance, plan: HashPlan): void {
  const secret = new Uint8Array(SECRET_BYTES);
  fillRandom(secret);
  renewHashes(openHeap(exportsOf(instance)), plan, secret);
}
