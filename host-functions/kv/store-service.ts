import type { HostReply, HostRequest, HostService } from '../../runtime/contracts/host-function.ts';
import { SandglassError } from '../../runtime/vocabulary/errors.ts';
import type { JsonObject, JsonValue } from '../../runtime/vocabulary/json.ts';
import { utf8Length } from '../../runtime/vocabulary/utf8-length.ts';
import { keyIn, pageIn, refuseOthers, ttlIn, valueIn } from './kv-args.ts';
import type { KvBounds, KvStores } from './kv-stores.ts';

/** What a store may hold. */
export interface StoreCaps extends KvBounds {
  readonly maxValueBytes: number;
  readonly ttlMs: number;
}

/** The store that one call is about, once the grant was seen to allow the call. */
export interface AdmittedStore {
  /** Its key among all stores. */
  readonly id: string;
  /** As messages call it: `store "notes"`. */
  readonly shown: string;
  readonly caps: StoreCaps;
}

/** Which store a call is about, and whether it may. The name is read before the others are looked at, the grant asked after. */
export interface StoreAdmission {
  /** Arguments that say which store. */
  readonly fields: readonly string[];
  /** @throws {SandglassError} INPUT_INVALID for a name that is none. The answer throws CAPABILITY_DENIED, HOST_CALLS_EXCEEDED, UNSUPPORTED. */
  read(args: JsonObject, call: string): (access: 'read' | 'write') => AdmittedStore;
}

/** One run's use of stores: `get`, `set`, `delete` and `list`. */
export class StoreService implements HostService {
  readonly #admission: StoreAdmission;
  readonly #stores: KvStores;

  constructor(admission: StoreAdmission, stores: KvStores) {
    this.#admission = admission;
    this.#stores = stores;
  }

  call(operation: string, { args }: HostRequest): HostReply {
    return { value: this.#answer(operation, args) };
  }

  close(): void {
    // It holds nothing of its own.
  }

  #answer(call: string, args: JsonObject): JsonValue {
    switch (call.slice(call.indexOf('.') + 1)) {
      case 'get':
        return this.#get(args, call);
      case 'set':
        return this.#set(args, call);
      case 'delete':
        return this.#delete(args, call);
      case 'list':
        return this.#list(args, call);
      default:
        throw new TypeError(`${call} is not an operation of stores`); // the gate lets none through
    }
  }

  #read(args: JsonObject, others: readonly string[], call: string): ReturnType<StoreAdmission['read']> {
    refuseOthers(args, [...this.#admission.fields, ...others], call);
    return this.#admission.read(args, call);
  }

  #get(args: JsonObject, call: string): JsonValue {
    const admit = this.#read(args, ['key'], call);
    const key = keyIn(args, call);
    const text = this.#stores.get(admit('read').id, key);
    return text === undefined ? null : (JSON.parse(text) as JsonValue); // written by #set
  }

  #set(args: JsonObject, call: string): JsonValue {
    const admit = this.#read(args, ['key', 'value', 'ttlMs'], call);
    const key = keyIn(args, call);
    const text = JSON.stringify(valueIn(args, call));
    const ttlMs = ttlIn(args, call);
    const { id, shown, caps } = admit('write');
    const bytes = utf8Length(text);
    if (bytes > caps.maxValueBytes)
      throw failed(shown, 'too-large', `the value has ${bytes} bytes of at most ${caps.maxValueBytes}`, {
        maxValueBytes: caps.maxValueBytes,
      });
    const written = this.#stores.set(id, key, text, Math.min(ttlMs, caps.ttlMs), caps);
    if ('removed' in written) return { removed: written.removed };
    const { maxEntries, maxBytes } = caps;
    if (written.full === 'store')
      throw failed(shown, 'full', `it may hold ${maxEntries} entries and ${maxBytes} bytes`, {
        maxEntries,
        maxBytes,
      });
    const what = written.full === 'stores' ? 'there are as many stores' : 'all stores hold as many bytes';
    throw failed(shown, 'full', `${what} as the runtime allows`, {});
  }

  #delete(args: JsonObject, call: string): JsonValue {
    const admit = this.#read(args, ['key'], call);
    const key = keyIn(args, call);
    return this.#stores.delete(admit('write').id, key);
  }

  #list(args: JsonObject, call: string): JsonValue {
    const admit = this.#read(args, ['prefix', 'after', 'limit'], call);
    const { prefix, after, limit } = pageIn(args, call);
    const keys = this.#stores
      .keys(admit('read').id)
      .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
      .sort();
    return { keys: keys.slice(0, limit), truncated: keys.length > limit };
  }
}

const failed = (
  shown: string,
  reason: 'full' | 'too-large',
  why: string,
  limit: Readonly<Record<string, number>>,
): SandglassError =>
  new SandglassError('HOST_CALL_FAILED', `Cannot write to ${shown}: ${why}`, {
    details: { reason, limit },
    hint:
      reason === 'full'
        ? 'Delete entries, let them expire by ttlMs, or raise the limit'
        : 'Write less, or in parts, or raise maxValueBytes of the grant',
  });
