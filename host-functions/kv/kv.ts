import type { HostFunction, OperationInfo } from '../../runtime/contracts/host-function.ts';
import type { KvOperations, KvOptions } from '../../runtime/contracts/operations/kv.ts';
import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { JsonObject } from '../../runtime/vocabulary/json.ts';
import { storeIn } from './kv-args.ts';
import {
  type KvPart,
  type KvPolicy,
  narrowKvGrants,
  openKvPolicy,
  parseKvGrants,
  shownKvGrants,
} from './kv-policy.ts';
import { KvStores, readKvOptions } from './kv-stores.ts';
import { type StoreAdmission, StoreService } from './store-service.ts';

const MOST_SHOWN = 600;

function resourceOf({ store, key }: JsonObject): Resource {
  return {
    ...(typeof store === 'string' ? { name: store.slice(0, MOST_SHOWN) } : {}),
    ...(typeof key === 'string' ? { path: key.slice(0, MOST_SHOWN) } : {}),
  };
}

const read: OperationInfo = Object.freeze({ capability: 'kv.read', kind: 'act', resource: resourceOf });
const write: OperationInfo = Object.freeze({ capability: 'kv.write', kind: 'act', resource: resourceOf });

const OPERATIONS: Readonly<Record<keyof KvOperations, OperationInfo>> = Object.freeze({
  'kv.get': read,
  'kv.set': write,
  'kv.delete': write,
  'kv.list': read,
});

/**
 * The host function `kv`: JSON values by key, in stores that live in memory as long as the runtime. Each is answered at once. Errors:
 * CAPABILITY_DENIED for what no entry covers; INPUT_INVALID; HOST_CALL_FAILED with `details.reason` `too-large` or `full`; HOST_CALLS_EXCEEDED
 * over an entry's `maxCalls`.
 * @throws {TypeError | RangeError} on an unknown option or a value out of range.
 */
export function createKvHostFunction(
  options: KvOptions = {},
  now: () => number = Date.now,
): HostFunction<KvPart> {
  const stores = new KvStores(readKvOptions(options), now);
  return {
    name: 'kv',
    network: false,
    operations: OPERATIONS,
    parse: parseKvGrants,
    narrow: narrowKvGrants,
    show: shownKvGrants,
    open: (part = []) => new StoreService(byName(openKvPolicy(part)), stores),
    close: () => stores.clear(),
  };
}

/** The stores of a grant, by their names. */
const byName = (policy: KvPolicy): StoreAdmission => ({
  fields: ['store'],
  read(args, call) {
    const name = storeIn(args, call);
    return (access) => ({ id: name, shown: `store "${name}"`, caps: policy.admit(name, access) });
  },
});
