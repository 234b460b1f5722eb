import { PassError } from './pass-error.ts';

interface Held {
  readonly resource: string;
  readonly object: object;
}

/** The resources of the host that one guest holds, by number: `ResourceTable` of the Canonical ABI. */
export interface Handles {
  add(resource: string, object: object): number;
  /** @throws {PassError} for a number that is no handle of the resource. */
  get(resource: string, handle: number): object;
  /** As `get`; the guest has it no more. */
  remove(resource: string, handle: number): object;
}

/** @param hold Called before there are so many; throws for too many. */
export function createHandles(hold: (count: number) => void): Handles {
  const held: (Held | undefined)[] = [undefined]; // no handle is 0
  const free: number[] = [];
  const get = (resource: string, handle: number): object => {
    const found = held[handle >>> 0];
    if (found?.resource !== resource) throw new PassError(`a number is not a handle of ${resource}`);
    return found.object;
  };
  return {
    add: (resource, object) => {
      hold(held.length - free.length); // the first place is never held: so one more than there are
      const place = free.pop() ?? held.length;
      held[place] = { resource, object };
      return place;
    },
    get,
    remove: (resource, handle) => {
      const object = get(resource, handle);
      held[handle >>> 0] = undefined;
      free.push(handle >>> 0);
      return object;
    },
  };
}
