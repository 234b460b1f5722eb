import type {
  HostFunction,
  HostReply,
  HostRequest,
  HostService,
  OperationInfo,
} from '../../runtime/contracts/host-function.ts';
import type { KvOperations, KvOptions } from '../../runtime/contracts/operations/kv.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { Resource } from '../../runtime/vocabulary/events.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';
import { keyIn, pageIn, readArgs, ttlIn, valueIn } from './kv-args.ts';
import {
  type KvPart,
  type KvPolicy,
  narrowKvGrants,
  openKvPolicy,
  parseKvGrants,
  shownKvGrants,
} from './kv-policy.ts';
import { KvStores, readKvOptions } from './kv-stores.ts';

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
    open: (part = []) => new KvService(openKvPolicy(part), stores),
    close: () => stores.clear(),
  };
}

/** One run's use of the stores of its grant. */
class KvService implements HostService {
  readonly #policy: KvPolicy;
  readonly #stores: KvStores;

  constructor(policy: KvPolicy, stores: KvStores) {
    this.#policy = policy;
    this.#stores = stores;
  }

  call(operation: string, { args }: HostRequest): HostReply {
    return { value: this.#answer(operation, args) };
  }

  close(): void {
    // It holds nothing of its own.
  }

  #answer(operation: string, args: JsonObject): JsonValue {
    switch (operation) {
      case 'kv.get':
        return this.#get(args);
      case 'kv.set':
        return this.#set(args);
      case 'kv.delete':
        return this.#delete(args);
      case 'kv.list':
        return this.#list(args);
      default:
        throw new TypeError(`${operation} is not an operation of kv`); // the gate lets none through
    }
  }

  #get(args: JsonObject): JsonValue {
    const store = readArgs(args, ['store', 'key'], 'get');
    const key = keyIn(args, 'get');
    this.#policy.admit(store, 'read');
    const text = this.#stores.get(store, key);
    return text === undefined ? null : (JSON.parse(text) as JsonValue); // written by #set
  }

  #set(args: JsonObject): JsonValue {
    const store = readArgs(args, ['store', 'key', 'value', 'ttlMs'], 'set');
    const key = keyIn(args, 'set');
    const text = JSON.stringify(valueIn(args, 'set'));
    const ttlMs = ttlIn(args, 'set');
    const policy = this.#policy.admit(store, 'write');
    const bytes = utf8Length(text);
    if (bytes > policy.maxValueBytes)
      throw failed(store, 'too-large', `the value has ${bytes} bytes of at most ${policy.maxValueBytes}`, {
        maxValueBytes: policy.maxValueBytes,
      });
    const written = this.#stores.set(store, key, text, Math.min(ttlMs, policy.ttlMs), policy);
    if ('removed' in written) return { removed: written.removed };
    const { maxEntries, maxBytes } = policy;
    if (written.full === 'store')
      throw failed(store, 'full', `it may hold ${maxEntries} entries and ${maxBytes} bytes`, {
        maxEntries,
        maxBytes,
      });
    const what = written.full === 'stores' ? 'there are as many stores' : 'all stores hold as many bytes';
    throw failed(store, 'full', `${what} as the runtime allows`, {});
  }

  #delete(args: JsonObject): JsonValue {
    const store = readArgs(args, ['store', 'key'], 'delete');
    const key = keyIn(args, 'delete');
    this.#policy.admit(store, 'write');
    return this.#stores.delete(store, key);
  }

  #list(args: JsonObject): JsonValue {
    const store = readArgs(args, ['store', 'prefix', 'after', 'limit'], 'list');
    const { prefix, after, limit } = pageIn(args);
    this.#policy.admit(store, 'read');
    const keys = this.#stores
      .keys(store)
      .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort();
    return { keys: keys.slice(0, limit), truncated: keys.length > limit };
  }
}

const failed = (
  store: string,
  reason: 'full' | 'too-large',
  why: string,
  limit: Readonly<Record<string, number>>,
): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot write to store "${store}": ${why}`, {
    details: { reason, limit },
    hint:
      reason === 'full'
        ? 'Delete entries, let them expire by ttlMs, or raise the limit'
        : 'Write less, or in parts, or raise maxValueBytes of the grant',
  });
