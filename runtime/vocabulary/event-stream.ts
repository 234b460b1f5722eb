import { EVENT_KINDS, type EventKind, type EventOf, type RuntimeEvent } from './events.ts';
import { unknownName } from './nearest.ts';

/** Takes a listener back; also at the end of a `using` block. Idempotent. */
export interface Unsubscribe extends Disposable {
  (): void;
}

export type EventListener<K extends EventKind> = (event: EventOf<K>) => void;

/** One stream of events: whoever makes them knows none of its listeners. */
export interface EventStream {
  /** Whether anybody listens. Ask before an event is made: one that nobody wants costs nothing. */
  wants(kind: EventKind): boolean;
  /** Tells all listeners of its kind, in the order in which they came. Never throws. */
  emit(event: RuntimeEvent): void;
  /** @throws {TypeError} for an unknown kind, or what is not a function. */
  on<K extends EventKind>(kind: K, listener: EventListener<K>): Unsubscribe;
}

/** A listener, and whether it has been found to throw. */
interface Subscriber {
  readonly listen: (event: RuntimeEvent) => unknown;
  faulty: boolean;
}

export function createEventStream(): EventStream {
  const subscribers = new Map<EventKind, Set<Subscriber>>();
  const waiting: RuntimeEvent[] = [];
  let telling = false;

  /** Told once of each listener, and to none about those that are told of faults: there is nobody left to tell. */
  const blame = (subscriber: Subscriber, { kind, time, identity }: RuntimeEvent, error: unknown): void => {
    if (subscriber.faulty || kind === 'fault') return;
    subscriber.faulty = true;
    if (wants('fault')) emit({ kind: 'fault', time, identity, error });
  };
  const tell = (event: RuntimeEvent): void => {
    const listeners = subscribers.get(event.kind);
    for (const subscriber of [...(listeners ?? [])]) {
      if (listeners?.has(subscriber) !== true) continue; // it was taken back by one before it
      try {
        const answer = subscriber.listen(event);
        // An async listener that fails would end the process as an unhandled rejection.
        if (answer instanceof Promise) answer.catch((error: unknown) => blame(subscriber, event, error));
      } catch (error) {
        blame(subscriber, event, error);
      }
    }
  };
  const wants = (kind: EventKind): boolean => (subscribers.get(kind)?.size ?? 0) > 0;
  const emit = (event: RuntimeEvent): void => {
    if (!wants(event.kind)) return;
    waiting.push(Object.freeze(event));
    if (telling) return; // a listener made it: the others are told of the earlier one first
    telling = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) tell(next);
    telling = false;
  };

  return {
    wants,
    emit,
    on(kind, listener) {
      if (!EVENT_KINDS.includes(kind)) {
        throw unknownName('listen: unknown kind of event', String(kind), EVENT_KINDS);
      }
      if (typeof listener !== 'function')
        throw new TypeError('Cannot listen: the listener is not a function');
      // The listeners of a kind are only ever told of that kind.
      const subscriber: Subscriber = { listen: listener as Subscriber['listen'], faulty: false };
      const listeners = subscribers.get(kind) ?? new Set();
      subscribers.set(kind, listeners.add(subscriber));
      const stop = (): void => void listeners.delete(subscriber);
      return Object.assign(stop, { [Symbol.dispose]: stop });
    },
  };
}
