import type { BufferCount } from './buffers.ts';
import type { RealmPort } from './contract.ts';
import type { RealmTimers } from './surroundings.ts';

/** The calls of a guest, on this side of the host. */
export interface GuestCalls {
  /** What Python has of the host. */
  readonly object: object;
  /** Answers a call that did not wait. */
  settle(id: number, answer: string): void;
  /** Whether none waits for its answer. */
  idle(): boolean;
  /** Forgets those that wait. */
  clear(): void;
}

/**
 * Runs inside the guest's realm; see `bootRealm`. What Python calls: answers are JSON text; their bytes are taken right after, by the
 * call's number.
 */
export function serveGuest(
  port: RealmPort,
  buffers: BufferCount,
  timers: RealmTimers,
  /** Takes the report of the program that runs. */
  report: (text: string) => void,
  /** The host's refusal that the last operation on a file ended with. */
  refusal: () => string,
): GuestCalls {
  const { apply } = Reflect;
  const Bytes = Uint8Array;
  const TypeFailure = TypeError;
  const PromiseOf = Promise;
  const mapGet = Map.prototype.get;
  const mapSet = Map.prototype.set;
  const mapDelete = Map.prototype.delete;
  const mapClear = Map.prototype.clear;
  const sizeOf = Object.getOwnPropertyDescriptor(Map.prototype, 'size')?.get as () => number; // every Map has it
  const pending = new Map<number, (answer: string) => void>();

  /** A guest may pass any object. One that is turned into a text can become hundreds of megabytes of it, for next to nothing that is counted. */
  const textOf = (value: unknown): string => {
    if (typeof value !== 'string') throw new TypeFailure('expected a text');
    return value;
  };
  const numberOf = (value: unknown): number => {
    if (typeof value !== 'number') throw new TypeFailure('expected a number');
    return value;
  };
  const bodyOf = (body: unknown): ArrayBuffer | undefined =>
    body === undefined ? undefined : buffers.copyOf(body);

  const object = {
    __proto__: null,
    call: (operation: unknown, args: unknown, body?: unknown): string =>
      port.callSync(textOf(operation), textOf(args), bodyOf(body)),
    call_later: (operation: unknown, args: unknown, body?: unknown): Promise<string> =>
      new PromiseOf((resolve) => {
        const [name, text, moved] = [textOf(operation), textOf(args), bodyOf(body)];
        const id = timers.nextId();
        apply(mapSet, pending, [id, resolve]);
        port.call(id, name, text, moved);
      }),
    take: (id: unknown, size: unknown): Uint8Array => {
      const length = numberOf(size);
      buffers.charge(length);
      const bytes = new Bytes(length);
      port.take(numberOf(id), bytes.buffer, 0);
      return bytes;
    },
    report: (text: unknown): void => report(textOf(text)),
    refusal,
    sleep: (ms: unknown): void => port.sleep(numberOf(ms)),
    move_to: (zone: unknown): void => port.moveTo(textOf(zone)),
    zone: (name: unknown): string => port.zoneTable(textOf(name)),
    now: (): number => port.now(),
    monotonic: (): number => port.monotonic(),
  };

  return {
    object,
    settle: (id, answer) => {
      const waiting = apply(mapGet, pending, [id]) as ((answer: string) => void) | undefined;
      apply(mapDelete, pending, [id]);
      waiting?.(`${id}:${answer}`);
    },
    idle: () => apply(sizeOf, pending, []) === 0,
    clear: () => {
      apply(mapClear, pending, []);
    },
  };
}
