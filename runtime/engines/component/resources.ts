import type { GuestValue } from '../../vocabulary/guest-value.ts';

/** Handles that one kept component may have given out at once. */
const MOST_HANDLES = 10_000;

/** A resource of a kept component, as its caller holds it: `{ "$resource": "counter", "handle": 1 }`. */
export interface KeptResources {
  /** A handle for what the guest gave away. @throws {RangeError} for too many. */
  give(object: unknown, name: string): GuestValue;
  /** What a handle stands for, `undefined` for what is none. One that is taken as the guest's own is gone once the call is made. */
  take(value: GuestValue, name: string, own: boolean): object | undefined;
  /** The arguments of the next call are read from now on. */
  begin(): void;
  /** They were read, and the call is made: what it was given for its own is the caller's no more. */
  commit(): void;
}

interface Held {
  readonly object: object;
  readonly name: string;
}

export function createKeptResources(): KeptResources {
  const held = new Map<number, Held>();
  const taking = new Set<number>();
  let last = 0;
  return {
    give: (object, name) => {
      if (held.size >= MOST_HANDLES)
        throw new RangeError(`Cannot give a handle: ${MOST_HANDLES} are held at most`);
      last += 1;
      held.set(last, { object: object as object, name }); // the glue's object of a resource
      return { $resource: name, handle: last };
    },
    take: (value, name, own) => {
      const handle = handleOf(value);
      const found = handle === undefined ? undefined : held.get(handle);
      if (handle === undefined || found?.name !== name || taking.has(handle)) return undefined;
      if (own) taking.add(handle);
      return found.object;
    },
    begin: () => taking.clear(),
    commit: () => {
      for (const handle of taking) held.delete(handle);
      taking.clear();
    },
  };
}

function handleOf(value: GuestValue): number | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, '$resource')) return undefined;
  const handle: unknown = Object.getOwnPropertyDescriptor(value, 'handle')?.value;
  return typeof handle === 'number' ? handle : undefined;
}
